"""Any audio file as a loop of Opus packets."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.audio.resampler import AudioResampler

PACKET_MS = 20
SAMPLES_PER_PACKET = 960
TIME_BASE = Fraction(1, 48_000)


def opus_packets(path: Path) -> list[bytes]:
    """The file as Opus packets of 20 ms each; an Opus file of that shape is not encoded again.

    Raises `av.FFmpegError` when the file cannot be read and `ValueError` when it holds no audio.
    """
    with av.open(str(path)) as container:
        if not container.streams.audio:
            raise ValueError(f"{path} holds no audio")
        stream = container.streams.audio[0]
        if stream.codec_context.name in ("opus", "libopus"):
            packets = [p for p in container.demux(stream) if p.size]
            if all(_samples(bytes(packet)) == SAMPLES_PER_PACKET for packet in packets):
                return [bytes(packet) for packet in packets]
    return list(_encoded(path))


def silence(seconds: float) -> list[bytes]:
    """Opus packets that say nothing (RFC 6716 §3.1: SILK, a DTX frame of 20 ms)."""
    return [b"\x08"] * max(1, round(seconds * 1000 / PACKET_MS))


def _encoded(path: Path) -> Iterator[bytes]:
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate = 48_000
    encoder.layout = "mono"
    encoder.format = "s16"
    encoder.bit_rate = 48_000
    encoder.time_base = TIME_BASE
    resampler = AudioResampler("s16", "mono", 48_000, frame_size=SAMPLES_PER_PACKET)
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            for piece in resampler.resample(frame):
                yield from (bytes(packet) for packet in encoder.encode(piece))
    for piece in resampler.resample(None):
        if piece.samples == SAMPLES_PER_PACKET:
            yield from (bytes(packet) for packet in encoder.encode(piece))
    yield from (bytes(packet) for packet in encoder.encode(None) if packet.size)


def _samples(packet: bytes) -> int:
    """How long an Opus packet plays at 48 kHz (RFC 6716 §3.1); 0 for an empty one."""
    if not packet:
        return 0
    config, code = packet[0] >> 3, packet[0] & 3
    if config < 12:
        frame = (480, 960, 1920, 2880)[config & 3]
    elif config < 16:
        frame = (480, 960)[config & 1]
    else:
        frame = (120, 240, 480, 960)[config & 3]
    count = 1 if code == 0 else 2 if code in (1, 2) else (packet[1] & 0x3F if len(packet) > 1 else 0)
    return frame * count
