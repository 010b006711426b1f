"""Look-ups that come at once share a query."""

import asyncio
from collections.abc import Sequence

import pytest

from app.core.batching import Batcher


class Source:
    """Remembers what it was asked for; answers when told to."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go = asyncio.Event()

    async def load(self, keys: Sequence[int]) -> dict[int, str]:
        self.batches.append(list(keys))
        await self.go.wait()
        return {key: str(key) for key in keys if key < 100}


async def test_whoever_asks_meanwhile_shares_the_next_query() -> None:
    source = Source()
    batcher = Batcher(source.load)
    asking = [asyncio.create_task(batcher.get(key)) for key in (1, 2, 3, 2, 100)]
    await asyncio.sleep(0)
    source.go.set()
    assert await asyncio.gather(*asking) == ["1", "2", "3", "2", None]
    assert sum(len(batch) for batch in source.batches) == 4
    assert await batcher.get(1) == "1"  # asked anew: nothing is remembered


async def test_one_who_leaves_takes_nobody_along() -> None:
    source = Source()
    batcher = Batcher(source.load)
    leaving, staying = asyncio.create_task(batcher.get(1)), asyncio.create_task(batcher.get(2))
    await asyncio.sleep(0)
    leaving.cancel()
    source.go.set()
    assert await staying == "2"
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_an_error_reaches_everyone_in_the_batch() -> None:
    async def fail(keys: Sequence[int]) -> dict[int, str]:
        raise ValueError("no database")

    batcher: Batcher[int, str] = Batcher(fail)
    answers = await asyncio.gather(batcher.get(1), batcher.get(2), return_exceptions=True)
    assert [str(answer) for answer in answers] == ["no database"] * 2
