"""Pictures in a process of their own: one at a time, with a time-out; a stream is never slowed.

What does not fit into the short queue is dropped and counted: the next frame comes in seconds. A detector that
crashes or hangs costs its process, which is replaced, and is told as an `unscreened` finding.
"""

import asyncio
import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from types import TracebackType
from typing import Self

import structlog

from ..findings import Category, Finding
from .detectors import BadPicture, Pictures, load_picture

TIMEOUT_S = 30.0
WAITING = 8
NICENESS = 15

log = structlog.get_logger()
Look = Callable[[bytes], list[Finding]]


@dataclass(frozen=True, slots=True)
class Screened:
    """What a picture showed; `dropped`: the queue was full and nobody looked."""

    findings: list[Finding]
    dropped: bool = False


def look(data: bytes) -> list[Finding]:
    """All detectors over an encoded picture, in the worker's process."""
    try:
        picture = load_picture(data)
    except BadPicture as problem:
        return [Finding(Category.UNSCREENED, 1.0, "picture.broken", 0, 0, str(problem))]
    return _pictures().find(picture)


@cache
def _pictures() -> Pictures:
    return Pictures()


def gently() -> None:
    """Let everything else go first, and keep to one core: the models' threads follow it."""
    with suppress(OSError, AttributeError):
        os.nice(NICENESS)
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


class PictureWorker:
    """`async with PictureWorker() as worker: await worker.screen(jpeg)`."""

    def __init__(self, look: Look = look, *, timeout_s: float = TIMEOUT_S, waiting: int = WAITING) -> None:
        self._look = look
        self._timeout_s = timeout_s
        self._places = waiting
        self._turn = asyncio.Lock()
        self._pool: ProcessPoolExecutor | None = None
        self.dropped = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_process()

    async def screen(self, data: bytes) -> Screened:
        """Look at one encoded picture; answers within the time-out of those before it and its own."""
        if self._places == 0:
            self.dropped += 1
            return Screened([], dropped=True)
        self._places -= 1
        try:
            async with self._turn:
                return Screened(await self._in_process(data))
        finally:
            self._places += 1

    async def _in_process(self, data: bytes) -> list[Finding]:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                1, mp_context=multiprocessing.get_context("spawn"), initializer=gently
            )
        running = asyncio.get_running_loop().run_in_executor(self._pool, self._look, data)
        try:
            return await asyncio.wait_for(running, self._timeout_s)
        except TimeoutError:
            return self._failed("picture.timeout")
        except BrokenProcessPool:
            return self._failed("picture.crash")
        except Exception:
            log.exception("a picture was not screened")
            return self._failed("picture.failure")

    def _failed(self, detector: str) -> list[Finding]:
        log.warning("picture detector replaced", detector=detector)
        self._end_process()
        return [Finding(Category.UNSCREENED, 1.0, detector, 0, 0, "")]

    def _end_process(self) -> None:
        pool, self._pool = self._pool, None
        if pool is None:
            return
        processes = list((pool._processes or {}).values())
        pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            with suppress(ProcessLookupError):
                process.kill()
