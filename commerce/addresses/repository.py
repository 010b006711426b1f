"""Addresses in SQL: sealed, so that a copy of the database tells nobody where people live."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from psycopg.rows import DictRow

from app.core.db import Tx, fetch_all, fetch_one


async def of_user(tx: Tx, user_id: UUID) -> list[DictRow]:
    return await fetch_all(
        tx,
        "SELECT * FROM addresses WHERE user_id = %(user_id)s ORDER BY is_default DESC, created_at DESC, id",
        {"user_id": user_id},
    )


async def get(tx: Tx, user_id: UUID, address_id: UUID) -> DictRow | None:
    return await fetch_one(
        tx,
        "SELECT * FROM addresses WHERE id = %(id)s AND user_id = %(user_id)s FOR UPDATE",
        {"id": address_id, "user_id": user_id},
    )


async def get_many(tx: Tx, address_ids: Collection[UUID]) -> dict[UUID, DictRow]:
    rows = await fetch_all(tx, "SELECT * FROM addresses WHERE id = ANY(%(ids)s)", {"ids": list(address_ids)})
    return {row["id"]: row for row in rows}


async def lock_book(tx: Tx, user_id: UUID) -> None:
    """One change of a user's address book at a time, so that there is one default."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('addresses:' || %s, 0))", (str(user_id),))


# Where sealed records lie: table, column, and whose they are (the owner's id is part of the seal).
SEALED = (
    ("addresses", "sealed", "user_id"),
    ("orders", "address_sealed", "buyer_id"),
    ("orders", "invoice_sealed", "buyer_id"),
)


async def sealed_by_others(
    tx: Tx, table: str, column: str, owner: str, current: int, limit: int
) -> list[DictRow]:
    """id, owner and record of those that another key than `current` has sealed; locked. Names are ours."""
    return await fetch_all(
        tx,
        f"""SELECT id, {owner} AS owner_id, {column} AS sealed FROM {table}
            WHERE get_byte({column}, 0) <> %(current)s ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED""",
        {"current": current, "limit": limit},
    )


async def reseal(tx: Tx, table: str, column: str, records: Mapping[UUID, bytes]) -> None:
    await tx.execute(
        f"""UPDATE {table} SET {column} = r.sealed
            FROM unnest(%s::uuid[], %s::bytea[]) AS r(id, sealed) WHERE {table}.id = r.id""".encode(),
        (list(records), list(records.values())),
    )


async def clear_default(tx: Tx, user_id: UUID) -> None:
    await tx.execute("UPDATE addresses SET is_default = false WHERE user_id = %s AND is_default", (user_id,))


async def insert(
    tx: Tx, address_id: UUID, user_id: UUID, sealed: bytes, *, is_default: bool, at: datetime
) -> None:
    await tx.execute(
        "INSERT INTO addresses (id, user_id, sealed, is_default, created_at) VALUES (%s, %s, %s, %s, %s)",
        (address_id, user_id, sealed, is_default, at),
    )


async def update(tx: Tx, address_id: UUID, sealed: bytes, *, is_default: bool) -> None:
    await tx.execute(
        "UPDATE addresses SET sealed = %s, is_default = %s WHERE id = %s", (sealed, is_default, address_id)
    )


async def delete(tx: Tx, user_id: UUID, address_id: UUID) -> bool:
    """True where there was one."""
    cursor = await tx.execute("DELETE FROM addresses WHERE id = %s AND user_id = %s", (address_id, user_id))
    return cursor.rowcount == 1
