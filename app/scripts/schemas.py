"""A show's script over HTTP."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, model_validator

from app.engagement.coupon_drops.schemas import NewCouponDrop
from app.engagement.flash_sales.schemas import NewFlashSale
from app.engagement.fortune_bags.schemas import NewFortuneBag
from app.engagement.polls.service import NewPoll
from app.engagement.red_packets.schemas import NewRedPacket

STEPS_LIMIT = 200


class PlannedRedPacket(NewRedPacket):
    kind: Literal["red_packet"]


class PlannedFortuneBag(NewFortuneBag):
    kind: Literal["fortune_bag"]


class PlannedPoll(NewPoll):
    kind: Literal["poll"]


class PlannedCoupons(NewCouponDrop):
    kind: Literal["coupon_drop"]


class PlannedFlashSale(NewFlashSale):
    kind: Literal["flash_sale"]


Draw = Annotated[
    PlannedRedPacket | PlannedFortuneBag | PlannedPoll | PlannedCoupons | PlannedFlashSale,
    Field(discriminator="kind"),
]


class StepIn(BaseModel):
    """What is to happen next: a product goes on screen, its price in this room changes, something is given.

    `id`: of a step that is there already; without one it is new.
    """

    id: UUID | None = None
    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
    note: Annotated[str, StringConstraints(max_length=2_000)] = ""
    product_id: UUID | None = None
    price_cents: Annotated[int | None, Field(ge=1, le=100_000_000)] = None
    draw: Draw | None = None

    @model_validator(mode="after")
    def _a_price_of_something(self) -> "StepIn":
        if self.price_cents is not None and self.product_id is None:
            raise ValueError("a price is that of a product")
        return self


class Step(StepIn):
    id: UUID
    position: int


class Moment(BaseModel):
    """A step that was begun, as it was planned then, and until when the next one was not.

    `pinned`: the products that were on screen meanwhile, in order. `orders` and `revenue_cents` are of
    what was ordered meanwhile and paid.
    """

    id: UUID
    step_id: UUID
    position: int
    title: str
    note: str
    product_id: UUID | None
    price_cents: int | None
    draw: Draw | None
    began_at: datetime
    ended_at: datetime
    pinned: list[UUID]
    orders: int
    revenue_cents: int


class ScriptChange(BaseModel):
    """The whole script, in order."""

    steps: Annotated[list[StepIn], Field(max_length=STEPS_LIMIT)]


class Script(BaseModel):
    """What was planned, and what really happened, oldest first; `current_id` is the step begun last."""

    steps: list[Step]
    moments: list[Moment]
    current_id: UUID | None


class Begin(BaseModel):
    step_id: UUID
