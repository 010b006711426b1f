"""Payments as clients see and send them."""

import hashlib
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import orjson
from pydantic import BaseModel, Field, StringConstraints

from commerce.catalog.schemas import SAFE, Answer

PaymentStatus = Literal["pending", "succeeded", "closed", "refunded"]
ProviderName = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,20}$")]


class PaymentIn(BaseModel):
    provider: ProviderName = "alipay"


class PaymentOut(Answer):
    id: UUID
    provider: str
    status: PaymentStatus
    amount_cents: int
    currency: str
    pay_url: str


class RefundLineIn(BaseModel):
    """Of the order's line with this SKU. `amount_cents` None: these units' share of what was paid."""

    sku_id: UUID
    quantity: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    amount_cents: Annotated[int | None, Field(ge=1, le=10**12)] = None


class RefundIn(BaseModel):
    """`lines` None: everything that was paid and not yet refunded, shipping included."""

    lines: Annotated[list[RefundLineIn] | None, Field(min_length=1, max_length=100)] = None
    reason: Annotated[str, StringConstraints(max_length=200, pattern=SAFE)] = ""
    restock: bool = False

    def digest(self) -> bytes:
        """The same for the same request, however it was formatted."""
        return hashlib.sha256(orjson.dumps(self.model_dump(), option=orjson.OPT_SORT_KEYS)).digest()


class RefundOut(Answer):
    id: UUID
    order_id: UUID
    kind: Literal["order", "late_payment", "double_payment"]
    status: Literal["pending", "succeeded", "failed"]
    amount_cents: int
    reason: str
    requested_by: str
    last_error: str
    created_at: datetime
    settled_at: datetime | None


class Refunds(Answer):
    items: list[RefundOut]


class NotificationOut(Answer):
    """`verdict`: accepted, repeated, ignored, or why it was refused."""

    id: UUID
    provider: str
    payment_id: UUID | None
    out_trade_no: str | None
    verdict: str
    detail: str
    received_at: datetime


class Notifications(Answer):
    items: list[NotificationOut]
