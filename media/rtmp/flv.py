"""FLV tags (Adobe FLV 10.1 §E.4) as pictures and Opus packets."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
from av.audio.resampler import AudioResampler

from media.h264 import NAL_PPS, NAL_SLICE_IDR, NAL_SPS

_AVC, _AAC = 7, 10
_SEQUENCE_HEADER, _NALUS = 0, 1
_OPUS_SAMPLES = 960


class UnsupportedStream(ValueError):
    """What the encoder sends cannot be passed on; the text tells its user what to change."""


class AvcReader:
    """Video tags in, NAL units out; key frames carry their parameter sets."""

    def __init__(self) -> None:
        self._length_size = 4
        self._parameters: list[bytes] = []

    def read(self, tag: bytes) -> tuple[list[bytes], bool] | None:
        """(NAL units, key frame?) of a tag; None for one without a picture."""
        if len(tag) < 5:
            raise ValueError("truncated video tag")
        if tag[0] & 0x80 or tag[0] & 0x0F != _AVC:
            raise UnsupportedStream("Set the video encoder to H.264.")
        if tag[1] == _SEQUENCE_HEADER:
            self._configure(tag[5:])
            return None
        if tag[1] != _NALUS:
            return None
        if int.from_bytes(tag[2:5], "big", signed=True) != 0:
            raise UnsupportedStream("Switch B-frames off (x264: bframes=0, or tune zerolatency).")
        nals = list(_prefixed(tag[5:], self._length_size))
        key = any(nal[0] & 0x1F == NAL_SLICE_IDR for nal in nals)
        if key and not any(nal[0] & 0x1F == NAL_SPS for nal in nals):
            nals = self._parameters + nals
        return (nals, key) if nals else None

    @property
    def profile(self) -> str | None:
        """The first two bytes of profile-level-id in hex, once known."""
        sps = next((nal for nal in self._parameters if nal[0] & 0x1F == NAL_SPS), None)
        return sps[1:3].hex() if sps is not None else None

    def _configure(self, record: bytes) -> None:
        if len(record) < 7:
            raise ValueError("truncated avcC")
        self._length_size = (record[4] & 3) + 1
        self._parameters = []
        position = 5
        for mask in (0x1F, 0xFF):
            count = record[position] & mask
            position += 1
            for _ in range(count):
                length = int.from_bytes(record[position : position + 2], "big")
                nal = record[position + 2 : position + 2 + length]
                if nal and nal[0] & 0x1F in (NAL_SPS, NAL_PPS):
                    self._parameters.append(nal)
                position += 2 + length
            if position >= len(record):
                break


class AacToOpus:
    """Audio tags in, Opus packets of 20 ms out, with their place on a 48 kHz scale."""

    def __init__(self) -> None:
        self._decoder: Any = None
        self._resampler = AudioResampler("s16", "stereo", 48_000, frame_size=_OPUS_SAMPLES)
        encoder = av.CodecContext.create("libopus", "w")
        assert isinstance(encoder, av.AudioCodecContext)
        encoder.sample_rate = 48_000
        encoder.layout = "stereo"
        encoder.format = "s16"
        encoder.bit_rate = 96_000
        encoder.time_base = Fraction(1, 48_000)
        encoder.options = {"application": "lowdelay", "fec": "1"}
        self._encoder = encoder
        self._next = 0
        self._started = False

    def convert(self, tag: bytes, timestamp_ms: int) -> Iterator[tuple[int, bytes]]:
        """(timestamp, packet) for what the tag completes."""
        if len(tag) < 2:
            raise ValueError("truncated audio tag")
        if tag[0] >> 4 != _AAC:
            raise UnsupportedStream("Set the audio encoder to AAC.")
        if tag[1] == _SEQUENCE_HEADER:
            self._decoder = av.CodecContext.create("aac", "r")
            self._decoder.extradata = tag[2:]
            return
        if self._decoder is None:
            return
        if not self._started:
            self._started = True
            self._next = timestamp_ms * 48
        for frame in self._decoder.decode(av.Packet(tag[2:])):
            frame.pts = None
            for piece in self._resampler.resample(frame):
                piece.pts = None
                for packet in self._encoder.encode(piece):
                    yield self._next, bytes(packet)
                    self._next += _OPUS_SAMPLES


def _prefixed(data: bytes, length_size: int) -> Iterator[bytes]:
    position = 0
    while position + length_size < len(data):
        length = int.from_bytes(data[position : position + length_size], "big")
        nal = data[position + length_size : position + length_size + length]
        if length == 0 or len(nal) < length:
            return
        yield nal
        position += length_size + length
