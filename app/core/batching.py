"""Many small look-ups as one: whoever asks while a query is under way shares the next."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

Load = Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]


class Batcher(Generic[K, V]):
    """Loads values by key, a batch at a time and one batch after the other."""

    def __init__(self, load: Load[K, V], *, pace_s: float = 0) -> None:
        """`load` answers what it finds of the keys; its error goes to everyone in its batch.

        In a rush batches begin `pace_s` apart, so that each is worth its query; a lone look-up never waits.
        """
        self._load = load
        self._pace_s = pace_s
        self._began = -pace_s
        self._lock = asyncio.Lock()
        self._waiting: dict[K, asyncio.Future[V | None]] = {}

    async def get(self, key: K) -> V | None:
        """The value as it is now, None where there is none."""
        answer = self._waiting.get(key)
        if answer is None:
            answer = self._waiting[key] = asyncio.get_running_loop().create_future()
        async with self._lock:
            if not answer.done():
                loop = asyncio.get_running_loop()
                await asyncio.sleep(max(self._began + self._pace_s - loop.time(), 0))
                self._began = loop.time()
                await self._load_waiting()
        return answer.result()

    async def _load_waiting(self) -> None:
        batch, self._waiting = self._waiting, {}
        try:
            found = await self._load(list(batch))
        except asyncio.CancelledError:
            self._waiting = batch | self._waiting  # the next in line loads them
            raise
        except Exception as error:
            for answer in batch.values():
                answer.set_exception(error)
            return
        for key, answer in batch.items():
            answer.set_result(found.get(key))
