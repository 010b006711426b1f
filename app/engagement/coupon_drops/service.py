"""Coupons dropped into a room: so many, for so long, one each; whoever takes one gets a code of their own."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from psycopg.rows import DictRow

from app.core.auth import Principal
from app.core.batcher import Batcher
from app.core.clock import Clock
from app.core.db import Database, Tx
from app.core.errors import Conflict, NotFound
from app.core.events import Event, room_topic
from app.core.ids import new_id
from app.core.outbox import emit
from app.engagement.coupon_drops import repository
from app.engagement.coupon_drops.schemas import ClaimedCoupon, CouponDrop, NewCouponDrop
from app.rooms import service as rooms

CURRENCY = "CNY"
CLAIMS_AT_ONCE = 500
SHOWN = 20
CODE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
CODE_LENGTH = 12


class CouponDropNotFound(NotFound):
    code = "coupon_drop_not_found"
    title = "There is no such coupon"


class CouponsGone(Conflict):
    code = "coupons_gone"
    title = "Others were quicker"


class CouponDropClosed(Conflict):
    code = "coupon_drop_closed"
    title = "The time to take one is over"


async def drop(db: Database, clock: Clock, host: Principal, room_id: UUID, form: NewCouponDrop) -> CouponDrop:
    """Drop coupons into the host's room; everybody is told. Raises RoomEnded, Forbidden."""
    now = clock.now()
    closes_at = now + timedelta(seconds=form.open_for_s)
    async with db.transaction() as tx:
        await rooms.lock_open(tx, host, room_id)
        row = await repository.add(
            tx,
            form.model_dump(include={"title", "amount_cents", "rate_bps", "threshold_cents", "quantity"})
            | {
                "id": new_id(),
                "room_id": room_id,
                "created_by": host.user_id,
                "currency": CURRENCY,
                "created_at": now,
                "closes_at": closes_at,
                "valid_until": closes_at + timedelta(seconds=form.valid_for_s),
            },
        )
        dropped = _drop(row)
        await emit(tx, room_topic(room_id), Event("coupon_drop.opened", dropped.model_dump(mode="json")))
    return dropped


async def of_room(tx: Tx, room_id: UUID) -> list[CouponDrop]:
    """The newest drops of a room."""
    return [_drop(row) for row in await repository.of_room(tx, room_id, SHOWN)]


async def mine(tx: Tx, room_id: UUID, user_id: UUID) -> list[ClaimedCoupon]:
    """What this user took in the room, the newest first."""
    return [ClaimedCoupon(**row) for row in await repository.claimed_by(tx, room_id, user_id)]


def _drop(row: DictRow) -> CouponDrop:
    return CouponDrop(**{name: row[name] for name in CouponDrop.model_fields})


class CouponDropDesk:
    """Takes claims; those that arrive together are decided in one transaction."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._claims: Batcher[tuple[UUID, UUID], ClaimedCoupon] = Batcher(
            self._decide, limit=CLAIMS_AT_ONCE, waiting=50_000
        )

    async def claim(self, user_id: UUID, drop_id: UUID) -> ClaimedCoupon:
        """The user's own coupon; asking again returns the same one.

        Raises CouponDropNotFound, CouponsGone, CouponDropClosed, Busy.
        """
        return await self._claims.submit((drop_id, user_id))

    async def _decide(self, claims: Sequence[tuple[UUID, UUID]]) -> list[ClaimedCoupon | Exception]:
        answers: dict[tuple[UUID, UUID], ClaimedCoupon | Exception] = {}
        async with self._db.transaction() as tx:
            for drop_id in sorted({drop_id for drop_id, _ in claims}):
                people = list(dict.fromkeys(user for wanted, user in claims if wanted == drop_id))
                answers |= await self._decide_drop(tx, drop_id, people)
        return [answers[claim] for claim in claims]

    async def _decide_drop(
        self, tx: Tx, drop_id: UUID, people: Sequence[UUID]
    ) -> dict[tuple[UUID, UUID], ClaimedCoupon | Exception]:
        now = self._clock.now()
        row = await repository.lock(tx, drop_id)
        if row is None:
            return {(drop_id, user_id): CouponDropNotFound() for user_id in people}
        codes = await repository.codes_of(tx, drop_id, people)
        closed = row["closes_at"] <= now
        asking = [] if closed else [user_id for user_id in people if user_id not in codes]
        given = [(user_id, new_id(), _code()) for user_id in asking[: row["quantity"] - row["claimed"]]]
        if given:
            await repository.give(tx, row, given, now)
            shown = {"id": str(drop_id), "claimed": row["claimed"] + len(given)}
            await emit(tx, room_topic(row["room_id"]), Event("coupon_drop.claimed", shown))
        codes |= {user_id: code for user_id, _, code in given}
        return {
            (drop_id, user_id): ClaimedCoupon(
                drop_id=drop_id, code=codes[user_id], valid_until=row["valid_until"]
            )
            if user_id in codes
            else (CouponDropClosed() if closed else CouponsGone())
            for user_id in people
        }


def _code() -> str:
    """60 random bits, in letters that are not mistaken for one another."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
