"""Events that must not be lost: written in the transaction they belong to, published once it has committed.

The process that committed publishes at once (`Database.transaction`). Should it die before that,
`sweep` publishes what it left. An event can therefore come twice; receivers drop the second by its id.
"""

from datetime import timedelta

import orjson
from psycopg.types.json import Jsonb

from app.core.clock import Clock
from app.core.db import Database, Publisher, Tx
from app.core.events import Event

LEFT_BEHIND_AFTER_S = 5


async def emit(tx: Tx, topic: str, event: Event) -> None:
    """Store `event` in `tx`; it is published right after the commit, and never after a rollback."""
    await tx.execute(
        "INSERT INTO outbox (id, topic, type, data, created_at) VALUES (%s, %s, %s, %s, %s)",
        (event.id, topic, event.type, Jsonb(event.data, dumps=orjson.dumps), event.at),
    )
    tx.emitted.append((topic, event))


async def sweep(db: Database, publisher: Publisher, clock: Clock, limit: int = 500) -> int:
    """Publish what a dead process left behind; how many events there were."""
    async with db.transaction() as tx:
        rows = await (
            await tx.execute(
                """SELECT id, topic, type, data, created_at FROM outbox WHERE created_at < %s
                   ORDER BY created_at, id LIMIT %s FOR UPDATE SKIP LOCKED""",
                (clock.now() - timedelta(seconds=LEFT_BEHIND_AFTER_S), limit),
            )
        ).fetchall()
        for row in rows:
            event = Event(row["type"], row["data"], row["id"], row["created_at"])
            await publisher.publish(row["topic"], event)
        await tx.execute("DELETE FROM outbox WHERE id = ANY(%s)", ([row["id"] for row in rows],))
    return len(rows)
