"""The tap: a host's voice as 16 kHz mono PCM in Redis, for whoever listens."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterator
from typing import NamedTuple

import av
from av.audio.resampler import AudioResampler
from prometheus_client import Counter, Histogram
from redis.asyncio import Redis
from redis.exceptions import RedisError

from media.engines.base import AUDIO_CLOCK_HZ, AudioPacket, VideoFrame

logger = logging.getLogger(__name__)

SAMPLE_RATE_HZ = 16_000
CHUNK_MS = 100
CHUNK_BYTES = SAMPLE_RATE_HZ * CHUNK_MS // 1000 * 2
MAX_CHUNKS = 300
EXPIRY_S = 600
MAX_FILLED_GAP_S = 2.0
_QUEUE_PACKETS = 100
_STEP = AUDIO_CLOCK_HZ // SAMPLE_RATE_HZ


DROPPED = Counter(
    "shopcast_tap_packets_dropped_total", "Packets of sound that nobody will hear: Redis was slow."
)
LAG = Histogram(
    "shopcast_tap_lag_seconds",
    "From a packet's arrival to its sound in Redis.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2),
)


class Chunk(NamedTuple):
    """100 ms of s16le mono at 16 kHz that begins `at_ms` after the publish started."""

    at_ms: int
    pcm: bytes


class ChunkedDecoder:
    """Opus packets in, chunks out. Lost packets become silence, so that time stays true.

    A gap beyond 2 s moves time on instead of being filled.
    """

    def __init__(self) -> None:
        self._codec = av.CodecContext.create("libopus", "r")
        self._resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE_HZ)
        self._pcm = bytearray()
        self._start: int | None = None
        self._expected = 0

    def decode(self, packet: AudioPacket) -> Iterator[Chunk]:
        """All chunks that this packet completes."""
        if self._start is None:
            self._start = packet.timestamp // _STEP
            self._expected = packet.timestamp
        gap = packet.timestamp - self._expected
        if gap < 0:
            return
        if gap > MAX_FILLED_GAP_S * AUDIO_CLOCK_HZ:
            self._pcm.clear()
            self._start = packet.timestamp // _STEP
        elif gap > 0:
            self._pcm += bytes(gap // _STEP * 2)
        samples = 0
        for frame in self._codec.decode(av.Packet(packet.payload)):
            samples += frame.samples * AUDIO_CLOCK_HZ // frame.sample_rate
            frame.pts = None
            for converted in self._resampler.resample(frame):
                self._pcm += converted.to_ndarray().tobytes()
        self._expected = packet.timestamp + samples
        while len(self._pcm) >= CHUNK_BYTES:
            yield Chunk(self._start * 1000 // SAMPLE_RATE_HZ, bytes(self._pcm[:CHUNK_BYTES]))
            del self._pcm[:CHUNK_BYTES]
            self._start += CHUNK_BYTES // 2


class AudioTap:
    """A `MediaSink` that writes `tap:{room_id}`: {pcm, at_ms, session}, about 300 entries kept.

    It never holds the stream up: when Redis is slow or away, the oldest packets are dropped and
    counted in `packets_dropped`.
    """

    def __init__(self, redis: Redis, room_id: str, session_id: str) -> None:
        self._redis = redis
        self._key = f"tap:{room_id}"
        self._session_id = session_id
        self._queue: asyncio.Queue[AudioPacket] = asyncio.Queue(_QUEUE_PACKETS)
        self.packets_dropped = 0
        self._task = asyncio.create_task(self._run(), name=f"tap {room_id}")

    def on_video(self, frame: VideoFrame) -> None:
        """Pictures are not tapped."""

    def on_audio(self, packet: AudioPacket) -> None:
        if self._queue.full():
            self._queue.get_nowait()
            self.packets_dropped += 1
            DROPPED.inc()
        self._queue.put_nowait(packet)

    async def close(self) -> None:
        """Stop; what was not written yet is lost."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _run(self) -> None:
        decoder = ChunkedDecoder()
        while True:
            packet = await self._queue.get()
            try:
                for chunk in decoder.decode(packet):
                    await self._write(chunk)
                    LAG.observe(max(0.0, time.monotonic() - packet.received_at))
            except av.FFmpegError as error:
                logger.debug("undecodable audio: %s", error)
            except (RedisError, OSError) as error:
                logger.warning("tap %s: %s", self._key, error)

    async def _write(self, chunk: Chunk) -> None:
        entry: dict[bytes | str, bytes | str] = {
            "pcm": chunk.pcm,
            "at_ms": str(chunk.at_ms),
            "session": self._session_id,
        }
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.xadd(self._key, entry, maxlen=MAX_CHUNKS, approximate=True)  # type: ignore[arg-type]
            pipe.expire(self._key, EXPIRY_S)
            await pipe.execute()
