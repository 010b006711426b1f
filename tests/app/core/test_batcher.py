"""Micro-batches: order, bounds, failures."""

import asyncio
from collections.abc import Sequence

import pytest

from app.core.batcher import Batcher, Busy


class Writer:
    """Doubles numbers, one batch at a time, when it is let."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.may_write = asyncio.Event()

    async def __call__(self, items: Sequence[int]) -> list[int | Exception]:
        self.batches.append(list(items))
        await self.may_write.wait()
        return [ValueError(item) if item < 0 else 2 * item for item in items]


async def test_what_waits_goes_together_in_order_and_within_the_limit() -> None:
    writer = Writer()
    async with Batcher(writer, limit=4) as batcher:
        tasks = [asyncio.create_task(batcher.submit(number)) for number in range(10)]
        await asyncio.sleep(0)
        writer.may_write.set()
        assert await asyncio.gather(*tasks) == [2 * number for number in range(10)]

    assert [number for batch in writer.batches for number in batch] == list(range(10))
    assert max(map(len, writer.batches)) == 4


async def test_one_items_failure_is_its_own() -> None:
    writer = Writer()
    writer.may_write.set()
    async with Batcher(writer) as batcher:
        results = await asyncio.gather(*map(batcher.submit, (1, -1, 2)), return_exceptions=True)

    assert (results[0], results[2]) == (2, 4)
    assert isinstance(results[1], ValueError)


async def test_a_failed_batch_fails_for_all_of_it_and_the_next_one_works() -> None:
    fails = True

    async def write(items: Sequence[int]) -> Sequence[int]:
        if fails:
            raise OSError("down")
        return items

    async with Batcher(write) as batcher:
        results = await asyncio.gather(*map(batcher.submit, (1, 2)), return_exceptions=True)
        assert [type(result) for result in results] == [OSError, OSError]
        fails = False
        assert await batcher.submit(3) == 3


async def test_more_than_may_wait_is_refused() -> None:
    writer = Writer()
    async with Batcher(writer, limit=1, waiting=2) as batcher:
        first = asyncio.create_task(batcher.submit(0))
        while not writer.batches:
            await asyncio.sleep(0)
        waiting = [asyncio.create_task(batcher.submit(number)) for number in (1, 2)]
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await batcher.submit(3)
        writer.may_write.set()
        assert await asyncio.gather(first, *waiting) == [0, 2, 4]


async def test_the_end_waits_for_what_was_submitted() -> None:
    writer = Writer()
    async with Batcher(writer) as batcher:
        submitted = asyncio.create_task(batcher.submit(7))
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_soon(writer.may_write.set)
    assert submitted.done()
    assert submitted.result() == 14
