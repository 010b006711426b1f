"""The search in several processes, each with a database of its own on one server."""

import asyncio
import logging
import multiprocessing
import os
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import psycopg
import structlog
import uvloop
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from psycopg.sql import SQL, Identifier

from app.checks.payments_machine import PaymentsMachine
from app.checks.payments_world import World

STEPS = 20
BATCH_SCHEDULES = 100

_held = AsyncExitStack()


@dataclass(frozen=True, slots=True)
class Batch:
    """What one process searches at a time; the same batch has the same schedules wherever it runs."""

    seed: int
    schedules: int


@dataclass(frozen=True, slots=True)
class Searched:
    """`schedules` counts those that Hypothesis gave up halfway, too: at their end all was looked at as well."""

    batch: Batch
    schedules: int
    violation: str | None
    """The smallest schedule found that breaks a promise, told with its steps; None where none does."""


def batches(schedules: int, seed_number: int) -> list[Batch]:
    """`schedules` in all, each batch with a seed of its own."""
    starts = range(0, schedules, BATCH_SCHEDULES)
    return [
        Batch(seed_number * 1_000_000 + start // BATCH_SCHEDULES, min(BATCH_SCHEDULES, schedules - start))
        for start in starts
    ]


def search_all(dsn: str, directory: Path, wanted: Sequence[Batch], workers: int) -> Iterator[Searched]:
    """Each batch as it ends. `dsn`: a migrated database that nobody is connected to; keys are in `directory`."""
    processes = ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
        initargs=(dsn, directory),
    )
    with processes:
        searches = [processes.submit(_search, batch) for batch in wanted]
        try:
            for search in as_completed(searches):
                yield search.result()
        finally:
            processes.shutdown(cancel_futures=True)


def _begin(dsn: str, directory: Path) -> None:
    """Open this process's world; it ends with the process."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    PaymentsMachine.runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    PaymentsMachine.world = PaymentsMachine.runner.run(
        _held.enter_async_context(World.open(_copy(dsn), directory))
    )


def _copy(dsn: str) -> str:
    template = psycopg.conninfo.conninfo_to_dict(dsn)["dbname"]
    name = f"check_{os.getpid()}"
    with psycopg.connect(psycopg.conninfo.make_conninfo(dsn, dbname="postgres"), autocommit=True) as server:
        server.execute(
            SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(str(template)))
        )
    return psycopg.conninfo.make_conninfo(dsn, dbname=name)


def _search(batch: Batch) -> Searched:
    """A batch in the process's world."""
    return search(PaymentsMachine.runner, PaymentsMachine.world, batch)


def search(runner: asyncio.Runner, world: World, batch: Batch) -> Searched:
    """Hypothesis makes the schedules of `batch`, and shrinks the first that breaks a promise."""

    @seed(batch.seed)
    class Seeded(PaymentsMachine):
        pass

    Seeded.runner, Seeded.world, Seeded.schedules = runner, world, 0
    how = settings(
        max_examples=batch.schedules,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    violation = None
    try:
        run_state_machine_as_test(Seeded, settings=how)
    except Exception:  # whatever breaks, a promise or the code, is what we search for
        violation = traceback.format_exc()
    return Searched(batch, Seeded.schedules, violation)
