"""Red packets: a fixed sum for the quickest, each share claimed once, what is left goes back."""

from collections.abc import Sequence
from datetime import timedelta
from random import SystemRandom
from uuid import UUID

from psycopg.rows import DictRow

from app.core.auth import Principal
from app.core.batcher import Batcher
from app.core.clock import Clock
from app.core.db import Database, Tx
from app.core.errors import Conflict, NotFound
from app.core.events import Event, room_topic
from app.core.ids import new_id
from app.core.jobs import defer_in
from app.core.outbox import emit
from app.engagement.red_packets import repository
from app.engagement.red_packets.schemas import Claimed, NewRedPacket, RedPacket, RedPacketDetail, Share
from app.engagement.red_packets.split import split
from app.rooms import service as rooms
from commerce.ledger import repository as ledger
from commerce.ledger.postings import Posting

CURRENCY = "CNY"
COSTS = "red_packet_costs"
PROMISED = "payable:red_packets"
CLAIMS_AT_ONCE = 1_000
REMEMBERED = 1_000
SHOWN = 20


class RedPacketNotFound(NotFound):
    code = "red_packet_not_found"
    title = "There is no such red packet"


class RedPacketEmpty(Conflict):
    code = "red_packet_empty"
    title = "Others were quicker"


class RedPacketExpired(Conflict):
    code = "red_packet_expired"
    title = "This red packet is closed"


async def give(db: Database, clock: Clock, host: Principal, room_id: UUID, form: NewRedPacket) -> RedPacket:
    """Open a red packet in the host's live room; its sum is booked as promised. Raises RoomEnded, Forbidden."""
    packet_id, now = new_id(), clock.now()
    expires_at = now + timedelta(seconds=form.open_for_s)
    async with db.transaction() as tx:
        await rooms.lock_open(tx, host, room_id)
        await repository.add(
            tx,
            packet_id=packet_id,
            room_id=room_id,
            created_by=host.user_id,
            amounts_cents=split(form.total_cents, form.shares, SystemRandom()),
            currency=CURRENCY,
            greeting=form.greeting,
            now=now,
            expires_at=expires_at,
        )
        promised = [Posting(COSTS, form.total_cents), Posting(PROMISED, -form.total_cents)]
        await ledger.post(tx, "red_packet", packet_id, promised, currency=CURRENCY, order_id=None, at=now)
        await defer_in(tx, "engagement:expire_red_packet", at=expires_at, packet_id=str(packet_id))
        packet = await get(tx, packet_id)
        await emit(tx, room_topic(room_id), Event("red_packet.opened", packet.model_dump(mode="json")))
    return packet


async def get(tx: Tx, packet_id: UUID) -> RedPacket:
    """Raises RedPacketNotFound."""
    row = await repository.packet(tx, packet_id)
    if row is None:
        raise RedPacketNotFound
    return _packet(row)


async def of_room(tx: Tx, room_id: UUID) -> list[RedPacket]:
    """The newest packets of a room."""
    return [_packet(row) for row in await repository.of_room(tx, room_id, SHOWN)]


async def detail(tx: Tx, packet_id: UUID) -> RedPacketDetail:
    """The packet and, once it has ended, who got what; raises RedPacketNotFound."""
    packet = await get(tx, packet_id)
    winners = await repository.winners(tx, packet_id) if packet.status != "open" else []
    return RedPacketDetail(**packet.model_dump(), winners=[Share(**row) for row in winners])


async def expire(db: Database, clock: Clock, packet_id: UUID) -> None:
    """The time is over: what nobody has claimed goes back. Anything but an open packet stays as it is."""
    async with db.transaction() as tx:
        row = await repository.lock(tx, packet_id)
        if row is None or row["status"] != "open" or row["expires_at"] > clock.now():
            return
        left_cents = await repository.left_cents(tx, packet_id)
        back = [Posting(PROMISED, left_cents), Posting(COSTS, -left_cents)]
        await ledger.post(
            tx, "red_packet_return", packet_id, back, currency=row["currency"], order_id=None, at=clock.now()
        )
        await _end(tx, row, "expired", clock)


