"""Micro-batches: what arrives while one transaction runs goes into the next one together."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, Self, TypeVar

from app.core.errors import RateLimited

Item = TypeVar("Item")
Result = TypeVar("Result")


class Busy(RateLimited):
    """More is waiting than can be worked off in a reasonable time; nothing was done."""

    code = "busy"
    title = "Too many at once; try again"


class Batcher(Generic[Item, Result]):
    """Hands waiting items to `write`, up to `limit` at a time, one batch after the other, in order.

    `write` answers one result per item; a result that is an exception is raised to its submitter, and
    so is what `write` itself raises, to all of the batch. As an async context manager it waits at its
    end for what was submitted.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Item]], Awaitable[Sequence[Result | Exception]]],
        *,
        limit: int = 200,
        waiting: int = 2_000,
    ) -> None:
        """`waiting`: how many items may wait; beyond that `submit` raises Busy."""
        self._write = write
        self._limit = limit
        self._waiting: asyncio.Queue[tuple[Item, asyncio.Future[Result]]] = asyncio.Queue(waiting)
        self._worker: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._worker is not None:
            await self._worker

    @property
    def idle(self) -> bool:
        """True while nothing is written or waits."""
        return self._worker is None

    async def submit(self, item: Item) -> Result:
        """The result for `item`, once its batch is written."""
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        try:
            self._waiting.put_nowait((item, done))
        except asyncio.QueueFull:
            raise Busy from None
        if self._worker is None:
            self._worker = asyncio.create_task(self._work(), name="batcher")
        return await done

    async def _work(self) -> None:
        """Write until nothing waits."""
        try:
            while not self._waiting.empty():
                batch = [self._waiting.get_nowait()]
                while len(batch) < self._limit and not self._waiting.empty():
                    batch.append(self._waiting.get_nowait())
                try:
                    results = await self._write([item for item, _ in batch])
                except Exception as error:
                    results = [error] * len(batch)
                for (_, done), result in zip(batch, results, strict=True):
                    _settle(done, result)
        finally:
            self._worker = None


def _settle(done: "asyncio.Future[Result]", result: Result | Exception) -> None:
    if done.done():
        return
    if isinstance(result, Exception):
        done.set_exception(result)
    else:
        done.set_result(result)
