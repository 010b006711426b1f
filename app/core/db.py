"""PostgreSQL: one pool a process, one transaction a request, rows as dicts."""

import asyncio
import select
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol, Self
from uuid import UUID

import psycopg
import structlog
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from app.core.events import Event

FORGET_EVERY_S = 0.5

log = structlog.get_logger()


class Publisher(Protocol):
    """Where events go once their transaction has committed (`app.core.bus.Bus`)."""

    async def publish(self, topic: str, event: Event) -> int: ...


class Tx(psycopg.AsyncConnection[DictRow]):
    """A connection inside `Database.transaction()`; `emitted` waits for the commit."""

    emitted: list[tuple[str, Event]]


class Database:
    """A pool of connections. Get one by `async with Database.open(dsn)`."""

    def __init__(self, pool: "AsyncConnectionPool[Tx]", publisher: Publisher | None) -> None:
        self.pool = pool
        self._publisher = publisher
        self._published: list[UUID] = []

    @classmethod
    @asynccontextmanager
    async def open(
        cls, dsn: str, *, publisher: Publisher | None = None, max_size: int = 10, timeout_s: float = 10
    ) -> AsyncIterator[Self]:
        """Connect; raises psycopg_pool.PoolTimeout where PostgreSQL does not answer within `timeout_s`.

        Without a `publisher`, events stay in the outbox until a sweep publishes them.
        """
        async with AsyncConnectionPool(
            dsn,
            min_size=1,
            max_size=max_size,
            timeout=timeout_s,
            connection_class=Tx,
            kwargs={"row_factory": dict_row, "options": "-c timezone=UTC"},
            check=_check,
            open=False,
        ) as pool:
            await pool.wait(timeout_s)
            database = cls(pool, publisher)
            forgetting = asyncio.create_task(database._forget_published(), name="outbox-forget")
            try:
                yield database
            finally:
                forgetting.cancel()
                with suppress(asyncio.CancelledError):
                    await forgetting
                await database._forget()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        """Commit when the block ends, roll back when it raises; then publish what it emitted."""
        async with self.pool.connection() as tx:
            tx.emitted = []
            async with tx.transaction():
                yield tx
            emitted, tx.emitted = tx.emitted, []
        if emitted and self._publisher:
            await self._publish(self._publisher, emitted)

    async def _publish(self, publisher: Publisher, emitted: list[tuple[str, Event]]) -> None:
        """The transaction stands whatever happens here; what fails is left for the sweep."""
        for topic, event in emitted:
            try:
                await publisher.publish(topic, event)
            except Exception:
                log.warning("event left in the outbox", topic=topic, event_type=event.type, exc_info=True)
            else:
                self._published.append(event.id)

    async def _forget_published(self) -> None:
        while True:
            await asyncio.sleep(FORGET_EVERY_S)
            try:
                await self._forget()
            except psycopg.Error:
                log.warning("outbox not cleared", exc_info=True)

    async def _forget(self) -> None:
        published, self._published = self._published, []
        if published:
            async with self.pool.connection() as tx:
                await tx.execute("DELETE FROM outbox WHERE id = ANY(%s)", (published,))


async def _check(connection: Tx) -> None:
    """Raises psycopg.OperationalError where the server has hung up.

    To an idle connection a server has nothing to say: unless it did, a request is spared the round trip of asking.
    """
    readable = select.poll()
    readable.register(connection.fileno(), select.POLLIN)
    if readable.poll(0):
        await AsyncConnectionPool.check_connection(connection)


async def fetch_one(tx: Tx, query: str, params: dict[str, Any] | None = None) -> DictRow | None:
    """The first row, or None."""
    return await (await tx.execute(query.encode(), params)).fetchone()


async def fetch_all(tx: Tx, query: str, params: dict[str, Any] | None = None) -> list[DictRow]:
    """Every row."""
    return await (await tx.execute(query.encode(), params)).fetchall()
