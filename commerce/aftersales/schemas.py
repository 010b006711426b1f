"""After-sales requests as clients see and send them."""

import hashlib
from datetime import datetime
from typing import Annotated
from uuid import UUID

import orjson
from pydantic import BaseModel, Field, StringConstraints

from commerce.aftersales.states import AfterSaleKind as Kind
from commerce.aftersales.states import AfterSaleStatus as Status
from commerce.catalog.schemas import SAFE, Answer
from commerce.orders.schemas import MAX_LINES, Carrier, OrderLineIn, Tracking

MAX_PICTURES = 9
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=SAFE)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1_000, pattern=SAFE)]
PictureUrl = Annotated[str, StringConstraints(pattern=r"^/media-files/pictures/[0-9a-f]{32}\.webp$")]


class AfterSaleIn(BaseModel):
    """`amount_cents` None: the lines' whole share of what was paid; an exchange asks for none."""

    kind: Kind
    lines: Annotated[list[OrderLineIn], Field(min_length=1, max_length=MAX_LINES)]
    reason: Reason
    description: Text = ""
    pictures: Annotated[list[PictureUrl], Field(max_length=MAX_PICTURES)] = []
    amount_cents: Annotated[int | None, Field(ge=1, le=10**12)] = None

    def digest(self) -> bytes:
        """The same for the same request, however it was formatted."""
        return hashlib.sha256(orjson.dumps(self.model_dump(), option=orjson.OPT_SORT_KEYS)).digest()


class AfterSaleDecisionIn(BaseModel):
    """The shop's answer; the buyer reads it."""

    answer: Text = ""


class ReceivedIn(BaseModel):
    """`restock`: the goods go back on the shelf."""

    restock: bool = True


class ParcelIn(BaseModel):
    carrier: Carrier
    tracking: Tracking


class AfterSaleLineOut(Answer):
    sku_id: UUID
    product_name: str
    product_name_en: str
    sku_name: str
    image_url: str | None
    quantity: int


class AfterSaleStepOut(Answer):
    from_status: Status | None
    to_status: Status
    event: str
    actor: str
    reason: str
    at: datetime


class AfterSaleOut(Answer):
    """`deadline_at`: until when whoever has to act may; then it goes on by itself."""

    id: UUID
    order_id: UUID
    order_number: str
    kind: Kind
    status: Status
    lines: list[AfterSaleLineOut]
    reason: str
    description: str
    pictures: list[str]
    amount_cents: int
    currency: str
    answer: str
    return_carrier: str | None
    return_tracking: str | None
    replacement_carrier: str | None
    replacement_tracking: str | None
    deadline_at: datetime | None
    created_at: datetime
    closed_at: datetime | None
    buyer_name: str
    steps: list[AfterSaleStepOut]


class AfterSales(Answer):
    items: list[AfterSaleOut]


class AfterSalesPage(Answer):
    items: list[AfterSaleOut]
    total: int


class EvidenceOut(Answer):
    url: str
