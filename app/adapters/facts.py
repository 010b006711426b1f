"""What the assistant may say: the room's products with live price and stock, policies, own orders."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from ai.assistant import repository as assistant_rows
from ai.assistant.models import Facts, Faq, Order, OrderLine, Product, Question, Sku
from app.core.clock import Clock
from app.core.db import Database, Tx
from app.core.money import format_minor
from app.rooms import repository as rooms
from app.rooms import service as room_service
from commerce.addresses import service as addresses
from commerce.catalog import service as catalog
from commerce.catalog.schemas import ProductOut
from commerce.orders import repository as orders
from commerce.promotions import service as promotions
from commerce.promotions.schemas import CouponOut
from commerce.runtime import Commerce

RECENT_ORDERS = 10
HEARD_WITHIN = timedelta(minutes=5)
HEARD_SEGMENTS = 40


class RoomFacts:
    """An `ai.assistant.facts.FactSource` over the shop and its rooms."""

    def __init__(self, db: Database, clock: Clock, shop: Commerce) -> None:
        self._db = db
        self._clock = clock
        self._shop = shop
        self._reading: dict[UUID, asyncio.Task[Facts]] = {}

    async def read(self, question: Question) -> Facts:
        room_id = UUID(question.room_id)
        viewer_id = UUID(question.viewer_id) if question.viewer_id else None
        facts = await self._of_room(room_id)
        if viewer_id is None:
            return facts
        async with self._db.transaction() as tx:
            own = await _orders(tx, viewer_id)
            region = await self._region(tx, viewer_id)
        return replace(facts, orders=own, region=region)

    async def _of_room(self, room_id: UUID) -> Facts:
        """What everybody may know. Who asks while the room is being read gets the same reading."""
        reading = self._reading.get(room_id)
        if reading is None:
            reading = asyncio.create_task(self._read_room(room_id), name=f"facts-{room_id}")
            self._reading[room_id] = reading
            reading.add_done_callback(lambda _: self._reading.pop(room_id, None))
        return await asyncio.shield(reading)

    async def _read_room(self, room_id: UUID) -> Facts:
        async with self._db.transaction() as tx:
            listed = [item.product for item in await room_service.queue(tx, self._clock, room_id)]
            policies = await catalog.policies(tx)
            pins = await rooms.current_pins(tx, room_id)
            heard = await rooms.transcript(tx, room_id, limit=HEARD_SEGMENTS)
            learned = await assistant_rows.faq(tx, [product.id for product in listed])
            coupons = await promotions.coupons_of_room(tx, room_id, self._clock.now())
        since = self._clock.now() - HEARD_WITHIN
        return Facts(
            products=tuple(_product(product) for product in listed),
            policies={policy.title: policy.text for policy in policies.items},
            faq=(
                *(Faq(entry.question, entry.answer) for product in listed for entry in product.faq),
                *learned,
            ),
            transcript=tuple(row["text"] for row in heard if row["created_at"] >= since),
            pinned=str(pins[-1]["product_id"]) if pins else None,
            coupons=tuple(_coupon(row) for row in coupons),
        )

    async def _region(self, tx: Tx, viewer_id: UUID) -> str | None:
        book = await addresses.book(tx, self._shop.vault, viewer_id)
        return book[0].region if book else None


def _coupon(row: CouponOut) -> str:
    """优惠券LIVE20：满100元减20元，每人限用1次。"""

    def money(cents: int) -> str:
        return format_minor(cents, row.currency).removesuffix(".00") + (
            "元" if row.currency == "CNY" else f" {row.currency}"
        )

    from_ = f"满{money(row.threshold_cents)}" if row.threshold_cents else "无门槛"
    if row.amount_cents is not None:
        off = f"减{money(row.amount_cents)}"
    else:
        assert row.rate_bps is not None
        off = f"优惠{row.rate_bps / 100:g}%"
        if row.max_discount_cents is not None:
            off += f"，最多减{money(row.max_discount_cents)}"
    return f"优惠券{row.code}：{from_}{off}，每人限用{row.per_buyer}次。"


def _product(product: ProductOut) -> Product:
    return Product(
        id=str(product.id),
        name=product.name,
        name_en=product.name_en,
        skus=tuple(
            Sku(
                id=str(sku.id),
                name=sku.name,
                price_cents=sku.price_cents,
                list_price_cents=sku.list_price_cents,
                available=sku.available,
                options=sku.options,
            )
            for sku in product.skus
        ),
        attributes=product.attributes,
        aliases=tuple(product.aliases),
        category=product.category,
        description=product.description,
    )


async def _orders(tx: Tx, viewer_id: UUID) -> tuple[Order, ...]:
    rows = await orders.of_buyer(tx, viewer_id, RECENT_ORDERS)
    return tuple(
        Order(
            number=row["number"],
            status=row["status"],
            lines=tuple(
                OrderLine(str(line["product_id"]), line["product_name"], line["quantity"])
                for line in row["lines"]
            ),
            carrier=row["carrier"],
            tracking=row["tracking"],
            total_cents=row["total_cents"],
        )
        for row in rows
    )
