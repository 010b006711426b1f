"""The encoding process: pictures in on standard input, one smaller one a rung out on standard output.

`python -m media.renditions.worker 480:900000 360:500000` (shorter edge in pixels : bits a second).
It ends with its input. Rungs that are not smaller than the source are left out.
"""

import os
import sys
from collections.abc import Iterator
from fractions import Fraction
from typing import BinaryIO

import av
from av.video.frame import PictureType

from media.renditions.wire import HEAD, Picture, parse_head

_TIME_BASE = Fraction(1, 90_000)
_NICENESS = 5


class RungEncoder:
    """x264 without delay; a key frame where the source has one and nowhere else."""

    def __init__(self, short_edge_px: int, bitrate_bps: int, source: av.VideoFrame) -> None:
        self._source_size = source.width, source.height
        scale = short_edge_px / min(source.width, source.height)
        self.width, self.height = (round(edge * scale / 2) * 2 for edge in self._source_size)
        codec = av.CodecContext.create("libx264", "w")
        assert isinstance(codec, av.VideoCodecContext)
        codec.width, codec.height = self.width, self.height
        codec.pix_fmt = "yuv420p"
        codec.time_base = _TIME_BASE
        codec.framerate = Fraction(30)
        codec.profile = "Baseline"
        rate = bitrate_bps // 1000
        codec.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "forced-idr": "1",
            "x264-params": (
                f"keyint=infinite:min-keyint=1:scenecut=0:threads=1:crf=26:vbv-maxrate={rate}:vbv-bufsize={rate}"
            ),
        }
        self._codec = codec
        self._begun = False

    def fits(self, source: av.VideoFrame) -> bool:
        """Whether it was made for pictures of this size."""
        return (source.width, source.height) == self._source_size

    def encode(self, source: av.VideoFrame, key: bool) -> tuple[bool, bytes]:
        """(key, Annex B) of the picture, smaller."""
        frame = source.reformat(self.width, self.height, "yuv420p", interpolation="FAST_BILINEAR")
        frame.pts, frame.time_base = source.pts, _TIME_BASE
        key = key or not self._begun
        frame.pict_type = PictureType.I if key else PictureType.NONE
        self._begun = True
        return key, b"".join(bytes(packet) for packet in self._codec.encode(frame))


class Worker:
    """Decodes once and encodes once a rung."""

    def __init__(self, rungs: list[tuple[int, int]]) -> None:
        self._rungs = rungs
        self._encoders: dict[int, RungEncoder] = {}
        self._decoder: av.VideoCodecContext | None = None

    def feed(self, picture: Picture) -> Iterator[Picture]:
        """The renditions of a picture; none where it does not decode."""
        if picture.key or self._decoder is None:
            if not picture.key:
                return
            if self._decoder is None:
                self._decoder = _decoder()
        packet = av.Packet(picture.data)
        packet.pts, packet.time_base = picture.timestamp, _TIME_BASE
        try:
            frames = self._decoder.decode(packet)
        except av.FFmpegError:
            self._decoder = None
            return
        for frame in frames:
            yield from self._encode(frame, picture.key)

    def _encode(self, frame: av.VideoFrame, key: bool) -> Iterator[Picture]:
        for number, (short_edge_px, bitrate_bps) in enumerate(self._rungs):
            if short_edge_px >= min(frame.width, frame.height):
                self._encoders.pop(number, None)
                continue
            encoder = self._encoders.get(number)
            if encoder is None or not encoder.fits(frame):
                encoder = self._encoders[number] = RungEncoder(short_edge_px, bitrate_bps, frame)
            is_key, data = encoder.encode(frame, key)
            if data:
                yield Picture(number, is_key, frame.pts or 0, data)


def _decoder() -> av.VideoCodecContext:
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.thread_count = 1
    decoder.options = {"flags": "low_delay"}
    return decoder


def serve(rungs: list[tuple[int, int]], source: BinaryIO, target: BinaryIO) -> None:
    """Work until the input ends."""
    worker = Worker(rungs)
    while len(head := source.read(HEAD.size)) == HEAD.size:
        rendition, key, timestamp, length = parse_head(head)
        for picture in worker.feed(Picture(rendition, key, timestamp, source.read(length))):
            target.write(picture.to_bytes())
        target.flush()


if __name__ == "__main__":
    os.nice(_NICENESS)
    wanted = [tuple(map(int, argument.split(":"))) for argument in sys.argv[1:]]
    serve([(edge, rate) for edge, rate in wanted], sys.stdin.buffer, sys.stdout.buffer)
