"""Fragmented pieces into one MP4 file that starts at once everywhere; nothing is encoded. Blocking."""

import io
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

_MICRO = Fraction(1, 1_000_000)


def remux(runs: Iterable[Iterator[bytes]], target: Path) -> None:
    """Write an MP4 with its index in front.

    Each run is an initialization followed by fragments whose timestamps go on; runs are put one
    behind the other. Where a later run has other parameters (the picture's size), they are put
    into its key frames.
    """
    with av.open(str(target), "w", format="mp4", options={"movflags": "faststart"}) as output:
        streams: dict[str, Any] = {}
        parameters = b""
        offset_s = Fraction(0)
        for run in runs:
            with av.open(_Chunks(run), format="mp4") as source:
                if not streams:
                    for kind in ("video", "audio"):
                        for stream in getattr(source.streams, kind)[:1]:
                            streams[kind] = output.add_stream_from_template(stream)
                    parameters = bytes(source.streams.video[0].codec_context.extradata or b"")
                offset_s = _append(source, output, streams, parameters, offset_s)


def _append(
    source: Any, output: Any, streams: dict[str, Any], parameters: bytes, offset_s: Fraction
) -> Fraction:
    """Copy one run to the end of the output; returns where it ends, in seconds."""
    own = bytes(source.streams.video[0].codec_context.extradata or b"")
    inband = _parameter_sets(own) if own != parameters else b""
    start_s: Fraction | None = None
    end_s = offset_s
    for packet in source.demux():
        if packet.dts is None or packet.stream.type not in streams:
            continue
        base = packet.time_base
        if start_s is None:
            start_s = packet.dts * base
        shift = round((offset_s - start_s) / base)
        if packet.dts + shift < 0:
            continue
        end_s = max(end_s, (packet.dts + shift + (packet.duration or 0)) * base)
        copy = packet
        if inband and packet.stream.type == "video" and packet.is_keyframe:
            copy = av.Packet(inband + bytes(packet))
            copy.time_base, copy.duration, copy.is_keyframe = base, packet.duration, True
        copy.pts, copy.dts = packet.pts + shift, packet.dts + shift
        copy.stream = streams[packet.stream.type]
        output.mux(copy)
    return end_s


def _parameter_sets(avcc: bytes) -> bytes:
    """SPS and PPS of an `avcC` record as length-prefixed NAL units."""
    result = b""
    position = 5
    for mask in (0x1F, 0xFF):
        count = avcc[position] & mask
        position += 1
        for _ in range(count):
            length = int.from_bytes(avcc[position : position + 2], "big")
            result += length.to_bytes(4, "big") + avcc[position + 2 : position + 2 + length]
            position += 2 + length
    return result


class _Chunks(io.RawIOBase):
    """A file of chunks that are fetched when they are read; it only goes forward."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return b""
            self._rest = chunk
        if size < 0:
            size = len(self._rest)
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece
