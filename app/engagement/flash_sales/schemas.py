"""Flash sales of a room over HTTP and in events."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field


class NewFlashSale(BaseModel):
    """`quantity` pieces of a SKU of the room's queue at a lower price, from now on."""

    sku_id: UUID
    price_cents: Annotated[int, Field(ge=1, le=100_000_000)]
    quantity: Annotated[int, Field(ge=1, le=1_000_000)]
    per_buyer: Annotated[int, Field(ge=1, le=1_000)] = 1
    open_for_s: Annotated[int, Field(ge=10, le=24 * 3600)] = 300


class FlashSale(BaseModel):
    """`sale_price_cents`: what the SKU costs otherwise. How many are `left` also comes with the room's stats."""

    id: UUID
    room_id: UUID | None
    sku_id: UUID
    product_id: UUID
    name: str
    name_en: str
    price_cents: int
    sale_price_cents: int
    currency: str
    quantity: int
    left: int
    per_buyer: int
    starts_at: datetime
    ends_at: datetime


class FlashSaleList(BaseModel):
    items: list[FlashSale]
