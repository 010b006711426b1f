"""Carts as clients see and change them."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from commerce.catalog.schemas import Answer
from commerce.orders.schemas import MAX_LINES, MAX_QUANTITY
from commerce.promotions.schemas import QuoteOut

Quantity = Annotated[int, Field(ge=1, le=MAX_QUANTITY, strict=True)]
LineState = Literal["ok", "price_changed", "less_left", "sold_out", "not_on_sale"]


class CartLineIn(BaseModel):
    """`room_id`: the live room that the buyer is in; its prices count for the cart from now on."""

    sku_id: UUID
    quantity: Quantity = 1
    room_id: UUID | None = None


class CartQuantityIn(BaseModel):
    quantity: Quantity


class CartLineOut(Answer):
    """`state` tells what is different from what the buyer last saw; `unit_price_cents` None: not for sale."""

    sku_id: UUID
    product_id: UUID
    product_name: str
    product_name_en: str
    sku_name: str
    image_url: str | None
    quantity: int
    available: int
    unit_price_cents: int | None
    seen_price_cents: int
    list_price_cents: int
    currency: str
    state: LineState


class CartOut(Answer):
    """`quote`: what the lines that can be bought as they stand cost together, without an address or a coupon."""

    lines: Annotated[list[CartLineOut], Field(max_length=MAX_LINES)]
    pieces: int
    room_id: UUID | None
    quote: QuoteOut | None
