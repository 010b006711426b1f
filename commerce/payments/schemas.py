"""Payments as clients see and send them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, StringConstraints

from commerce.catalog.schemas import Answer

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
