"""Owns an encoding process: pictures in, renditions out, never slowing whoever feeds it."""

import asyncio
import contextlib
import logging
import re
import sys
import time
from collections.abc import Callable, Sequence

from media.engines.base import VideoFrame
from media.h264 import annex_b, packetize
from media.renditions.ladder import Rung
from media.renditions.wire import HEAD, SOURCE, Picture, parse_head

logger = logging.getLogger(__name__)

MAX_QUEUED_PICTURES = 90
_RESTART_AFTER_S = 1.0
_END_WITHIN_S = 5.0
_START_CODE = re.compile(rb"\x00\x00\x00?\x01")

OnRendition = Callable[[int, VideoFrame], None]
"""Called in the loop with the rung's place in the ladder and its picture."""


class Transcoder:
    """One publisher's. `push` never waits: three seconds behind, pictures are left out up to a key frame.

    A process that dies is started again and goes on at the next key frame.
    """

    def __init__(self, rungs: Sequence[Rung], on_rendition: OnRendition) -> None:
        self._rungs = rungs
        self._on_rendition = on_rendition
        self._queue: asyncio.Queue[Picture] = asyncio.Queue(MAX_QUEUED_PICTURES)
        self._needs_key = True
        self.frames_dropped = 0
        self.starts = 0
        self._task = asyncio.create_task(self._run(), name="renditions")

    def push(self, frame: VideoFrame) -> None:
        """Take a picture of the source."""
        if self._needs_key and not frame.key:
            self.frames_dropped += 1
            return
        try:
            self._queue.put_nowait(Picture(SOURCE, frame.key, frame.timestamp, annex_b(frame.payloads)))
            self._needs_key = False
        except asyncio.QueueFull:
            self.frames_dropped += 1
            self._needs_key = True

    async def close(self) -> None:
        """End the process."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _run(self) -> None:
        while True:
            self.starts += 1
            try:
                await self._work()
            except (OSError, ValueError, asyncio.IncompleteReadError) as error:
                logger.warning("renditions: the encoding process ended (%s)", error)
            while not self._queue.empty():
                self._queue.get_nowait()
            self._needs_key = True
            await asyncio.sleep(_RESTART_AFTER_S)

    async def _work(self) -> None:
        rungs = [f"{rung.short_edge_px}:{rung.bitrate_bps}" for rung in self._rungs]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "media.renditions.worker",
            *rungs,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        writing = asyncio.create_task(self._write(process.stdin))
        try:
            await self._read(process.stdout)
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            process.stdin.close()
            await _ended(process)

    async def _write(self, stdin: asyncio.StreamWriter) -> None:
        while True:
            stdin.write((await self._queue.get()).to_bytes())
            await stdin.drain()

    async def _read(self, stdout: asyncio.StreamReader) -> None:
        while True:
            rendition, key, timestamp, length = parse_head(await stdout.readexactly(HEAD.size))
            data = await stdout.readexactly(length)
            nals = [nal for part in _START_CODE.split(data) if (nal := part.rstrip(b"\x00"))]
            frame = VideoFrame(timestamp, tuple(packetize(nals)), key, time.monotonic())
            self._on_rendition(rendition, frame)


async def _ended(process: asyncio.subprocess.Process) -> None:
    try:
        async with asyncio.timeout(_END_WITHIN_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
