"""Fortune bags (福袋): enter by a condition, and a draw at a set time that anyone can verify."""

import secrets
from datetime import timedelta
from uuid import UUID

from psycopg.rows import DictRow
from redis.asyncio import Redis

from app.core.auth import Principal
from app.core.clock import Clock
from app.core.db import Database, Tx
from app.core.errors import Conflict, Forbidden, NotFound
from app.core.events import Event, room_topic
from app.core.ids import new_id
from app.core.jobs import defer_in
from app.core.outbox import emit
from app.engagement import watching
from app.engagement.follows import repository as follows
from app.engagement.fortune_bags import repository
from app.engagement.fortune_bags.draw import SEED_BYTES, commitment, draw, entries_digest
from app.engagement.fortune_bags.schemas import Entered, FortuneBag, FortuneBagDetail, NewFortuneBag, Winner
from app.rooms import service as rooms

SHOWN = 20


class FortuneBagNotFound(NotFound):
    code = "fortune_bag_not_found"
    title = "There is no such fortune bag"


class FortuneBagDrawn(Conflict):
    code = "fortune_bag_drawn"
    title = "It is too late to enter"


class NotEntitled(Forbidden):
    code = "not_entitled"
    title = "You have not done yet what this fortune bag asks for"


async def open_bag(
    db: Database, clock: Clock, host: Principal, room_id: UUID, form: NewFortuneBag
) -> FortuneBag:
    """Open a bag in the host's room and publish what it commits to; raises RoomEnded, Forbidden."""
    bag_id, now, seed = new_id(), clock.now(), secrets.token_bytes(SEED_BYTES)
    draws_at = now + timedelta(seconds=form.open_for_s)
    async with db.transaction() as tx:
        await rooms.lock_open(tx, host, room_id)
        await repository.add(
            tx,
            bag_id=bag_id,
            room_id=room_id,
            created_by=host.user_id,
            commitment=commitment(seed),
            seed=seed,
            now=now,
            draws_at=draws_at,
            **form.model_dump(exclude={"open_for_s"}),
        )
        await defer_in(tx, "engagement:draw_fortune_bag", at=draws_at, bag_id=str(bag_id))
        bag = await get(tx, bag_id)
        await emit(tx, room_topic(room_id), Event("fortune_bag.opened", bag.model_dump(mode="json")))
    return bag


async def enter(db: Database, redis: Redis, clock: Clock, user: Principal, bag_id: UUID) -> Entered:
    """The user's one ticket; raises FortuneBagNotFound, FortuneBagDrawn, NotEntitled."""
    async with db.transaction() as tx:
        row = await repository.hold(tx, bag_id)
        if row is None:
            raise FortuneBagNotFound
        if row["status"] != "open" or row["draws_at"] <= clock.now():
            raise FortuneBagDrawn
        if not await _entitled(tx, redis, user.user_id, row):
            raise NotEntitled
        ticket = await repository.enter(tx, bag_id, user.user_id, new_id(), clock.now())
    return Entered(bag_id=bag_id, ticket=ticket)


async def _entitled(tx: Tx, redis: Redis, user_id: UUID, row: DictRow) -> bool:
    match row["entry"]:
        case "comment":
            return await repository.has_said(tx, row["room_id"], user_id, row["words"], row["created_at"])
        case "follow":
            room = await rooms.get(tx, row["room_id"])
            return bool((await follows.count(tx, room["host_id"], user_id))["following"])
        case "watch":
            return bool(await watching.watched_s(redis, row["room_id"], str(user_id)) >= row["watch_s"])
    return True


async def draw_bag(db: Database, clock: Clock, bag_id: UUID) -> None:
    """Draw a bag whose time has come, once; everybody is told with the seed that proves it."""
    async with db.transaction() as tx:
        row = await repository.lock(tx, bag_id)
        if row is None or row["status"] != "open" or row["draws_at"] > clock.now():
            return
        winning = draw(row["seed"], await repository.tickets(tx, bag_id), row["winners"])
        await repository.set_drawn(tx, bag_id, winning, clock.now())
        bag = await get(tx, bag_id)
        await emit(tx, room_topic(row["room_id"]), Event("fortune_bag.drawn", bag.model_dump(mode="json")))


async def get(tx: Tx, bag_id: UUID) -> FortuneBag:
    """Raises FortuneBagNotFound."""
    row = await repository.bag(tx, bag_id)
    if row is None:
        raise FortuneBagNotFound
    return await _bag(tx, row)


async def detail(tx: Tx, bag_id: UUID) -> FortuneBagDetail:
    """The bag with all that is needed to repeat its draw; raises FortuneBagNotFound."""
    bag = await get(tx, bag_id)
    tickets = await repository.tickets(tx, bag_id) if bag.status == "drawn" else []
    return FortuneBagDetail(**bag.model_dump(), tickets=tickets)


async def of_room(tx: Tx, room_id: UUID) -> list[FortuneBag]:
    """The newest bags of a room."""
    return [await _bag(tx, row) for row in await repository.of_room(tx, room_id, SHOWN)]


async def _bag(tx: Tx, row: DictRow) -> FortuneBag:
    shown = {
        name: row[name] for name in FortuneBag.model_fields if name in row and name not in ("seed", "winners")
    }
    bag = FortuneBag(**shown, winners_count=row["winners"])
    if row["status"] == "open":
        return bag
    return bag.model_copy(
        update={
            "seed": row["seed"].hex(),
            "entries_digest": entries_digest(await repository.tickets(tx, row["id"])),
            "winners": [Winner(**winner) for winner in await repository.winners(tx, row["id"])],
        }
    )
