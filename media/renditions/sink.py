"""Ties a publisher's renditions to HLS and to the room's viewers."""

from collections import deque
from collections.abc import Callable, Sequence

from media.engines.base import AudioPacket, VideoFrame
from media.hls.sink import HlsSink
from media.renditions.ladder import Rung
from media.renditions.transcoder import Transcoder

_AUDIO_PACKETS = 200
"""What was heard while the first picture was on its way: four seconds."""

OnRendition = Callable[[str, int, VideoFrame], None]
"""Called with the room, the rendition (1 is the ladder's first rung) and its picture."""


class RenditionSink:
    """A `MediaSink`: pictures are made smaller for everybody, sound is the source's."""

    def __init__(
        self,
        room_id: str,
        rungs: Sequence[Rung],
        open_hls: Callable[[Rung], HlsSink | None],
        on_rendition: OnRendition,
    ) -> None:
        """`open_hls` is called for a rung when its first picture is there; None for no HLS."""
        self._room_id = room_id
        self._rungs = rungs
        self._open_hls = open_hls
        self._on_rendition = on_rendition
        self._hls: dict[int, HlsSink] = {}
        self._recent_audio: deque[AudioPacket] = deque(maxlen=_AUDIO_PACKETS)
        self._transcoder = Transcoder(rungs, self._take)

    def on_video(self, frame: VideoFrame) -> None:
        self._transcoder.push(frame)

    def on_audio(self, packet: AudioPacket) -> None:
        self._recent_audio.append(packet)
        for sink in self._hls.values():
            sink.on_audio(packet)

    async def close(self) -> None:
        """End the process and complete the last segments."""
        await self._transcoder.close()
        for sink in self._hls.values():
            await sink.close()

    def _take(self, number: int, frame: VideoFrame) -> None:
        sink = self._hls.get(number)
        if sink is None:
            opened = self._open_hls(self._rungs[number])
            if opened is not None:
                sink = self._hls[number] = opened
                for packet in self._recent_audio:
                    sink.on_audio(packet)
        if sink is not None:
            sink.on_video(frame)
        self._on_rendition(self._room_id, number + 1, frame)
