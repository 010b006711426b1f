"""The ledger and the daily comparison as the shop's people see them."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from commerce.catalog.schemas import Answer
from commerce.payments.schemas import ProviderName
from commerce.reconciliation.matching import DifferenceKind

Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2999, 12, 31))]
"""In China."""


class ReconcileIn(BaseModel):
    provider: ProviderName
    day: Day


class DifferenceOut(Answer):
    kind: DifferenceKind
    reference: str
    order_id: UUID | None
    order_number: str | None
    ours_cents: int | None
    theirs_cents: int | None


class ReconciliationOut(Answer):
    """`fee_cents`: kept of payments, less what came back with refunds. `detail`: why there is no statement."""

    id: UUID
    provider: str
    day: date
    status: Literal["agrees", "differs", "unavailable"]
    detail: str
    lines: int
    paid_cents: int
    refunded_cents: int
    fee_cents: int
    run_at: datetime
    differences: list[DifferenceOut]


class Reconciliations(Answer):
    """`providers`: whose statements can be compared."""

    items: list[ReconciliationOut]
    providers: list[str]


class BalanceOut(Answer):
    """`balance_cents`: debits less credits."""

    account: str
    currency: str
    debit_cents: int
    credit_cents: int
    balance_cents: int


class Balances(Answer):
    items: list[BalanceOut]


class EntryLineOut(Answer):
    account: str
    currency: str
    debit_cents: int
    credit_cents: int


class EntryOut(Answer):
    id: UUID
    kind: str
    order_id: UUID | None
    order_number: str | None
    memo: str
    at: datetime
    lines: list[EntryLineOut]


class Entries(Answer):
    items: list[EntryOut]
