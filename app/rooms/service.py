"""A room's life: planned, live, ended; and the queue of products it sells."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from psycopg.errors import ForeignKeyViolation
from psycopg.rows import DictRow
from redis.asyncio import Redis

from app.core.auth import Principal, Role
from app.core.clock import Clock
from app.core.db import Database, Tx
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.events import Event, room_topic
from app.core.ids import new_id
from app.core.jobs import defer_in
from app.core.naming import ANY_NAME, Name, NameScreener
from app.core.outbox import emit
from app.engagement import counters
from app.rooms import repository
from app.rooms.schemas import Host, NewRoom, Queue, Room, RoomChange, RoomProduct, Stats, StreamState
from commerce.catalog import service as catalog
from commerce.catalog.schemas import ProductOut
from commerce.promotions import service as promotions

_ANNOUNCED = (
    *("id", "title", "description", "cover_url", "status", "pin_mode"),
    *("scheduled_at", "started_at", "ended_at"),
)


class RoomNotFound(NotFound):
    code = "room_not_found"
    title = "There is no such room"


class RoomEnded(Conflict):
    code = "room_ended"
    title = "This show is over"


class UnknownProduct(Invalid):
    code = "unknown_product"
    title = "The shop has no such product"


def is_staff(user: Principal | None, host_id: UUID) -> bool:
    """The room's host, and moderators, merchants and admins in every room."""
    return user is not None and (user.user_id == host_id or user.has(Role.MODERATOR, Role.MERCHANT))


def require_host(user: Principal, room: DictRow) -> None:
    """Raises Forbidden for all but the room's host and admins."""
    if room["host_id"] != user.user_id and not user.has():
        raise Forbidden


def require_staff(user: Principal, room: DictRow) -> None:
    """Raises Forbidden for all but the room's host and staff."""
    if not is_staff(user, room["host_id"]):
        raise Forbidden


async def get(tx: Tx, room_id: UUID) -> DictRow:
    """The room's row; raises RoomNotFound."""
    row = await repository.room(tx, room_id)
    if row is None:
        raise RoomNotFound
    return row


async def lock(tx: Tx, room_id: UUID) -> DictRow:
    """The room's row, held until the transaction ends; raises RoomNotFound."""
    row = await repository.lock_room(tx, room_id)
    if row is None:
        raise RoomNotFound
    return row


async def lock_open(tx: Tx, user: Principal, room_id: UUID) -> DictRow:
    """The same of a room that `user` hosts and that is not over; raises RoomNotFound, Forbidden, RoomEnded."""
    row = await lock(tx, room_id)
    require_host(user, row)
    if row["status"] == "ended":
        raise RoomEnded
    return row


async def create(
    db: Database, clock: Clock, host: Principal, form: NewRoom, *, names: NameScreener = ANY_NAME
) -> DictRow:
    """Raises NameRefused."""
    room_id = new_id()
    name = Name("room_title", room_id, host.user_id, form.title)
    verdict = await names.check(name)
    async with db.transaction() as tx:
        await repository.add_room(
            tx,
            room_id=room_id,
            host_id=host.user_id,
            title=form.title,
            description=form.description,
            scheduled_at=form.scheduled_at,
            now=clock.now(),
        )
        await names.follow_up(tx, name, verdict)
        return await get(tx, room_id)


async def change(
    db: Database, user: Principal, room_id: UUID, form: RoomChange, *, names: NameScreener = ANY_NAME
) -> DictRow:
    """Changes what was sent; None is a value for `scheduled_at` alone. Raises NameRefused."""
    changes = {
        name: value
        for name, value in form.model_dump(exclude_unset=True).items()
        if value is not None or name == "scheduled_at"
    }
    async with db.transaction() as tx:
        before = await get(tx, room_id)
    require_host(user, before)
    title = form.title if form.title != before["title"] else None
    name = Name("room_title", room_id, before["host_id"], title) if title else None
    verdict = await names.check(name) if name else None
    async with db.transaction() as tx:
        await lock(tx, room_id)
        if name:
            await names.follow_up(tx, name, verdict)
        return await _apply(tx, room_id, changes)


def neutral_titles(room_id: UUID) -> dict[str, str]:
    """What a room is called whose title had to go, by its host's language."""
    mark = room_id.hex[-4:]
    return {"zh-CN": f"直播间{mark}", "en": f"Room {mark}"}


async def neutralise_title(tx: Tx, room_id: UUID, title: str) -> bool:
    """Give a room with this title a neutral one, and tell everybody in it; whether it had it."""
    row = await repository.lock_room(tx, room_id)
    if row is None or row["title"] != title:
        return False
    await _apply(tx, room_id, {"title": neutral_titles(room_id)[row["host_locale"]]})
    return True


async def restore_title(tx: Tx, room_id: UUID, title: str) -> bool:
    """The inverse of `neutralise_title`; whether the neutral title stood."""
    row = await repository.lock_room(tx, room_id)
    if row is None or row["title"] not in neutral_titles(room_id).values():
        return False
    await _apply(tx, room_id, {"title": title})
    return True


