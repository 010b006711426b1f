"""Transactions and what they publish."""

import psycopg
import pytest

from app.core import outbox
from app.core.bus import Bus
from app.core.clock import ManualClock, SystemClock
from app.core.db import Database
from app.core.events import Event

TOPIC = "room:r"


async def test_events_are_published_in_order_after_the_commit(db: Database, bus: Bus) -> None:
    async with db.transaction() as tx:
        await outbox.emit(tx, TOPIC, Event("pin.set", {"product_id": "a"}))
        await outbox.emit(tx, TOPIC, Event("pin.set", {"product_id": "b"}))
        assert await bus.head(TOPIC) == 0
    entries = await bus.read_after(TOPIC, 0)
    assert [entry.event.data["product_id"] for entry in entries] == ["a", "b"]
    assert entries[1].seq == entries[0].seq + 1


async def test_a_rollback_publishes_nothing(db: Database, bus: Bus) -> None:
    with pytest.raises(RuntimeError):
        async with db.transaction() as tx:
            await outbox.emit(tx, TOPIC, Event("pin.set", {}))
            raise RuntimeError
    assert await bus.read_after(TOPIC, 0) == []
    async with db.transaction() as tx:
        rows = await (await tx.execute("SELECT * FROM outbox")).fetchall()
    assert rows == []


async def test_the_sweep_publishes_what_a_dead_process_left(dsn: str, bus: Bus) -> None:
    event = Event("order.paid", {"number": "1"})
    async with Database.open(dsn) as dying:  # it has no publisher: as if killed right after its commit
        async with dying.transaction() as tx:
            await outbox.emit(tx, TOPIC, event)
        assert await outbox.sweep(dying, bus, SystemClock()) == 0
        late = ManualClock(event.at)
        late.advance(outbox.LEFT_BEHIND_AFTER_S + 1)
        assert await outbox.sweep(dying, bus, late) == 1
        assert await outbox.sweep(dying, bus, late) == 0
    assert [entry.event for entry in await bus.read_after(TOPIC, 0)] == [event]


async def test_a_published_event_leaves_the_outbox(dsn: str, bus: Bus) -> None:
    async with Database.open(dsn, publisher=bus) as db, db.transaction() as tx:
        await outbox.emit(tx, TOPIC, Event("pin.set", {}))
    async with Database.open(dsn) as db, db.transaction() as tx:
        rows = await (await tx.execute("SELECT * FROM outbox")).fetchall()
    assert rows == []


async def test_a_connection_that_the_server_ended_is_replaced_unseen(dsn: str) -> None:
    async with Database.open(dsn, max_size=1) as db:
        async with db.transaction() as tx:
            ended = tx.info.backend_pid
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as other:
            await other.execute("SELECT pg_terminate_backend(%s, 5000)", (ended,))
        async with db.transaction() as tx:
            assert tx.info.backend_pid != ended
