"""A small number of the schedules that `shopcast check payments` runs by the thousand."""

import asyncio
import shutil
from pathlib import Path

import pytest

from app.checks.crashes import Fuse
from app.checks.payments_promises import broken
from app.checks.payments_workers import Batch, batches, search
from app.checks.payments_world import Placed, World, new_buyer
from app.core.ids import new_id

pytestmark = pytest.mark.timeout(300)


def run_world(dsn: str, directory: Path, schedules: int) -> str | None:
    with asyncio.Runner() as runner:
        opening = World.open(dsn, directory)
        world = runner.run(opening.__aenter__())
        try:
            return search(runner, world, Batch(20261123, schedules)).violation
        finally:
            runner.run(opening.__aexit__(None, None, None))


async def test_no_schedule_breaks_a_promise(dsn: str, keys: Path, tmp_path: Path) -> None:
    """In a thread, since the machine runs its own loop."""
    shutil.copytree(keys, tmp_path / "keys")
    assert await asyncio.to_thread(run_world, dsn, tmp_path, 12) is None


async def test_a_broken_promise_is_found(dsn: str, keys: Path, tmp_path: Path) -> None:
    """Money and goods that move behind our back."""
    shutil.copytree(keys, tmp_path / "keys")
    async with World.open(dsn, tmp_path) as world:
        await world.begin([2])
        placed = Placed(new_buyer(), next(iter(world.stock)), 1, new_id().hex)
        await world.place(placed)
        await world.open_page(placed, "stripe")
        await world.tap_pay(0)
        await world.come_to_rest()
        assert await broken(world) == []
        next(iter(world.gateway.books)).refunds["by hand"] = 9_900
        async with world.db.transaction() as tx:
            await tx.execute("UPDATE stock SET on_hand = 2 WHERE sku_id = %s", (placed.sku_id,))
        found = await broken(world)
    assert found[0] == "on hand 2 and sold 1 are not 2"
    assert found[1].endswith("is not the sum of its movements")
    assert found[2].startswith("stripe refunded {'by hand': 9900}")


def test_a_fuse_blows_once_after_its_steps() -> None:
    fuse = Fuse("after commit", 1)
    assert [fuse.blows("before commit", "after commit") for _ in range(3)] == [None, "after commit", None]
    assert Fuse().blows("before commit") is None


def test_batches_are_all_there_and_each_has_its_own_seed() -> None:
    made = batches(250, 7)
    assert [batch.schedules for batch in made] == [100, 100, 50]
    assert [batch.seed for batch in made] == [7_000_000, 7_000_001, 7_000_002]
