"""/api/merchant/ledger and /api/merchant/reconciliations"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.core.http import DatabaseDep
from commerce import csv_lines
from commerce.deps import CommerceDep, Merchant
from commerce.ledger import repository as ledger
from commerce.reconciliation import repository
from commerce.reconciliation.schemas import (
    Balances,
    Day,
    Entries,
    ReconcileIn,
    ReconciliationOut,
    Reconciliations,
)
from commerce.reconciliation.statements import day_bounds

router = APIRouter(prefix="/api/merchant", tags=["merchant"])

PAGE = 60
COLUMNS = ("at", "kind", "reference", "out_trade_no", "amount_cents", "fee_cents", "currency")


@router.get("/ledger/balances")
async def balances(
    db: DatabaseDep, merchant: Merchant, first_day: Day | None = None, last_day: Day | None = None
) -> Balances:
    """What each account moved in these days, or ever: fees, coupons, commission, who is owed what."""
    since = day_bounds(first_day)[0] if first_day else None
    until = day_bounds(last_day)[1] if last_day else None
    async with db.transaction() as tx:
        return Balances.model_validate({"items": await ledger.balances(tx, since, until)})


@router.get("/ledger/entries")
async def entries(
    db: DatabaseDep,
    merchant: Merchant,
    order_id: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = PAGE,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> Entries:
    """Newest first, each with its lines."""
    async with db.transaction() as tx:
        return Entries.model_validate({"items": await ledger.entries(tx, order_id, limit, offset)})


@router.get("/reconciliations")
async def list_reconciliations(db: DatabaseDep, commerce: CommerceDep, merchant: Merchant) -> Reconciliations:
    """The newest day first, each with its differences."""
    async with db.transaction() as tx:
        rows = await repository.latest(tx, PAGE)
    return Reconciliations.model_validate({"items": rows, "providers": commerce.reconciler.providers})


@router.post("/reconciliations")
async def reconcile(wanted: ReconcileIn, commerce: CommerceDep, merchant: Merchant) -> ReconciliationOut:
    """Download the day's statement now and compare; a day that runs, as far as it has come."""
    return ReconciliationOut.model_validate(await commerce.reconciler.run(wanted.provider, wanted.day))


@router.get("/statements/{provider}/{day}", response_class=Response)
async def download_statement(
    provider: Annotated[str, Path(pattern=r"^[a-z]{2,20}$")],
    day: Day,
    db: DatabaseDep,
    merchant: Merchant,
) -> Response:
    """The day's statement as it was downloaded last, in one format for all services (CSV)."""
    async with db.transaction() as tx:
        rows = await repository.lines(tx, provider, day)
    content = csv_lines.write(COLUMNS, ({name: row[name] for name in COLUMNS} for row in rows))
    headers = {"content-disposition": f'attachment; filename="{provider}-{day.isoformat()}.csv"'}
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)
