"""A host's stream as the engine hands it to sinks, without a network."""

from collections.abc import Iterator

from aiortc.codecs.h264 import H264Encoder

from media.engines.base import AudioPacket, VideoFrame
from tests.media.node import h264_packets
from tests.media.test_tap import tone


def frames(
    count: int, *, keyint: int = 30, size: tuple[int, int] = (320, 240), start_s: float = 0.0
) -> Iterator[VideoFrame]:
    """30 pictures a second."""
    packer = H264Encoder()
    for n, packet in enumerate(h264_packets(count, keyint=keyint, size=size)):
        payloads, _ = packer.pack(packet)
        yield VideoFrame(int(start_s * 90_000) + n * 3000, tuple(payloads), n % keyint == 0, start_s + n / 30)


def sound(seconds: float, start_s: float = 0.0) -> Iterator[AudioPacket]:
    """A tone."""
    for n, payload in enumerate(tone(round(seconds * 50))):
        yield AudioPacket(n, int(start_s * 48_000) + n * 960, payload, start_s + n / 50)


def together(video: Iterator[VideoFrame], audio: Iterator[AudioPacket]) -> list[VideoFrame | AudioPacket]:
    """Both in order of arrival, sound first."""
    return sorted([*audio, *video], key=lambda item: item.received_at)
