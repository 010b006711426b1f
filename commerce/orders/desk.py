"""Where orders come in: one writer per SKU and process, which commits micro-batches.

While a writer commits, the drafts that arrive wait together for its next transaction; so a thousand
buyers of one SKU cost a handful of commits and never queue for a row lock. Other processes do the same;
the row lock keeps them apart.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Self

import psycopg
import structlog
from psycopg.rows import DictRow

from app.core.clock import Clock
from app.core.db import Database
from app.core.errors import Problem, RateLimited
from commerce.inventory.rooms import ProductRooms
from commerce.orders.placement import OrderDraft, place
from commerce.privacy import Vault

WRITERS = 2
BATCH_SIZE = 256
QUEUE_SIZE = 4_096
PACE_S = 0.03

log = structlog.get_logger()

_Waiting = tuple[OrderDraft, "asyncio.Future[DictRow]"]


class Busy(RateLimited):
    """More orders wait than can be placed within a time that anybody would wait."""

    code = "busy"
    status = 503
    title = "Too many orders at once; try again"


class OrderDesk:
    """Places orders. Get one by `async with OrderDesk.open(...)`."""

    def __init__(self, db: Database, rooms: ProductRooms, vault: Vault, clock: Clock, payment_s: int) -> None:
        self._db = db
        self._rooms = rooms
        self._vault = vault
        self._clock = clock
        self._payment_s = payment_s
        self._queues: list[asyncio.Queue[_Waiting]] = [asyncio.Queue(QUEUE_SIZE) for _ in range(WRITERS)]

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        db: Database,
        rooms: ProductRooms,
        vault: Vault,
        clock: Clock,
        *,
        payment_s: int,
    ) -> AsyncIterator[Self]:
        desk = cls(db, rooms, vault, clock, payment_s)
        writers = [
            asyncio.create_task(desk._write(queue), name=f"order-writer-{number}")
            for number, queue in enumerate(desk._queues)
        ]
        try:
            yield desk
        finally:
            for writer in writers:
                writer.cancel()
            await asyncio.gather(*writers, return_exceptions=True)

    async def place(self, draft: OrderDraft) -> DictRow:
        """The order's row, once it is durable; raises the Problem that it was refused with."""
        done: asyncio.Future[DictRow] = asyncio.get_running_loop().create_future()
        sku_id = min(line.sku_id for line in draft.request.lines)
        try:
            self._queues[hash(sku_id) % WRITERS].put_nowait((draft, done))
        except asyncio.QueueFull as full:
            raise Busy(retry_after_s=1) from full
        return await done

    async def _write(self, queue: "asyncio.Queue[_Waiting]") -> None:
        loop = asyncio.get_running_loop()
        began = -PACE_S
        while True:
            waiting = [await queue.get()]
            try:
                # A lone order is placed at once; in a rush the next ones join it, since a transaction costs
                # much the same for one order as for fifty.
                await asyncio.sleep(max(began + PACE_S - loop.time(), 0))
                began = loop.time()
                while len(waiting) < BATCH_SIZE and not queue.empty():
                    waiting.append(queue.get_nowait())
                await self._settle(waiting)
            except asyncio.CancelledError:
                for _, done in waiting:
                    done.cancel()
                raise

    async def _settle(self, waiting: Sequence[_Waiting], *, again: bool = True) -> None:
        """Commit one batch; should it fail as a whole, each draft has one more try on its own.

        One buyer's key at two writers at once ends here: the second try finds what the first one wrote.
        """
        try:
            results = await self._commit([draft for draft, _ in waiting])
        except psycopg.Error as error:
            if not again:
                _resolve(waiting[0][1], error)
                return
            log.warning("orders are placed one by one", size=len(waiting), error=repr(error))
            for one in waiting:
                await self._settle([one], again=False)
            return
        except Exception as error:
            for _, done in waiting:
                _resolve(done, error)
            return
        for (_, done), result in zip(waiting, results, strict=True):
            _resolve(done, result)

    async def _commit(self, drafts: Sequence[OrderDraft]) -> list[DictRow | Problem]:
        async with self._db.transaction() as tx:
            return await place(
                tx, self._rooms, self._vault, drafts, at=self._clock.now(), payment_s=self._payment_s
            )


def _resolve(done: "asyncio.Future[DictRow]", result: DictRow | Exception) -> None:
    """A buyer who has gone (a cancelled future) keeps the order; the same key finds it again."""
    if done.done():
        return
    if isinstance(result, Exception):
        done.set_exception(result)
    else:
        done.set_result(result)
