"""Dropped coupons and who took one, in SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow

from app.core.db import Tx, fetch_all, fetch_one


async def add(tx: Tx, drop: Mapping[str, Any]) -> DictRow:
    row = await fetch_one(
        tx,
        """INSERT INTO coupon_drops (id, room_id, created_by, title, amount_cents, rate_bps, threshold_cents,
                                     currency, quantity, created_at, closes_at, valid_until)
           VALUES (%(id)s, %(room_id)s, %(created_by)s, %(title)s, %(amount_cents)s, %(rate_bps)s,
                   %(threshold_cents)s, %(currency)s, %(quantity)s, %(created_at)s, %(closes_at)s,
                   %(valid_until)s) RETURNING *""",
        dict(drop),
    )
    assert row is not None
    return row


async def of_room(tx: Tx, room_id: UUID, limit: int) -> list[DictRow]:
    """The newest first."""
    return await fetch_all(
        tx,
        "SELECT * FROM coupon_drops WHERE room_id = %(room)s ORDER BY created_at DESC LIMIT %(limit)s",
        {"room": room_id, "limit": limit},
    )


async def lock(tx: Tx, drop_id: UUID) -> DictRow | None:
    """Claims of one drop come one after the other."""
    return await fetch_one(tx, "SELECT * FROM coupon_drops WHERE id = %(id)s FOR UPDATE", {"id": drop_id})


async def codes_of(tx: Tx, drop_id: UUID, user_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The code of each of these users who has one."""
    rows = await fetch_all(
        tx,
        """SELECT user_id, code FROM coupon_drop_claims JOIN coupons ON coupons.id = coupon_id
           WHERE drop_id = %(id)s AND user_id = ANY(%(users)s)""",
        {"id": drop_id, "users": list(user_ids)},
    )
    return {row["user_id"]: row["code"] for row in rows}


async def claimed_by(tx: Tx, room_id: UUID, user_id: UUID) -> list[DictRow]:
    """What this user took in the room: `drop_id`, `code`, `valid_until`, `used`."""
    return await fetch_all(
        tx,
        """SELECT drop_id, code, valid_until, coupons.used >= total_limit AS used FROM coupon_drop_claims
           JOIN coupons ON coupons.id = coupon_id JOIN coupon_drops ON coupon_drops.id = drop_id
           WHERE coupon_drops.room_id = %(room)s AND user_id = %(user)s ORDER BY claimed_at DESC""",
        {"room": room_id, "user": user_id},
    )


async def give(tx: Tx, drop: DictRow, claims: Sequence[tuple[UUID, UUID, str]], now: datetime) -> None:
    """Make a coupon for each claim (user, coupon's id, its code) on the locked drop."""
    users, ids, codes = (list(column) for column in zip(*claims, strict=True))
    await tx.execute(
        """INSERT INTO coupons (id, code, amount_cents, rate_bps, threshold_cents, currency, room_id, funded_by,
                                total_limit, per_buyer, starts_at, ends_at)
           SELECT made.id, made.code, amount_cents, rate_bps, threshold_cents, currency, room_id, 'merchant',
                  1, 1, created_at, valid_until
           FROM coupon_drops, unnest(%s::uuid[], %s::text[]) AS made(id, code) WHERE coupon_drops.id = %s""",
        (ids, codes, drop["id"]),
    )
    await tx.execute(
        """INSERT INTO coupon_drop_claims (drop_id, user_id, coupon_id, claimed_at)
           SELECT %s, user_id, coupon_id, %s FROM unnest(%s::uuid[], %s::uuid[]) AS given(user_id, coupon_id)""",
        (drop["id"], now, users, ids),
    )
    await tx.execute(
        "UPDATE coupon_drops SET claimed = claimed + %s WHERE id = %s", (len(claims), drop["id"])
    )
