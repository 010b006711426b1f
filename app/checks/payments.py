"""`shopcast check payments`: thousands of schedules, and not one broken promise."""

import asyncio
import os
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

import uvloop

from app import migrations
from app.checks.payments_workers import STEPS, Searched, batches, search_all
from app.core.report import Report
from app.embedded.postgres import UNSAFE_SETTINGS, embedded_postgres_server
from commerce.config import CommerceConfig
from commerce.payments.sandbox.app import create_sandbox_app

QUICK_SCHEDULES = 60


def run(*, schedules: int, seed_number: int, quick: bool, workers: int | None = None) -> int:
    """Print how many schedules were tried and how many broke a promise; the latter.

    `workers` processes; None: one a core.
    """
    report = Report("check payments")
    count = min(schedules, QUICK_SCHEDULES) if quick else schedules
    wanted = batches(count, seed_number)
    workers = min(workers or os.cpu_count() or 1, len(wanted))
    report.progress("starting PostgreSQL")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        stack = AsyncExitStack()
        directory = tempfile.TemporaryDirectory(prefix="shopcast-check-")
        try:
            dsn = runner.run(_database(stack, Path(directory.name)))
            report.progress(
                f"{count} schedules of up to {STEPS} steps, seed {seed_number}, processes: {workers}"
            )
            done: list[Searched] = []
            began = time.monotonic()
            for searched in search_all(dsn, Path(directory.name), wanted, workers):
                done.append(searched)
                tried = sum(each.schedules for each in done)
                report.progress(f"{tried} schedules, {tried / (time.monotonic() - began):.1f} a second")
                if searched.violation is not None:
                    report.progress(searched.violation)
                    break
        finally:
            runner.run(stack.aclose())
            directory.cleanup()
    violations = sum(each.violation is not None for each in done)
    figures = {
        "schedules": sum(each.schedules for each in done),
        "violations": violations,
        "seed": seed_number,
    }
    report.table("check payments", ["figure", "value"], figures.items())
    report.finish(figures)
    return violations


async def _database(stack: AsyncExitStack, directory: Path) -> str:
    """A migrated one to copy from, and every key that its copies share."""
    dsn = await stack.enter_async_context(
        embedded_postgres_server(directory / "postgres", settings=UNSAFE_SETTINGS)
    )
    await asyncio.to_thread(migrations.upgrade, dsn)
    await asyncio.to_thread(create_sandbox_app, CommerceConfig(data_dir=directory), by_itself=False)
    return dsn
