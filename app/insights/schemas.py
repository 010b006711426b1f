"""What clients report, and what the host is shown."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints, model_validator

Kind = Literal["seen", "card_shown", "card_clicked", "sku_chosen"]
Table = Literal["windows", "products", "trend", "activity", "marks", "events", "talk"]
Form = Literal["csv", "parquet"]
MarkKind = Literal["pin", "red_packet", "fortune_bag", "poll", "coupon_drop", "flash_sale", "warning", "step"]


class AudienceEvent(BaseModel):
    """One thing that a viewer saw or did; reported again with the same `id` it counts once."""

    id: UUID
    kind: Kind
    product_id: UUID | None = None
    at: AwareDatetime
    source: Annotated[str, StringConstraints(max_length=40)] = ""

    @model_validator(mode="after")
    def _about_a_product(self) -> "AudienceEvent":
        if (self.kind == "seen") != (self.product_id is None):
            raise ValueError("every kind but `seen` names a product, and `seen` does not")
        return self


class ReportedEvents(BaseModel):
    """`visitor` tells guests apart; who is logged in counts as that user."""

    visitor: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    events: Annotated[list[AudienceEvent], Field(min_length=1, max_length=50)]


class Reach(BaseModel):
    """People, each once, but for `orders` and `revenue_cents`; both are of paid orders.

    `click_through` is clicks per viewer, `conversion` paid orders per viewer; 0 where nobody looked.
    """

    viewers: int
    clicks: int
    chose_sku: int
    ordered: int
    orders: int
    revenue_cents: int
    questions: int
    click_through: float
    conversion: float


class ProductReach(Reach):
    product_id: UUID
    name: str
    name_en: str


class WindowReach(Reach):
    """One explanation: from the pin until it was taken off, or until now."""

    pin_id: UUID
    product_id: UUID
    name: str
    name_en: str
    begins_at: datetime
    ends_at: datetime


class Funnel(BaseModel):
    """People who came at least so far, but `ordered` and `paid` counted by buyers of this room's orders."""

    seen: int
    card_shown: int
    card_clicked: int
    sku_chosen: int
    ordered: int
    paid: int


class Sample(BaseModel):
    at: datetime
    viewers: int
    likes: int


class Activity(BaseModel):
    """What happened in the BUCKET_S after `at`: people who clicked a card, paid orders and their revenue."""

    at: datetime
    clicks: int
    orders: int
    revenue_cents: int


class Mark(BaseModel):
    """Something that the host did or was told, to be drawn on a trend; `ends_at` where it lasted.

    `label_en` is empty where what it names has but one name.
    """

    kind: MarkKind
    at: datetime
    ends_at: datetime | None
    label: str
    label_en: str
    product_id: UUID | None


class Insights(BaseModel):
    """`people`: everybody who came. `average_watch_s`: how long each stayed, by the samples of the trend."""

    status: Literal["scheduled", "live", "ended"]
    started_at: datetime | None
    ended_at: datetime | None
    currency: str
    funnel: Funnel
    products: list[ProductReach]
    windows: list[WindowReach]
    trend: list[Sample]
    activity: list[Activity]
    marks: list[Mark]
    sources: dict[str, int]
    people: int
    peak_viewers: int
    average_viewers: float
    average_watch_s: float
