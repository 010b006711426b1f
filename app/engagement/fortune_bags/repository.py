"""Fortune bags and who entered, in SQL."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from psycopg.rows import DictRow

from app.core.db import Tx, fetch_all, fetch_one

_BAG = """
SELECT fortune_bags.*,
       (SELECT count(*) FROM fortune_entries WHERE bag_id = fortune_bags.id) AS entries
FROM fortune_bags
"""


async def add(
    tx: Tx,
    *,
    bag_id: UUID,
    room_id: UUID,
    created_by: UUID,
    prize: str,
    winners: int,
    entry: str,
    words: str,
    watch_s: int,
    commitment: str,
    seed: bytes,
    now: datetime,
    draws_at: datetime,
) -> None:
    await tx.execute(
        """INSERT INTO fortune_bags (id, room_id, created_by, prize, winners, entry, words, watch_s, commitment,
                                     seed, created_at, draws_at)
           VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)""",
        (
            *(bag_id, room_id, created_by, prize, winners, entry, words, watch_s, commitment),
            *(seed, now, draws_at),
        ),
    )


async def bag(tx: Tx, bag_id: UUID) -> DictRow | None:
    """The bag with the number of its entries."""
    return await fetch_one(tx, _BAG + "WHERE id = %(id)s", {"id": bag_id})


async def of_room(tx: Tx, room_id: UUID, limit: int) -> list[DictRow]:
    return await fetch_all(
        tx,
        _BAG + "WHERE room_id = %(room)s ORDER BY created_at DESC LIMIT %(limit)s",
        {"room": room_id, "limit": limit},
    )


async def hold(tx: Tx, bag_id: UUID) -> DictRow | None:
    """The bag, which cannot be drawn while somebody enters."""
    return await fetch_one(tx, "SELECT * FROM fortune_bags WHERE id = %(id)s FOR SHARE", {"id": bag_id})


async def lock(tx: Tx, bag_id: UUID) -> DictRow | None:
    """The bag, for its draw."""
    return await fetch_one(tx, "SELECT * FROM fortune_bags WHERE id = %(id)s FOR UPDATE", {"id": bag_id})


async def enter(tx: Tx, bag_id: UUID, user_id: UUID, ticket: UUID, now: datetime) -> UUID:
    """The user's ticket: the new one, or the one from before."""
    await tx.execute(
        """INSERT INTO fortune_entries (bag_id, user_id, ticket, entered_at) VALUES (%s, %s, %s, %s)
           ON CONFLICT (bag_id, user_id) DO NOTHING""",
        (bag_id, user_id, ticket, now),
    )
    row = await fetch_one(
        tx,
        "SELECT ticket FROM fortune_entries WHERE bag_id = %(bag)s AND user_id = %(user)s",
        {"bag": bag_id, "user": user_id},
    )
    assert row is not None
    found: UUID = row["ticket"]
    return found


async def has_said(tx: Tx, room_id: UUID, user_id: UUID, words: str, since: datetime) -> bool:
    """True where the user has visibly written `words` in the room since then."""
    row = await fetch_one(
        tx,
        """SELECT EXISTS (SELECT 1 FROM chat_messages
             WHERE room_id = %(room)s AND author_id = %(user)s AND status = 'visible'
               AND created_at >= %(since)s AND strpos(lower(text), lower(%(words)s)) > 0) AS said""",
        {"room": room_id, "user": user_id, "words": words, "since": since},
    )
    return bool(row and row["said"])


async def tickets(tx: Tx, bag_id: UUID) -> list[UUID]:
    """All tickets, ascending."""
    rows = await fetch_all(
        tx, "SELECT ticket FROM fortune_entries WHERE bag_id = %(id)s ORDER BY ticket", {"id": bag_id}
    )
    return [row["ticket"] for row in rows]


async def set_drawn(tx: Tx, bag_id: UUID, winning: Sequence[UUID], now: datetime) -> None:
    await tx.execute(
        """UPDATE fortune_entries SET place = won.place
           FROM unnest(%s::uuid[]) WITH ORDINALITY AS won(ticket, place)
           WHERE fortune_entries.ticket = won.ticket AND bag_id = %s""",
        (list(winning), bag_id),
    )
    await tx.execute("UPDATE fortune_bags SET status = 'drawn', drawn_at = %s WHERE id = %s", (now, bag_id))


async def winners(tx: Tx, bag_id: UUID) -> list[DictRow]:
    """Who won, first place first."""
    return await fetch_all(
        tx,
        """SELECT place, ticket, user_id, display_name
           FROM fortune_entries JOIN users ON users.id = user_id
           WHERE bag_id = %(id)s AND place IS NOT NULL ORDER BY place""",
        {"id": bag_id},
    )
