"""Orders as clients see and send them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, model_validator

from commerce.addresses.schemas import AddressOut
from commerce.catalog.schemas import SAFE, Answer
from commerce.orders.states import Status

MAX_LINES = 100
MAX_QUANTITY = 999

Note = Annotated[str, StringConstraints(max_length=500, pattern=SAFE)]


class OrderLineIn(BaseModel):
    sku_id: UUID
    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY, strict=True)]


class InvoiceIn(BaseModel):
    """Who the invoice (发票抬头) is made out to; a company needs its taxpayer number."""

    kind: Literal["personal", "company"] = "personal"
    title: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=SAFE)
    ]
    tax_number: Annotated[str, StringConstraints(pattern=r"^([0-9A-Z]{15,20})?$")] = ""

    @model_validator(mode="after")
    def _company_has_a_number(self) -> "InvoiceIn":
        if (self.kind == "company") != bool(self.tax_number):
            raise ValueError("a company, and nobody else, has a taxpayer number")
        return self


class OrderIn(BaseModel):
    room_id: UUID | None = None
    lines: Annotated[list[OrderLineIn], Field(min_length=1, max_length=MAX_LINES)]
    address_id: UUID | None = None
    note: Note = ""
    invoice: InvoiceIn | None = None
    from_cart: bool = False
    """What is ordered leaves the buyer's cart."""
    coupon_code: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9-]{3,32}$")] | None = None
    expected_total_cents: Annotated[int | None, Field(ge=0, le=10**12)] = None
    """What the buyer saw; where the order would cost anything else, it is refused (price_changed)."""


class OrderLineOut(Answer):
    sku_id: UUID
    product_id: UUID
    product_name: str
    product_name_en: str
    sku_name: str
    image_url: str | None
    quantity: int
    unit_price_cents: int
    discount_cents: int
    total_cents: int
    shipped_quantity: int
    refunded_quantity: int
    refunded_cents: int


class InvoiceOut(Answer):
    kind: Literal["personal", "company"]
    title: str
    tax_number: str


class BuyerOut(Answer):
    display_name: str


class StepOut(Answer):
    """One line of why the order costs what it does."""

    rule: str
    cents: int
    sku_id: UUID | None
    code: str | None


class OrderOut(Answer):
    id: UUID
    number: str
    status: Status
    lines: list[OrderLineOut]
    items_cents: int
    discount_cents: int
    shipping_cents: int
    total_cents: int
    refunded_cents: int
    currency: str
    explanation: list[StepOut]
    address: AddressOut | None
    invoice: InvoiceOut | None
    note: str
    room_id: UUID | None
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    shipped_at: datetime | None
    completed_at: datetime | None
    carrier: str | None
    tracking: str | None
    buyer: BuyerOut


class Orders(Answer):
    items: list[OrderOut]


class MerchantOrders(Answer):
    items: list[OrderOut]
    total: int


class TransitionOut(Answer):
    from_status: Status | None
    to_status: Status
    event: str
    actor: str
    reason: str
    at: datetime


class Transitions(Answer):
    items: list[TransitionOut]


class CancelIn(BaseModel):
    reason: Note = ""


class RevealIn(BaseModel):
    reason: Note = ""


Carrier = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=SAFE)]
Tracking = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{4,40}$")]


class ShipIn(BaseModel):
    """`lines` None: everything that is left."""

    carrier: Carrier
    tracking: Tracking
    lines: Annotated[list[OrderLineIn] | None, Field(min_length=1, max_length=MAX_LINES)] = None


class RevealOut(Answer):
    actor: str
    reason: str
    at: datetime


class Reveals(Answer):
    items: list[RevealOut]
