"""The cart: what somebody means to buy, at the prices that they saw."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow

from app.core.db import Tx
from app.core.ids import new_id
from commerce.carts import repository
from commerce.carts.schemas import CartLineIn, CartLineOut, CartOut, LineState
from commerce.errors import CartFull, CartLineNotFound, NotOnSale, RoomNotFound, SkuNotFound
from commerce.inventory.rooms import ProductRooms
from commerce.orders import repository as orders
from commerce.orders.schemas import MAX_LINES, MAX_QUANTITY
from commerce.promotions import service as promotions
from commerce.promotions.facts import Cart, PriceFacts
from commerce.promotions.schemas import QuoteOut

BUYABLE = ("ok", "price_changed")


def guest_hash(secret: str) -> bytes:
    """Of the cookie's secret, which has 256 bits of entropy."""
    return hashlib.sha256(secret.encode()).digest()


async def find(
    tx: Tx, user_id: UUID | None, guest: bytes | None, at: datetime, *, make: bool
) -> DictRow | None:
    """The member's cart (with what they chose as a guest), or the guest's; None where there is none.

    `make`: there is one afterwards, as long as there is anybody whose it could be.
    """
    if user_id is None:
        if guest is None:
            return None
        if make:
            await repository.insert(tx, new_id(), None, guest, at)
        return await repository.of_guest(tx, guest)
    left_behind = await repository.of_guest(tx, guest) if guest else None
    if make or left_behind:
        await repository.insert(tx, new_id(), user_id, None, at)
    cart = await repository.of_user(tx, user_id)
    if cart and left_behind:
        await repository.merge(tx, left_behind, cart["id"], at)
        cart["room_id"] = left_behind["room_id"] or cart["room_id"]
    return cart


async def add(tx: Tx, rooms: ProductRooms, cart: DictRow, line: CartLineIn, at: datetime) -> None:
    """So many more of a SKU; raises SkuNotFound, NotOnSale, RoomNotFound or CartFull."""
    offer = (await orders.offers(tx, [line.sku_id])).get(line.sku_id)
    if offer is None:
        raise SkuNotFound(sku_id=str(line.sku_id))
    if not offer["on_sale"]:
        raise NotOnSale(sku_id=str(line.sku_id))
    known = {row["sku_id"]: row["quantity"] for row in await repository.lines(tx, cart["id"])}
    if line.sku_id not in known and len(known) >= MAX_LINES:
        raise CartFull
    if line.room_id:
        if line.room_id not in await rooms.selling(tx, [line.room_id]):
            raise RoomNotFound
        cart["room_id"] = line.room_id
    await repository.touch(tx, cart["id"], line.room_id, at)
    quantity = min(known.get(line.sku_id, 0) + line.quantity, MAX_QUANTITY)
    prices = await _prices(tx, rooms, cart, {line.sku_id: quantity}, at)
    await repository.put(tx, cart["id"], line.sku_id, quantity, prices[line.sku_id], at)


async def set_quantity(tx: Tx, cart: DictRow | None, sku_id: UUID, quantity: int, at: datetime) -> None:
    rows = await repository.lines(tx, cart["id"]) if cart else []
    row = next((row for row in rows if row["sku_id"] == sku_id), None)
    if cart is None or row is None:
        raise CartLineNotFound
    await repository.put(tx, cart["id"], sku_id, quantity, row["seen_price_cents"], at)


async def remove(tx: Tx, cart: DictRow | None, sku_ids: Collection[UUID]) -> None:
    if cart is None or not await repository.remove(tx, cart["id"], sku_ids):
        raise CartLineNotFound


async def bought(tx: Tx, user_id: UUID, sku_ids: Collection[UUID]) -> None:
    """What was ordered leaves its buyer's cart."""
    cart = await repository.of_user(tx, user_id)
    if cart is not None:
        await repository.remove(tx, cart["id"], sku_ids)


async def see(tx: Tx, rooms: ProductRooms, cart: DictRow, at: datetime) -> None:
    """The buyer has seen what everything costs now."""
    rows = await repository.lines(tx, cart["id"])
    wanted = {row["sku_id"]: row["quantity"] for row in rows if row["on_sale"]}
    if wanted:
        await repository.see(tx, cart["id"], await _prices(tx, rooms, cart, wanted, at))


async def show(tx: Tx, rooms: ProductRooms, cart: DictRow | None, at: datetime) -> CartOut:
    """Every line with what has changed since it was seen."""
    rows = await repository.lines(tx, cart["id"]) if cart else []
    if cart is None or not rows:
        return CartOut(lines=[], pieces=0, room_id=None, quote=None)
    wanted = {row["sku_id"]: row["quantity"] for row in rows if row["on_sale"]}
    prices = await _prices(tx, rooms, cart, wanted, at) if wanted else {}
    lines = [_line(row, prices.get(row["sku_id"])) for row in rows]
    quote = await _quote(tx, rooms, cart, lines, at)
    return CartOut(
        lines=lines, pieces=sum(row["quantity"] for row in rows), room_id=cart["room_id"], quote=quote
    )


async def _quote(
    tx: Tx, rooms: ProductRooms, cart: DictRow, lines: Sequence[CartLineOut], at: datetime
) -> QuoteOut | None:
    """None where nothing can be bought, or where it is in several currencies."""
    buyable = [line for line in lines if line.state in BUYABLE]
    if len({line.currency for line in buyable}) != 1:
        return None
    quantities = {line.sku_id: line.quantity for line in buyable}
    return await promotions.quote(tx, rooms, _cart(cart, quantities), at)


async def _prices(
    tx: Tx, rooms: ProductRooms, cart: DictRow, wanted: Mapping[UUID, int], at: datetime
) -> dict[UUID, int]:
    """Unit price of each SKU in such quantities, each priced by itself: currencies may differ."""
    offers = await orders.offers(tx, wanted)
    carts = [_cart(cart, {sku_id: quantity}) for sku_id, quantity in wanted.items()]
    facts = await PriceFacts.load(tx, rooms, carts, at, lock=False)
    return {line.sku_id: line.unit_price_cents for one in carts for line in facts.quote(one, offers).lines}


def _cart(cart: DictRow, quantities: Mapping[UUID, int]) -> Cart:
    return Cart(cart["user_id"], cart["room_id"], quantities, None)


def _line(row: Mapping[str, Any], price_cents: int | None) -> CartLineOut:
    return CartLineOut.model_validate(
        {**row, "unit_price_cents": price_cents, "state": _state(row, price_cents)}
    )


def _state(row: Mapping[str, Any], price_cents: int | None) -> LineState:
    if not row["on_sale"]:
        return "not_on_sale"
    if row["available"] < 1:
        return "sold_out"
    if row["available"] < row["quantity"]:
        return "less_left"
    return "ok" if price_cents == row["seen_price_cents"] else "price_changed"
