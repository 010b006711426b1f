"""`shopcast check payments`: thousands of schedules, and not one broken promise."""

import asyncio
import logging
import tempfile
import traceback
from contextlib import AsyncExitStack
from pathlib import Path

import structlog
import uvloop
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from app import migrations
from app.checks.payments_machine import PaymentsMachine
from app.checks.payments_world import World
from app.core.report import Report
from app.embedded.postgres import UNSAFE_SETTINGS, embedded_postgres_server

STEPS = 20
QUICK_SCHEDULES = 60


def run(*, schedules: int, seed_number: int, quick: bool) -> int:
    """Print how many schedules were tried and how many broke a promise; the latter."""
    report = Report("check payments")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    count = min(schedules, QUICK_SCHEDULES) if quick else schedules
    report.progress("starting PostgreSQL")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        stack = AsyncExitStack()
        directory = tempfile.TemporaryDirectory(prefix="shopcast-check-")
        try:
            world = runner.run(_world(stack, Path(directory.name)))
            report.progress(f"{count} schedules of up to {STEPS} steps, seed {seed_number}")
            PaymentsMachine.progress = report.progress
            violation = search(runner, world, schedules=count, seed_number=seed_number)
        finally:
            runner.run(stack.aclose())
            directory.cleanup()
    violations = 0 if violation is None else 1
    if violation is not None:
        report.progress(violation)
    figures = {"schedules": PaymentsMachine.schedules, "violations": violations, "seed": seed_number}
    report.table("check payments", ["figure", "value"], figures.items())
    report.finish(figures)
    return violations


def search(runner: asyncio.Runner, world: World, *, schedules: int, seed_number: int) -> str | None:
    """The smallest schedule found that breaks a promise, told with its steps; None where none does."""
    PaymentsMachine.runner, PaymentsMachine.world, PaymentsMachine.schedules = runner, world, 0

    @seed(seed_number)
    class Seeded(PaymentsMachine):
        pass

    Seeded.runner, Seeded.world = runner, world
    how = settings(
        max_examples=schedules,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(Seeded, settings=how)
    except Exception:  # whatever breaks, a promise or the code, is what we search for
        return traceback.format_exc()
    finally:
        PaymentsMachine.schedules = Seeded.schedules
    return None


async def _world(stack: AsyncExitStack, directory: Path) -> World:
    dsn = await stack.enter_async_context(
        embedded_postgres_server(directory / "postgres", settings=UNSAFE_SETTINGS)
    )
    await asyncio.to_thread(migrations.upgrade, dsn)
    return await stack.enter_async_context(World.open(dsn, directory))
