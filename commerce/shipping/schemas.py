"""Shipments and shipping templates as clients see and send them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from commerce.catalog.schemas import Answer, Currency, LineErrorOut, Name
from commerce.csv_lines import LineError
from commerce.shipping.tracking import ShipmentStatus

Grams = Annotated[int, Field(ge=1, le=1_000_000)]
FeeCents = Annotated[int, Field(ge=0, le=1_000_000)]


class ShipmentLineOut(Answer):
    sku_id: UUID
    quantity: int


class TrackEventOut(Answer):
    at: datetime
    status: ShipmentStatus
    place: str


class ShipmentOut(Answer):
    id: UUID
    order_id: UUID
    carrier: str
    tracking: str
    status: ShipmentStatus
    lines: list[ShipmentLineOut]
    events: list[TrackEventOut]
    created_at: datetime
    delivered_at: datetime | None


class Shipments(Answer):
    items: list[ShipmentOut]


class ZoneIn(BaseModel):
    """`regions`: how addresses there begin, such as 浙江; none of them: everywhere else."""

    regions: Annotated[list[Name], Field(max_length=100)] = []
    delivers: bool = True
    first_g: Grams = 1_000
    first_cents: FeeCents = 0
    next_g: Grams = 1_000
    next_cents: FeeCents = 0
    free_from_cents: Annotated[int | None, Field(ge=0, le=100_000_000)] = None


class TemplateIn(BaseModel):
    name: Name
    currency: Currency = "CNY"
    is_default: bool = False
    zones: Annotated[list[ZoneIn], Field(min_length=1, max_length=50)]

    @model_validator(mode="after")
    def _each_region_once(self) -> "TemplateIn":
        named = [region for zone in self.zones for region in zone.regions]
        if len(set(named)) != len(named):
            raise ValueError("a region is in two zones")
        if sum(not zone.regions for zone in self.zones) > 1:
            raise ValueError("two zones are for everywhere else")
        return self


class TemplateOut(Answer):
    id: UUID
    name: str
    currency: str
    is_default: bool
    zones: list[ZoneIn]
    created_at: datetime


class Templates(Answer):
    items: list[TemplateOut]


class ShipmentImportOut(Answer):
    """`parcels`: how many were handed over, or would be."""

    parcels: int
    dry_run: bool
    errors: list[LineErrorOut]


def line_errors(errors: list[LineError]) -> list[LineErrorOut]:
    in_order = sorted(errors, key=lambda error: error.line)
    return [LineErrorOut.model_validate(error, from_attributes=True) for error in in_order]
