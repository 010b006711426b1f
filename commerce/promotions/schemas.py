"""Prices and promotions as clients see and send them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints, model_validator

from commerce.catalog.schemas import Answer, Cents, Currency

CouponCode = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9-]{3,32}$")]
Count = Annotated[int, Field(ge=1, le=10_000_000)]


class QuoteLineOut(Answer):
    sku_id: UUID
    quantity: int
    unit_price_cents: int
    kind: Literal["flash", "room", "sale"]
    discount_cents: int
    total_cents: int


class StepOut(Answer):
    """`cents`: by how much this step changed the sum."""

    rule: str
    cents: int
    sku_id: UUID | None
    code: str | None


class QuoteOut(Answer):
    lines: list[QuoteLineOut]
    items_cents: int
    discount_cents: int
    shipping_cents: int
    total_cents: int
    currency: str
    steps: list[StepOut]


class OfferOut(Answer):
    """What a SKU costs in a room; `ends_at` and `left` of a flash sale."""

    sku_id: UUID
    product_id: UUID
    kind: Literal["flash", "room"]
    price_cents: int
    ends_at: datetime | None
    left: int | None
    per_buyer: int | None


class Offers(Answer):
    items: list[OfferOut]


class RoomPrice(BaseModel):
    sku_id: UUID
    price_cents: Cents


class RoomPrices(BaseModel):
    items: Annotated[list[RoomPrice], Field(max_length=1_000)]

    @model_validator(mode="after")
    def _skus_differ(self) -> "RoomPrices":
        if len({item.sku_id for item in self.items}) != len(self.items):
            raise ValueError("a SKU has two prices")
        return self


class _Period(BaseModel):
    starts_at: AwareDatetime
    ends_at: AwareDatetime

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> "_Period":
        if self.ends_at <= self.starts_at:
            raise ValueError("it ends before it begins")
        return self


class FlashSaleIn(_Period):
    sku_id: UUID
    room_id: UUID | None = None
    price_cents: Cents
    quantity: Count
    per_buyer: Count = 1


class FlashSaleOut(Answer):
    id: UUID
    sku_id: UUID
    room_id: UUID | None
    price_cents: int
    quantity: int
    per_buyer: int
    sold: int
    starts_at: datetime
    ends_at: datetime


class FlashSales(Answer):
    items: list[FlashSaleOut]


class CouponIn(_Period):
    """Fixed (`amount_cents`) or in basis points (`rate_bps`): exactly one of the two."""

    code: CouponCode
    amount_cents: Cents | None = None
    rate_bps: Annotated[int | None, Field(ge=1, le=10_000)] = None
    max_discount_cents: Cents | None = None
    threshold_cents: Annotated[int, Field(ge=0, le=100_000_000)] = 0
    currency: Currency = "CNY"
    room_id: UUID | None = None
    funded_by: Literal["platform", "merchant"] = "merchant"
    total_limit: Count | None = None
    per_buyer: Count = 1

    @model_validator(mode="after")
    def _fixed_or_rate(self) -> "CouponIn":
        if (self.amount_cents is None) == (self.rate_bps is None):
            raise ValueError("either amount_cents or rate_bps")
        return self


class CouponOut(Answer):
    id: UUID
    code: str
    amount_cents: int | None
    rate_bps: int | None
    max_discount_cents: int | None
    threshold_cents: int
    currency: str
    room_id: UUID | None
    funded_by: str
    total_limit: int | None
    per_buyer: int
    used: int
    starts_at: datetime
    ends_at: datetime


class Coupons(Answer):
    items: list[CouponOut]


class ShippingFeeIn(BaseModel):
    currency: Currency = "CNY"
    fee_cents: Annotated[int, Field(ge=0, le=1_000_000)]
    free_from_cents: Annotated[int | None, Field(ge=0, le=100_000_000)] = None
