"""Bringing every sealed record under the current key, so that older keys can go."""

from collections.abc import Mapping
from uuid import UUID

from app.core.db import Database
from commerce.addresses import repository
from commerce.privacy import Vault

BATCH = 500


async def reseal_all(db: Database, vault: Vault) -> int:
    """How many records were under another key; each batch is a transaction of its own."""
    vault.reload()
    done = 0
    for table, column, owner in repository.SEALED:
        while count := await _batch(db, vault, table, column, owner):
            done += count
    return done


async def _batch(db: Database, vault: Vault, table: str, column: str, owner: str) -> int:
    async with db.transaction() as tx:
        rows = await repository.sealed_by_others(tx, table, column, owner, vault.current, BATCH)
        records: Mapping[UUID, bytes] = {
            row["id"]: vault.rotate(bytes(row["sealed"]), row["owner_id"].bytes) for row in rows
        }
        if records:
            await repository.reseal(tx, table, column, records)
    return len(records)
