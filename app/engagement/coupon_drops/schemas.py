"""Dropped coupons over HTTP and in events."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, model_validator


class NewCouponDrop(BaseModel):
    """`quantity` coupons of one kind; fixed (`amount_cents`) or in basis points off (`rate_bps`)."""

    title: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)] = ""
    amount_cents: Annotated[int | None, Field(ge=1, le=10_000_000)] = None
    rate_bps: Annotated[int | None, Field(ge=1, le=10_000)] = None
    threshold_cents: Annotated[int, Field(ge=0, le=100_000_000)] = 0
    quantity: Annotated[int, Field(ge=1, le=100_000)]
    open_for_s: Annotated[int, Field(ge=10, le=24 * 3600)] = 120
    valid_for_s: Annotated[int, Field(ge=60, le=30 * 24 * 3600)] = 3_600
    """How long a coupon can be used after the drop has closed."""

    @model_validator(mode="after")
    def _fixed_or_rate(self) -> "NewCouponDrop":
        if (self.amount_cents is None) == (self.rate_bps is None):
            raise ValueError("either amount_cents or rate_bps")
        if self.amount_cents and self.threshold_cents and self.amount_cents > self.threshold_cents:
            raise ValueError("it takes off more than it asks for")
        return self


class CouponDrop(BaseModel):
    id: UUID
    room_id: UUID
    title: str
    amount_cents: int | None
    rate_bps: int | None
    threshold_cents: int
    currency: str
    quantity: int
    claimed: int
    created_at: datetime
    closes_at: datetime
    valid_until: datetime


class CouponDropList(BaseModel):
    items: list[CouponDrop]


class ClaimedCoupon(BaseModel):
    """A coupon of the claimant's own: `code` counts once, in this room; `used`: it has."""

    drop_id: UUID
    code: str
    valid_until: datetime
    used: bool = False
