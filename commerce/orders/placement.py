"""Placing orders: stock is reserved in the transaction that writes them.

Many drafts are placed at once, in a constant number of statements, so that a hot SKU costs one commit
per batch and not one per buyer (`commerce.orders.desk`). A draft that cannot be placed gets its Problem
and leaves the others untouched.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from psycopg.rows import DictRow

from app.core.auth import Principal
from app.core.db import Tx
from app.core.errors import Problem
from app.core.events import Event, staff_topic
from app.core.ids import new_id
from app.core.jobs import defer_in
from app.core.outbox import emit
from commerce.addresses import repository as addresses
from commerce.addresses.service import region_of
from commerce.errors import (
    AddressNotFound,
    IdempotencyKeyReused,
    MixedCurrencies,
    NotOnSale,
    OutOfStock,
    PriceChanged,
    SkuNotFound,
)
from commerce.inventory.rooms import ProductRooms
from commerce.inventory.service import announce, per_sku
from commerce.orders import repository
from commerce.orders.schemas import OrderIn
from commerce.orders.states import Status
from commerce.orders.views import summary
from commerce.privacy import Vault
from commerce.promotions import repository as promotions
from commerce.promotions.facts import Cart, PriceFacts
from commerce.promotions.pricing import PricedLine, Quote
from commerce.promotions.service import cart_of

Reserve = Callable[[Tx, Mapping[UUID, int], Sequence[tuple[UUID, UUID, int]], datetime], Awaitable[None]]
"""Holds these quantities by SKU, for (order, SKU, quantity) each; OutOfStock where that is not there."""

UNTOUCHED: Mapping[str, Any] = {
    "status": Status.PENDING_PAYMENT,
    "refunded_cents": 0,
    **dict.fromkeys(("paid_at", "shipped_at", "completed_at", "closed_at", "carrier", "tracking")),
}
UNTOUCHED_LINE: Mapping[str, Any] = {"shipped_quantity": 0, "refunded_quantity": 0, "refunded_cents": 0}


@dataclass(frozen=True, slots=True)
class OrderDraft:
    """What a buyer asks for."""

    buyer: Principal
    idempotency_key: str
    request: OrderIn
    invoice_sealed: bytes | None = None

    @property
    def key(self) -> tuple[UUID, str]:
        return self.buyer.user_id, self.idempotency_key

    @property
    def request_hash(self) -> bytes:
        """The same for the same request, however it was formatted."""
        return hashlib.sha256(orjson.dumps(self.request.model_dump(), option=orjson.OPT_SORT_KEYS)).digest()


@dataclass(slots=True)
class _Batch:
    """The facts that a batch is decided on, and what was decided so far."""

    offers: Mapping[UUID, DictRow]
    addresses: Mapping[UUID, DictRow]
    before: Mapping[tuple[UUID, str], DictRow]
    expires_at: datetime
    left: dict[UUID, int]
    prices: PriceFacts
    orders: list[dict[str, Any]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    uses: list[tuple[UUID, UUID, UUID | None, UUID | None, int]] = field(default_factory=list)
    hashes: dict[tuple[UUID, str], tuple[UUID, bytes]] = field(default_factory=dict)


async def place(
    tx: Tx,
    rooms: ProductRooms,
    vault: Vault,
    drafts: Sequence[OrderDraft],
    *,
    at: datetime,
    payment_s: int,
    lock: bool = True,
    reserve: Reserve = repository.reserve,
) -> list[DictRow | Problem]:
    """For each draft, in order: its order's row (placed now or, with this key, before), or its Problem.

    Without `lock` the figures that are decided on may change meanwhile: `reserve` must refuse then.
    """
    sku_ids = {line.sku_id for draft in drafts for line in draft.request.lines}
    offers = await repository.offers(tx, sku_ids, lock=lock)
    address_ids = {draft.request.address_id for draft in drafts if draft.request.address_id}
    book = await addresses.get_many(tx, address_ids) if address_ids else {}
    carts = [cart_of(draft.request, draft.buyer.user_id, _region(vault, book, draft)) for draft in drafts]
    batch = _Batch(
        offers=offers,
        prices=await PriceFacts.load(tx, rooms, carts, at, lock=lock),
        addresses=book,
        before=await repository.placed_before(tx, [draft.key for draft in drafts]),
        expires_at=at + timedelta(seconds=payment_s),
        left={sku_id: row["available"] for sku_id, row in offers.items()},
    )
    results: list[UUID | Problem] = []
    for draft, cart in zip(drafts, carts, strict=True):
        try:
            results.append(_decide(batch, draft, cart))
        except Problem as problem:
            results.append(problem)
    rows = await _write(tx, rooms, batch, at, reserve) if batch.orders else {}
    before = {result for result in results if isinstance(result, UUID)} - rows.keys()
    if before:
        rows |= {row["id"]: row for row in await repository.get_many(tx, before)}
    for order in batch.orders:
        if order["room_id"]:
            await emit(tx, staff_topic(order["room_id"]), Event("order.created", summary(rows[order["id"]])))
    return [rows[result] if isinstance(result, UUID) else result for result in results]


def _decide(batch: _Batch, draft: OrderDraft, cart: Cart) -> UUID:
    """The id of the draft's order, which is added to the batch unless it exists already."""
    known = batch.hashes.get(draft.key)
    if known is None and (row := batch.before.get(draft.key)):
        known = row["id"], bytes(row["request_hash"])
    request_hash = draft.request_hash
    if known is not None:
        if known[1] != request_hash:
            raise IdempotencyKeyReused
        return known[0]
    _check_offers(batch, cart.quantities)
    quote = batch.prices.quote(cart, batch.offers)
    expected = draft.request.expected_total_cents
    if expected is not None and expected != quote.total_cents:
        raise PriceChanged(total_cents=quote.total_cents)
    sealed = _sealed_address(batch, draft)
    order_id = new_id()
    for sku_id, quantity in cart.quantities.items():
        batch.left[sku_id] -= quantity
    batch.uses.extend((order_id, draft.buyer.user_id, *use) for use in batch.prices.take(cart, quote))
    batch.hashes[draft.key] = order_id, request_hash
    batch.orders.append(_order_row(batch, draft, order_id, quote, sealed, request_hash))
    batch.lines.extend(
        _line_row(batch.offers[line.sku_id], order_id, position, line)
        for position, line in enumerate(quote.lines)
    )
    return order_id


