"""Cuts one publisher's stream into parts and segments; pure, driven by frames."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from media.aac import OpusToAac
from media.engines.base import AUDIO_CLOCK_HZ, VIDEO_CLOCK_HZ, AudioPacket, VideoFrame
from media.h264 import NAL_PPS, NAL_SPS, nal_units, parse_sps
from media.hls.segments import Init, Part
from media.mp4 import Sample, TrackConfig, fragment, init_segment, length_prefixed

AUDIO_CODEC = "mp4a.40.2"
_NAL_DELIMITER = 9
_WAIT_FOR_SOUND_S = 1.0
_KEPT_SAMPLES = 10
_KEPT_SAMPLES_FOLLOWING = 250  # pictures that follow others come later than their sound


class SegmentOutput(Protocol):
    """Takes what the segmenter cuts, in order."""

    def begin_segment(self, init: Init, began_at: datetime, *, discontinuity: bool) -> None: ...
    def add_part(self, part: Part) -> None: ...
    def end_segment(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Cutting:
    """A part is closed once it lasts `part_s`; a segment at the first key frame after `segment_s`.

    A segment ends after `longest_s` even where no key frame comes.
    """

    part_s: float = 0.3
    segment_s: float = 2.0
    longest_s: float = 5.5


class Segmenter:
    """Pictures pass through untouched, sound becomes AAC.

    The first segment begins with the first key frame after sound was heard, or after 1 s without.
    Where the picture's size or the presence of sound changes, the next segment has a new
    initialization and is a discontinuity.
    """

    def __init__(
        self,
        output: SegmentOutput,
        *,
        started_at: datetime,
        next_init: Callable[[], int],
        cutting: Cutting | None = None,
        cut_at: Callable[[datetime], bool] | None = None,
    ) -> None:
        """`cut_at` says of a moment whether a segment begins there, in place of the usual rules."""
        self._output = output
        self._started_at = started_at
        self._next_init = next_init
        self._cutting = cutting or Cutting()
        self._cut_at = cut_at
        self._converter = OpusToAac()
        self._pending: tuple[VideoFrame, list[bytes]] | None = None
        self._video: list[Sample] = []
        self._audio: list[Sample] = []
        self._config: TrackConfig | None = None
        self._parameters: tuple[bytes, bytes] | None = None
        self._init: Init | None = None
        self._heard = False
        self._open = False
        self._segment_start = 0
        self._part_start = 0
        self._sequence = 0
        self._first = True

    def on_audio(self, packet: AudioPacket) -> None:
        """Take an Opus packet."""
        self._heard = True
        self._audio.extend(self._converter.convert(packet))
        if not self._open:
            del self._audio[: -_KEPT_SAMPLES if self._cut_at is None else -_KEPT_SAMPLES_FOLLOWING]

    def on_video(self, frame: VideoFrame) -> None:
        """Take a picture; it enters a part when the next one tells how long it lasted."""
        nals = list(nal_units(frame.payloads))
        if self._pending is not None:
            self._enter(*self._pending, until=frame.timestamp)
        self._pending = (frame, nals)
        if frame.key:
            self._on_key_frame(frame, nals)
        elif self._open and self._is_due(frame.timestamp, self._cutting.longest_s):
            self._end_segment(frame.timestamp)
            self._begin_segment(frame.timestamp)
        elif self._open and frame.timestamp - self._part_start >= self._cutting.part_s * VIDEO_CLOCK_HZ:
            self._close_part(frame.timestamp)

    def finish(self) -> None:
        """The publisher is gone: close what is open."""
        if self._pending is not None:
            frame, nals = self._pending
            self._pending = None
            end = frame.timestamp + VIDEO_CLOCK_HZ // 30
            self._enter(frame, nals, until=end)
            self._end_segment(end)

    def _on_key_frame(self, frame: VideoFrame, nals: list[bytes]) -> None:
        sps = next((n for n in nals if n[0] & 0x1F == NAL_SPS), None)
        pps = next((n for n in nals if n[0] & 0x1F == NAL_PPS), None)
        changed = False
        if sps is not None and pps is not None:
            changed = self._parameters is not None and self._parameters != (sps, pps)
            self._parameters = (sps, pps)
        if self._parameters is None:
            return
        if not self._open:
            waited = frame.timestamp >= _WAIT_FOR_SOUND_S * VIDEO_CLOCK_HZ
            if self._cut_at(self._moment(frame.timestamp)) if self._cut_at else self._heard or waited:
                self._begin_segment(frame.timestamp)
            return
        if (changed and self._cut_at is None) or self._is_due(frame.timestamp, self._cutting.segment_s):
            self._end_segment(frame.timestamp)
            self._begin_segment(frame.timestamp)
        elif frame.timestamp - self._part_start >= self._cutting.part_s * VIDEO_CLOCK_HZ:
            self._close_part(frame.timestamp)

    def _is_due(self, timestamp: int, after_s: float) -> bool:
        """Whether a new segment begins here."""
        if self._cut_at is not None:
            return self._cut_at(self._moment(timestamp))
        return timestamp - self._segment_start >= after_s * VIDEO_CLOCK_HZ

    def _moment(self, timestamp: int) -> datetime:
        return self._started_at + timedelta(seconds=timestamp / VIDEO_CLOCK_HZ)

    def _begin_segment(self, timestamp: int) -> None:
        assert self._parameters is not None
        config = TrackConfig(*self._parameters, self._converter.config if self._heard else None)
        changed = config != self._config
        if changed or self._init is None:
            self._config = config
            self._init = _init(self._next_init(), config)
        self._output.begin_segment(
            self._init,
            self._moment(timestamp),
            discontinuity=changed or self._first,
        )
        if not self._open:
            limit = timestamp * AUDIO_CLOCK_HZ // VIDEO_CLOCK_HZ
            self._audio = [s for s in self._audio if s.time + s.duration > limit]
        self._first = False
        self._open = True
        self._segment_start = self._part_start = timestamp

    def _end_segment(self, timestamp: int) -> None:
        if self._open:
            self._close_part(timestamp)
            self._output.end_segment()

    def _enter(self, frame: VideoFrame, nals: list[bytes], *, until: int) -> None:
        if not self._open:
            return
        kept = [n for n in nals if n[0] & 0x1F not in (NAL_SPS, NAL_PPS, _NAL_DELIMITER)]
        duration = max(1, until - frame.timestamp)
        self._video.append(Sample(frame.timestamp, duration, length_prefixed(kept), frame.key))

    def _close_part(self, timestamp: int) -> None:
        assert self._config is not None
        video, self._video = self._video, []
        audio: list[Sample] = []
        if self._config.audio_config is not None:
            limit = timestamp * AUDIO_CLOCK_HZ // VIDEO_CLOCK_HZ
            audio = [s for s in self._audio if s.time < limit]
            self._audio = self._audio[len(audio) :]
        else:
            self._audio.clear()
        duration_s = (timestamp - self._part_start) / VIDEO_CLOCK_HZ
        self._part_start = timestamp
        if not video:
            return
        self._sequence += 1
        self._output.add_part(Part(fragment(self._sequence, video, audio), duration_s, video[0].key))


def _init(number: int, config: TrackConfig) -> Init:
    parameters = parse_sps(config.sps)
    codecs = parameters.codec
    if config.audio_config is not None:
        codecs += f",{AUDIO_CODEC}"
    return Init(number, init_segment(config), codecs, parameters.width, parameters.height)