async def set_cover(tx: Tx, room_id: UUID, cover_url: str | None) -> DictRow:
    """The picture that stands for the room; everybody in it is told."""
    return await _apply(tx, room_id, {"cover_url": cover_url})


async def start(db: Database, clock: Clock, user: Principal, room_id: UUID) -> DictRow:
    """Goes live; a live room stays as it is. Raises RoomEnded."""
    async with db.transaction() as tx:
        row = await lock(tx, room_id)
        require_host(user, row)
        return await begin_show(tx, clock, row)


async def begin_show(tx: Tx, clock: Clock, row: DictRow) -> DictRow:
    """The held room `row` goes live, as its host's stream begins."""
    if row["status"] == "ended":
        raise RoomEnded
    if row["status"] == "live":
        return row
    await defer_in(tx, "engagement:tell_followers", room_id=str(row["id"]))
    return await _apply(tx, row["id"], {"status": "live", "started_at": clock.now()})


async def end(db: Database, clock: Clock, user: Principal, room_id: UUID) -> DictRow:
    """The show is over, for good; its pins end with it."""
    async with db.transaction() as tx:
        require_host(user, await lock(tx, room_id))
        return await stop_show(tx, clock, room_id)


async def stop_show(tx: Tx, clock: Clock, room_id: UUID) -> DictRow:
    """End a show whoever asks for it; ending it again changes nothing."""
    row = await lock(tx, room_id)
    if row["status"] == "ended":
        return row
    now = clock.now()
    pins = await repository.current_pins(tx, room_id)
    await repository.end_pins(tx, [pin["id"] for pin in pins], "end", now)
    return await _apply(tx, room_id, {"status": "ended", "ended_at": now})


async def _apply(tx: Tx, room_id: UUID, changes: dict[str, Any]) -> DictRow:
    if changes:
        await repository.change_room(tx, room_id, changes)
    row = await get(tx, room_id)
    if changes:
        await emit(tx, room_topic(room_id), Event("room.updated", {name: row[name] for name in _ANNOUNCED}))
    return row


async def set_queue(
    db: Database, clock: Clock, user: Principal, room_id: UUID, product_ids: Sequence[UUID]
) -> list[RoomProduct]:
    """The products that the room sells, in order; raises UnknownProduct."""
    if len(set(product_ids)) != len(product_ids):
        raise Invalid("A product can stand in the queue only once.")
    async with db.transaction() as tx:
        await lock_open(tx, user, room_id)
        try:
            await repository.set_queue(tx, room_id, product_ids)
        except ForeignKeyViolation:
            raise UnknownProduct from None
        return await announce_queue(tx, clock, room_id)


async def announce_queue(tx: Tx, clock: Clock, room_id: UUID) -> list[RoomProduct]:
    """Tell everybody in the room what it sells now, and for how much."""
    products = await queue(tx, clock, room_id)
    data = Queue(products=products).model_dump(mode="json")
    await emit(tx, room_topic(room_id), Event("queue.updated", data))
    return products


async def queue(tx: Tx, clock: Clock, room_id: UUID) -> list[RoomProduct]:
    """The room's products in order, with their stock and with the prices that count in this room now."""
    rows = await repository.queue(tx, room_id)
    offers = await promotions.offers(tx, room_id, clock.now())
    prices = {
        offer.sku_id: offer.price_cents for offer in reversed(offers)
    }  # the first offer of a SKU counts
    products = {
        product.id: _priced(product, prices)
        for product in await catalog.get_many(tx, [row["product_id"] for row in rows])
    }
    return [
        RoomProduct(position=row["position"], product=products[row["product_id"]])
        for row in rows
        if row["product_id"] in products
    ]


def _priced(product: ProductOut, prices: Mapping[UUID, int]) -> ProductOut:
    skus = [
        sku.model_copy(update={"price_cents": prices.get(sku.id, sku.price_cents)}) for sku in product.skus
    ]
    return product.model_copy(update={"skus": skus})


async def present(redis: Redis, rows: Sequence[DictRow]) -> list[Room]:
    """Rows as clients see them, with what Redis knows of each room."""
    stats = await counters.read(redis, [row["id"] for row in rows])
    return [
        Room(
            **{name: row[name] for name in Room.model_fields if name in row},
            host=Host(id=row["host_id"], display_name=row["host_name"]),
            stream=stream_state(row["status"], streaming=stat.streaming),
            stats=Stats(viewers=stat.viewers, likes=stat.likes),
        )
        for row, stat in zip(rows, stats, strict=True)
    ]


def stream_state(status: str, *, streaming: bool) -> StreamState:
    """A live room without a stream waits for its host to come back."""
    if streaming and status != "ended":
        return "live"
    return "reconnecting" if status == "live" else "offline"