async def _end(tx: Tx, row: DictRow, status: str, clock: Clock) -> None:
    await repository.end(tx, row["id"], status, clock.now())
    shown = await get(tx, row["id"])
    await emit(tx, room_topic(row["room_id"]), Event("red_packet.ended", shown.model_dump(mode="json")))


def _packet(row: DictRow) -> RedPacket:
    return RedPacket(**{name: row[name] for name in RedPacket.model_fields})


class RedPacketDesk:
    """Takes claims. Those that arrive together are decided in one transaction; an ended packet is remembered."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._claims: dict[UUID, Batcher[UUID, int]] = {}
        self._ended: dict[UUID, tuple[str, str, dict[UUID, int]]] = {}

    async def claim(self, user_id: UUID, packet_id: UUID) -> Claimed:
        """The user's share; asking again returns the same one.

        Raises RedPacketNotFound, RedPacketEmpty, RedPacketExpired, Busy.
        """
        if packet_id not in self._ended:
            batcher = self._claims.get(packet_id)
            if batcher is None:

                async def decide(user_ids: Sequence[UUID]) -> list[int | Exception]:
                    return await self._decide(packet_id, user_ids)

                batcher = self._claims[packet_id] = Batcher(decide, limit=CLAIMS_AT_ONCE, waiting=50_000)
            try:
                return Claimed(
                    packet_id=packet_id, amount_cents=await batcher.submit(user_id), currency=CURRENCY
                )
            finally:
                if batcher.idle:
                    self._claims.pop(packet_id, None)
        status, currency, shares = self._ended[packet_id]
        if user_id not in shares:
            raise _refusal(status)
        return Claimed(packet_id=packet_id, amount_cents=shares[user_id], currency=currency)

    async def _decide(self, packet_id: UUID, user_ids: Sequence[UUID]) -> list[int | Exception]:
        now = self._clock.now()
        wanted = list(dict.fromkeys(user_ids))
        async with self._db.transaction() as tx:
            row = await repository.lock(tx, packet_id)
            if row is None:
                return [RedPacketNotFound() for _ in user_ids]
            held = await repository.shares_of(tx, packet_id, wanted)
            given: dict[UUID, int] = {}
            status = row["status"]
            if status == "open" and row["expires_at"] > now:
                asking = [user_id for user_id in wanted if user_id not in held]
                given = await repository.claim(tx, packet_id, asking, now)
                status = await self._settle(tx, row, given)
            elif status == "open":
                status = "expired"
            if status != "open":
                winners = await repository.winners(tx, packet_id)
        if status != "open":
            self._remember(packet_id, status, row["currency"], winners)
        shares = held | given
        return [shares[user_id] if user_id in shares else _refusal(status) for user_id in user_ids]

    async def _settle(self, tx: Tx, row: DictRow, given: dict[UUID, int]) -> str:
        """Book and tell what was given; the packet's status then."""
        packet_id, now = row["id"], self._clock.now()
        if given:
            claims = [
                (new_id(), PROMISED, f"payable:user:{user_id}", cents) for user_id, cents in given.items()
            ]
            await ledger.post_pairs(tx, "red_packet_claims", claims, currency=row["currency"], at=now)
        if await repository.left_cents(tx, packet_id) == 0:
            await _end(tx, row, "empty", self._clock)
            return "empty"
        packet = await get(tx, packet_id)
        claimed = {"id": str(packet_id), "claimed": packet.claimed, "claimed_cents": packet.claimed_cents}
        await emit(tx, room_topic(row["room_id"]), Event("red_packet.claimed", claimed))
        return "open"

    def _remember(self, packet_id: UUID, status: str, currency: str, winners: Sequence[DictRow]) -> None:
        if len(self._ended) >= REMEMBERED:
            del self._ended[next(iter(self._ended))]
        shares = {row["user_id"]: row["amount_cents"] for row in winners}
        self._ended[packet_id] = (status, currency, shares)


def _refusal(status: str) -> Conflict:
    return RedPacketExpired() if status == "expired" else RedPacketEmpty()
