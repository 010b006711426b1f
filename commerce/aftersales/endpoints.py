"""/api/after-sales: what buyers ask for after they have paid, and what the shop answers"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, UploadFile
from psycopg.rows import DictRow

from app.core.http import CurrentUser, DatabaseDep
from commerce.aftersales import repository
from commerce.aftersales.schemas import (
    AfterSaleDecisionIn,
    AfterSaleIn,
    AfterSaleOut,
    AfterSales,
    AfterSalesPage,
    EvidenceOut,
    ParcelIn,
    ReceivedIn,
)
from commerce.aftersales.states import AfterSaleStatus as Status
from commerce.catalog import pictures
from commerce.deps import CommerceDep, IdempotencyKey, Merchant

router = APIRouter(prefix="/api", tags=["after-sales"])
merchant_router = APIRouter(prefix="/api/merchant/after-sales", tags=["merchant"])

PAGE = 50


@router.post("/after-sales/pictures", status_code=201)
async def add_evidence(picture: UploadFile, commerce: CommerceDep, user: CurrentUser) -> EvidenceOut:
    """A picture for a request: JPEG, PNG or WebP up to 10 MB, stored resized and without metadata."""
    content = await picture.read(pictures.MAX_BYTES + 1)
    return EvidenceOut(url=await commerce.pictures.add(content))


@router.post("/orders/{order_id}/after-sales", status_code=201)
async def ask(
    order_id: UUID,
    wanted: AfterSaleIn,
    key: IdempotencyKey,
    db: DatabaseDep,
    commerce: CommerceDep,
    user: CurrentUser,
) -> AfterSaleOut:
    """One request at a time; the shop answers within two days, or has agreed."""
    async with db.transaction() as tx:
        order = await commerce.orders.of_buyer(tx, order_id, user.user_id)
        return _shown(await commerce.after_sales.request(tx, order, wanted, key=key))


@router.get("/orders/{order_id}/after-sales")
async def of_order(order_id: UUID, db: DatabaseDep, commerce: CommerceDep, user: CurrentUser) -> AfterSales:
    async with db.transaction() as tx:
        await commerce.orders.of_buyer(tx, order_id, user.user_id)
        return AfterSales(items=[_shown(row) for row in await repository.of_order(tx, order_id)])


@router.post("/after-sales/{request_id}/withdraw")
async def withdraw(
    request_id: UUID, db: DatabaseDep, commerce: CommerceDep, user: CurrentUser
) -> AfterSaleOut:
    async with db.transaction() as tx:
        _, request = await commerce.after_sales.of_buyer(tx, request_id, user.user_id)
        return _shown(await commerce.after_sales.withdraw(tx, request, actor=f"buyer:{user.user_id}"))


@router.post("/after-sales/{request_id}/return")
async def send_back(
    request_id: UUID, parcel: ParcelIn, db: DatabaseDep, commerce: CommerceDep, user: CurrentUser
) -> AfterSaleOut:
    """The goods are on their way back."""
    async with db.transaction() as tx:
        _, request = await commerce.after_sales.of_buyer(tx, request_id, user.user_id)
        row = await commerce.after_sales.send_back(
            tx, request, carrier=parcel.carrier, tracking=parcel.tracking, actor=f"buyer:{user.user_id}"
        )
        return _shown(row)


@merchant_router.get("")
async def to_handle(
    db: DatabaseDep,
    merchant: Merchant,
    status: Status | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = PAGE,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> AfterSalesPage:
    """What is open first, the nearest deadline before the others."""
    async with db.transaction() as tx:
        rows, total = await repository.page(tx, status=status, limit=limit, offset=offset)
    return AfterSalesPage(items=[_shown(row) for row in rows], total=total)


@merchant_router.post("/{request_id}/approve")
async def approve(
    request_id: UUID, body: AfterSaleDecisionIn, db: DatabaseDep, commerce: CommerceDep, merchant: Merchant
) -> AfterSaleOut:
    async with db.transaction() as tx:
        order, request = await commerce.after_sales.locked(tx, request_id)
        actor = f"merchant:{merchant.user_id}"
        return _shown(await commerce.after_sales.approve(tx, order, request, actor=actor, answer=body.answer))


@merchant_router.post("/{request_id}/reject")
async def reject(
    request_id: UUID, body: AfterSaleDecisionIn, db: DatabaseDep, commerce: CommerceDep, merchant: Merchant
) -> AfterSaleOut:
    """Only with a reason that the buyer reads."""
    async with db.transaction() as tx:
        _, request = await commerce.after_sales.locked(tx, request_id)
        actor = f"merchant:{merchant.user_id}"
        return _shown(await commerce.after_sales.reject(tx, request, actor=actor, answer=body.answer))


@merchant_router.post("/{request_id}/receive")
async def receive(
    request_id: UUID, body: ReceivedIn, db: DatabaseDep, commerce: CommerceDep, merchant: Merchant
) -> AfterSaleOut:
    """The goods are back: the money goes back, or others are to be sent."""
    async with db.transaction() as tx:
        order, request = await commerce.after_sales.locked(tx, request_id)
        actor = f"merchant:{merchant.user_id}"
        return _shown(
            await commerce.after_sales.receive(tx, order, request, restock=body.restock, actor=actor)
        )


@merchant_router.post("/{request_id}/replace")
async def replace(
    request_id: UUID, parcel: ParcelIn, db: DatabaseDep, commerce: CommerceDep, merchant: Merchant
) -> AfterSaleOut:
    """Others of the same are on their way."""
    async with db.transaction() as tx:
        order, request = await commerce.after_sales.locked(tx, request_id)
        row = await commerce.after_sales.replace(
            tx,
            order,
            request,
            carrier=parcel.carrier,
            tracking=parcel.tracking,
            actor=f"merchant:{merchant.user_id}",
        )
        return _shown(row)


def _shown(row: DictRow) -> AfterSaleOut:
    return AfterSaleOut.model_validate(row)