def _check_offers(batch: _Batch, wanted: Mapping[UUID, int]) -> None:
    for sku_id, quantity in wanted.items():
        offer = batch.offers.get(sku_id)
        if offer is None:
            raise SkuNotFound(sku_id=str(sku_id))
        if not offer["on_sale"]:
            raise NotOnSale(sku_id=str(sku_id))
        if batch.left[sku_id] < quantity:
            raise OutOfStock(sku_id=str(sku_id), available=batch.left[sku_id])
    if len({batch.offers[sku_id]["currency"] for sku_id in wanted}) > 1:
        raise MixedCurrencies


def _region(vault: Vault, book: Mapping[UUID, DictRow], draft: OrderDraft) -> str | None:
    row = book.get(draft.request.address_id) if draft.request.address_id else None
    if row is None or row["user_id"] != draft.buyer.user_id:
        return None
    return region_of(vault, bytes(row["sealed"]), draft.buyer.user_id)


def _sealed_address(batch: _Batch, draft: OrderDraft) -> bytes | None:
    """The buyer's own address as it is stored: its seal names the buyer, so it opens in the order, too."""
    if draft.request.address_id is None:
        return None
    row = batch.addresses.get(draft.request.address_id)
    if row is None or row["user_id"] != draft.buyer.user_id:
        raise AddressNotFound
    return bytes(row["sealed"])


def _order_row(
    batch: _Batch,
    draft: OrderDraft,
    order_id: UUID,
    quote: Quote,
    sealed: bytes | None,
    digest: bytes,
) -> dict[str, Any]:
    return {
        "id": order_id,
        "buyer_id": draft.buyer.user_id,
        "buyer_name": draft.buyer.display_name,
        "room_id": draft.request.room_id,
        "currency": batch.offers[quote.lines[0].sku_id]["currency"],
        "items_cents": quote.items_cents,
        "discount_cents": quote.discount_cents,
        "platform_discount_cents": quote.platform_discount_cents,
        "shipping_cents": quote.shipping_cents,
        "total_cents": quote.total_cents,
        "address_sealed": sealed,
        "invoice_sealed": draft.invoice_sealed,
        "note": draft.request.note,
        "idempotency_key": draft.idempotency_key,
        "request_hash": digest,
        "explanation": quote.steps,
        "expires_at": batch.expires_at,
    }


def _line_row(offer: Mapping[str, Any], order_id: UUID, position: int, line: PricedLine) -> dict[str, Any]:
    return {
        "order_id": order_id,
        "position": position,
        "sku_id": line.sku_id,
        "product_id": offer["product_id"],
        "product_name": offer["product_name"],
        "product_name_en": offer["product_name_en"],
        "sku_name": offer["sku_name"],
        "image_url": offer["image_url"],
        "quantity": line.quantity,
        "unit_price_cents": line.unit_price_cents,
        "discount_cents": line.discount_cents,
        "total_cents": line.total_cents,
    }


async def _write(
    tx: Tx, rooms: ProductRooms, batch: _Batch, at: datetime, reserve: Reserve
) -> dict[UUID, DictRow]:
    """The new orders' rows by id, as `repository.get` would read them."""
    numbers = await repository.insert_orders(tx, batch.orders, at)
    await repository.insert_lines(tx, batch.lines)
    reserved = [(line["order_id"], line["sku_id"], line["quantity"]) for line in batch.lines]
    totals = per_sku((sku_id, quantity) for _, sku_id, quantity in reserved)
    if batch.uses:
        await promotions.record_uses(tx, batch.uses)
    # One job a batch: its orders expire together, and each is looked at on its own then.
    order_ids = [str(order["id"]) for order in batch.orders]
    await defer_in(tx, "orders:expire", at=batch.expires_at, order_ids=order_ids)
    await reserve(tx, totals, reserved, at)
    moved = [
        {"sku_id": sku_id, "product_id": batch.offers[sku_id]["product_id"], "available": batch.left[sku_id]}
        for sku_id in totals
    ]
    await announce(tx, rooms, moved)
    return _placed(batch, numbers, at)


def _placed(batch: _Batch, numbers: Mapping[UUID, str], at: datetime) -> dict[UUID, DictRow]:
    """Put together from what was written: reading it all back costs the database as much again."""
    lines: dict[UUID, list[dict[str, Any]]] = {}
    for line in batch.lines:
        ids = {"sku_id": str(line["sku_id"]), "product_id": str(line["product_id"])}
        lines.setdefault(line["order_id"], []).append({**line, **ids, **UNTOUCHED_LINE})
    return {
        order["id"]: {
            **order,
            **UNTOUCHED,
            "number": numbers[order["id"]],
            "explanation": [asdict(step) for step in order["explanation"]],
            "lines": lines[order["id"]],
            "created_at": at,
        }
        for order in batch.orders
    }
