"""Frames for screening: a key frame every few seconds as JPEG in Redis, for whoever looks."""

import asyncio
import contextlib
import io
import logging

import av
from PIL import Image
from redis.asyncio import Redis
from redis.exceptions import RedisError

from media.engines.base import VIDEO_CLOCK_HZ, AudioPacket, VideoFrame
from media.h264 import NAL_PPS, NAL_SLICE_IDR, NAL_SPS, START_CODE, nal_units

logger = logging.getLogger(__name__)

MAX_FRAMES = 20
JPEG_QUALITY = 80
EXPIRY_S = 60
_KEPT = (NAL_SPS, NAL_PPS, NAL_SLICE_IDR)


def key_frame_jpeg(nals: list[bytes], longest_edge_px: int) -> bytes | None:
    """Decode a key frame (with its parameter sets) and shrink it; None where it does not decode.

    Blocking: about 10 ms for 720x1280.
    """
    data = b"".join(START_CODE + nal for nal in nals if nal[0] & 0x1F in _KEPT)
    codec = av.CodecContext.create("h264", "r")
    assert isinstance(codec, av.VideoCodecContext)
    codec.thread_count = 1
    try:
        frames = [*codec.decode(av.Packet(data)), *codec.decode(None)]
    except av.FFmpegError:
        return None
    if not frames:
        return None
    image = Image.fromarray(frames[0].to_ndarray(format="rgb24"))
    image.thumbnail((longest_edge_px, longest_edge_px))
    target = io.BytesIO()
    image.save(target, "JPEG", quality=JPEG_QUALITY)
    return target.getvalue()


class FrameSampler:
    """A `MediaSink` that writes `frames:{room_id}`: {jpeg, at_ms, session}, the last 20 kept for
    a minute.

    At most one frame is decoded at a time, in a thread; the next is taken `interval_s` of media
    time after the last. Parameter sets are kept for key frames that come without.
    """

    def __init__(
        self,
        redis: Redis,
        room_id: str,
        session_id: str,
        *,
        interval_s: float = 3.0,
        longest_edge_px: int = 640,
    ) -> None:
        self._redis = redis
        self._key = f"frames:{room_id}"
        self._session_id = session_id
        self._interval = interval_s * VIDEO_CLOCK_HZ
        self._longest_edge_px = longest_edge_px
        self._parameters: list[bytes] = []
        self._taken_at: int | None = None
        self._task: asyncio.Task[None] | None = None

    def on_video(self, frame: VideoFrame) -> None:
        if not frame.key:
            return
        nals = list(nal_units(frame.payloads))
        own = [nal for nal in nals if nal[0] & 0x1F in (NAL_SPS, NAL_PPS)]
        if own:
            self._parameters = own
        busy = self._task is not None and not self._task.done()
        if busy or (self._taken_at is not None and frame.timestamp - self._taken_at < self._interval):
            return
        self._taken_at = frame.timestamp
        pictures = [nal for nal in nals if nal[0] & 0x1F == NAL_SLICE_IDR]
        self._task = asyncio.create_task(self._take(frame.timestamp, self._parameters + pictures))

    def on_audio(self, packet: AudioPacket) -> None:
        """Sound is not screened here."""

    async def close(self) -> None:
        """Finish the frame that is being decoded."""
        if self._task is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _take(self, timestamp: int, nals: list[bytes]) -> None:
        jpeg = await asyncio.to_thread(key_frame_jpeg, nals, self._longest_edge_px)
        if jpeg is None:
            logger.debug("%s: a key frame did not decode", self._key)
            return
        entry: dict[bytes | str, bytes | str] = {
            "jpeg": jpeg,
            "at_ms": str(timestamp * 1000 // VIDEO_CLOCK_HZ),
            "session": self._session_id,
        }
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.xadd(self._key, entry, maxlen=MAX_FRAMES, approximate=False)  # type: ignore[arg-type]
                pipe.expire(self._key, EXPIRY_S)
                await pipe.execute()
        except (RedisError, OSError) as error:
            logger.warning("%s: %s", self._key, error)
