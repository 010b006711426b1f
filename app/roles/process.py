"""How a role's process runs: until it is told to stop, or until the supervisor that started it is gone."""

import asyncio
import gc
import importlib
import multiprocessing
import os
import signal
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from types import ModuleType

import structlog
import uvicorn
import uvloop
from fastapi import FastAPI

from app.runtime import configure_logging
from app.settings import Settings

YOUNG_OBJECTS = 50_000
LISTENING_CHECK_S = 0.01
ORPHAN_LIFETIME_S = 10

log = structlog.get_logger()

Run = Callable[[Settings], Awaitable[None]]


def run_role(name: str, run: Run) -> None:
    """Run until SIGINT or SIGTERM; what `run` opened is closed by its cancellation."""
    configure_logging(name)
    with suppress(KeyboardInterrupt):
        uvloop.run(_until_stopped(run, Settings()))


def run_supervised(role: str, environment: Mapping[str, str]) -> None:
    """The main function of a process that the supervisor forked."""
    os.setsid()  # Ctrl-C reaches the supervisor alone, which stops the roles in order
    os.environ.update(environment)
    run_role(role, role_module(role).run)


def role_module(role: str) -> ModuleType:
    """The module that runs `role`."""
    return importlib.import_module(f"app.roles.{role.replace('-', '_')}")


async def _until_stopped(run: Run, settings: Settings) -> None:
    task = asyncio.ensure_future(run(settings))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    supervisor = multiprocessing.parent_process()
    if supervisor is not None:
        loop.add_reader(supervisor.sentinel, _stop_orphaned, supervisor.sentinel, task)
    with suppress(asyncio.CancelledError):
        await task


def _stop_orphaned(sentinel: int, task: asyncio.Future[None]) -> None:
    """A supervisor that was killed cannot stop us: the end of a pipe that it held does."""
    asyncio.get_running_loop().remove_reader(sentinel)
    log.warning("the supervisor is gone: stopping")
    signal.alarm(ORPHAN_LIFETIME_S)  # nobody is left to kill what hangs
    task.cancel()


async def serve(app: FastAPI, host: str, port: int, alive: AbstractAsyncContextManager[None]) -> None:
    """Serve `app` over HTTP until cancelled; then finish what is under way, for 5 s at the most.

    `alive` (a heartbeat) is entered once the port is open.
    """
    calm_garbage_collection()
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
        backlog=4096,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(), name="uvicorn")
    try:
        while not (server.started or serving.done()):
            await asyncio.sleep(LISTENING_CHECK_S)
        async with alive:
            await asyncio.shield(serving)
    finally:
        server.should_exit = True
        await serving


def calm_garbage_collection() -> None:
    """What is loaded stays: a collection in the middle of a burst would walk through all of it, for nothing."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 20, 50)


class _Server(uvicorn.Server):
    """Leaves signals to the process that runs it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
