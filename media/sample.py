"""A host that needs no browser: plays a voice and pictures over real WHIP, for ever."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av.packet import Packet

from media.client import WebRtcClient
from media.sample_audio import PACKET_MS, SAMPLES_PER_PACKET, TIME_BASE, opus_packets, silence
from media.sample_video import Slide, SlideEncoder, SlideShow

logger = logging.getLogger(__name__)

FIRST_BACKOFF_S = 0.3
MAX_BACKOFF_S = 5.0
SILENT_SERVER_S = 3.0
_CHECK_S = 0.25
_CONNECT_S = 8.0
_MAX_LATE_S = 0.5


def _local_time() -> datetime:
    return datetime.now().astimezone()


@dataclass(frozen=True, slots=True)
class Programme:
    """What the sample plays in a loop as long as `audio` (or `silent_s`, without one).

    `slides` say which picture belongs to which seconds of the loop.
    """

    audio: Path | None
    slides: Sequence[Slide] = ()
    width: int = 720
    height: int = 1280
    fps: int = 30
    bitrate_bps: int = 1_500_000
    font: Path | None = None
    silent_s: float = 30.0
    now: Callable[[], datetime] = field(default=_local_time)


class _Pacer:
    """One clock for both tracks."""

    def __init__(self) -> None:
        self.start: float | None = None

    async def wait_until(self, position_s: float) -> float:
        """Sleep until `position_s` after the first call; returns by how many seconds it is late.

        It always lets other tasks run, also on a machine that does not keep up.
        """
        if self.start is None:
            self.start = time.monotonic()
        await asyncio.sleep(max(0.0, self.start + position_s - time.monotonic()))
        return time.monotonic() - self.start - position_s


class AudioLoop(MediaStreamTrack):
    """Opus packets of 20 ms, over and over."""

    kind = "audio"

    def __init__(self, packets: Sequence[bytes], pacer: _Pacer) -> None:
        super().__init__()
        self._packets = packets
        self._pacer = pacer
        self._count = 0

    async def recv(self) -> "Packet[Any]":
        """The next packet when its time has come."""
        if self.readyState != "live":
            raise MediaStreamError
        late_s = await self._pacer.wait_until(self._count * PACKET_MS / 1000)
        if late_s > _MAX_LATE_S:
            self._count += int(late_s * 1000 / PACKET_MS)
        packet: Packet[Any] = Packet(self._packets[self._count % len(self._packets)])
        packet.pts = self._count * SAMPLES_PER_PACKET
        packet.time_base = TIME_BASE
        self._count += 1
        return packet


class VideoLoop(MediaStreamTrack):
    """Pictures for the position in the loop."""

    kind = "video"

    def __init__(self, encoder: SlideEncoder, fps: int, loop_s: float, pacer: _Pacer) -> None:
        super().__init__()
        self._encoder = encoder
        self._fps = fps
        self._loop_s = loop_s
        self._pacer = pacer
        self._count = 0

    async def recv(self) -> "Packet[Any]":
        """The next coded picture when its time has come; late ones are left out."""
        while True:
            if self.readyState != "live":
                raise MediaStreamError
            late_s = await self._pacer.wait_until(self._count / self._fps)
            self._count += int(late_s * self._fps)
            position = self._count / self._fps
            self._count += 1
            for packet in self._encoder.encode(position, position % self._loop_s):
                return packet


class SampleHost:
    """Publishes a `Programme` and comes back whenever the connection or the media role dies."""

    def __init__(
        self,
        whip_url: str,
        token: Callable[[], Awaitable[str]],
        programme: Programme,
        *,
        on_state: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`token` is asked for a fresh WHIP token at every attempt.

        `on_state` hears `connecting`, `live` and `reconnecting` when it changes.
        """
        self._url = whip_url
        self._token = token
        self._programme = programme
        self._tell = on_state
        self._state = ""
        self._packets = (
            opus_packets(programme.audio) if programme.audio is not None else silence(programme.silent_s)
        )
        self.sessions = 0

    def _on_state(self, state: str) -> None:
        if state != self._state:
            self._state = state
            self._tell(state)

    @property
    def loop_s(self) -> float:
        """How long one round takes."""
        return len(self._packets) * PACKET_MS / 1000

    async def run(self) -> None:
        """Publish until cancelled; the session is ended properly then."""
        backoff_s = FIRST_BACKOFF_S
        self._on_state("connecting")
        while True:
            began = time.monotonic()
            try:
                await self._publish()
            except (httpx.HTTPError, ConnectionError, TimeoutError) as error:
                logger.info("sample host: %s", error or type(error).__name__)
            self._on_state("reconnecting")
            if time.monotonic() - began > 10:
                backoff_s = FIRST_BACKOFF_S
            await asyncio.sleep(backoff_s * random.uniform(0.8, 1.2))
            backoff_s = min(MAX_BACKOFF_S, backoff_s * 1.6)

    async def _publish(self) -> None:
        """One session, until it is lost (`ConnectionError`)."""
        client = WebRtcClient(self._url, await self._token())
        programme = self._programme
        pacer = _Pacer()
        show = SlideShow(
            programme.slides,
            width=programme.width,
            height=programme.height,
            font=programme.font,
            now=programme.now,
        )
        encoder = SlideEncoder(show, programme.width, programme.height, programme.fps, programme.bitrate_bps)
        client.send(AudioLoop(self._packets, pacer))
        client.send(VideoLoop(encoder, programme.fps, self.loop_s, pacer))
        try:
            await client.connect()
            self.sessions += 1
            await self._watch(client)
        finally:
            await client.close()

    async def _watch(self, client: WebRtcClient) -> None:
        began = time.monotonic()
        live = False
        while True:
            await asyncio.sleep(_CHECK_S)
            if client.connection.connectionState in ("failed", "closed"):
                raise ConnectionError("the peer connection is lost")
            heard_s_ago = await client.heard_s_ago()
            if heard_s_ago is None:
                if time.monotonic() - began > _CONNECT_S:
                    raise ConnectionError("the server does not report")
                continue
            if not live:
                live = True
                self._on_state("live")
            if heard_s_ago > SILENT_SERVER_S:
                raise ConnectionError("the server has gone silent")
