"""Fragmented MP4 (ISO/IEC 14496-12, -14, -15) written by hand: initialization and fragments; pure."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from media.engines.base import AUDIO_CLOCK_HZ, VIDEO_CLOCK_HZ
from media.h264 import parse_sps

VIDEO_TRACK = 1
AUDIO_TRACK = 2
_SYNC_SAMPLE = 0x02000000
_OTHER_SAMPLE = 0x01010000
_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


@dataclass(frozen=True, slots=True)
class TrackConfig:
    """What an initialization segment is made of.

    `audio_config` is an AudioSpecificConfig (ISO/IEC 14496-3), None without sound.
    """

    sps: bytes
    pps: bytes
    audio_config: bytes | None
    channels: int = 2


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture (length-prefixed NAL units) or audio frame; `time` and `duration` in its track's ticks."""

    time: int
    duration: int
    data: bytes
    key: bool = True


def init_segment(config: TrackConfig) -> bytes:
    """`ftyp` and `moov`; track 1 is video at 90 kHz, track 2 sound at 48 kHz."""
    tracks = _video_track(config)
    extends = _full("trex", 0, 0, struct.pack(">5I", VIDEO_TRACK, 1, 0, 0, 0))
    if config.audio_config is not None:
        tracks += _audio_track(config.audio_config, config.channels)
        extends += _full("trex", 0, 0, struct.pack(">5I", AUDIO_TRACK, 1, 0, 0, 0))
    header = _full(
        "mvhd",
        0,
        0,
        struct.pack(">IIIIIH10x", 0, 0, 1000, 0, 0x10000, 0x100)
        + _MATRIX
        + bytes(24)
        + struct.pack(">I", AUDIO_TRACK + 1),
    )
    return _box("ftyp", b"iso6" + bytes(4) + b"iso6mp41cmfc") + _box(
        "moov", header + tracks + _box("mvex", extends)
    )


def fragment(sequence: int, video: Sequence[Sample], audio: Sequence[Sample]) -> bytes:
    """`moof` and `mdat` of consecutive samples; either list may be empty, not both."""
    runs = [(track, samples) for track, samples in ((VIDEO_TRACK, video), (AUDIO_TRACK, audio)) if samples]
    size = len(_moof(sequence, runs, 0))
    return _moof(sequence, runs, size + 8) + _box(
        "mdat", b"".join(sample.data for _, samples in runs for sample in samples)
    )


def length_prefixed(nals: Sequence[bytes]) -> bytes:
    """NAL units as a sample of an `avc1` track."""
    return b"".join(len(nal).to_bytes(4, "big") + nal for nal in nals)


def _moof(sequence: int, runs: Sequence[tuple[int, Sequence[Sample]]], data_offset: int) -> bytes:
    fragments = b""
    for track, samples in runs:
        flags = 0x000001 | 0x000100 | 0x000200 | 0x000400  # offset, durations, sizes, flags
        entries = b"".join(
            struct.pack(">III", s.duration, len(s.data), _SYNC_SAMPLE if s.key else _OTHER_SAMPLE)
            for s in samples
        )
        run = _full("trun", 0, flags, struct.pack(">Ii", len(samples), data_offset) + entries)
        fragments += _box(
            "traf",
            _full("tfhd", 0, 0x020000, struct.pack(">I", track))
            + _full("tfdt", 1, 0, struct.pack(">Q", samples[0].time))
            + run,
        )
        data_offset += sum(len(sample.data) for sample in samples)
    return _box("moof", _full("mfhd", 0, 0, struct.pack(">I", sequence)) + fragments)


def _video_track(config: TrackConfig) -> bytes:
    parameters = parse_sps(config.sps)
    width, height = parameters.width, parameters.height
    avcc = (
        bytes([1])
        + config.sps[1:4]
        + bytes([0xFF, 0xE1])
        + struct.pack(">H", len(config.sps))
        + config.sps
        + b"\x01"
        + struct.pack(">H", len(config.pps))
        + config.pps
    )
    entry = _box(
        "avc1",
        struct.pack(">6xH16xHHIIIH32xHh", 1, width, height, 0x480000, 0x480000, 0, 1, 24, -1)
        + _box("avcC", avcc),
    )
    media_header = _full("vmhd", 0, 1, bytes(8))
    return _track(VIDEO_TRACK, VIDEO_CLOCK_HZ, b"vide", media_header, entry, (width, height))


def _audio_track(config: bytes, channels: int) -> bytes:
    specific = _descriptor(5, config)
    decoder = _descriptor(4, struct.pack(">BBBHII", 0x40, 0x15, 0, 0, 0, 0) + specific)
    stream = _descriptor(3, struct.pack(">HB", 0, 0) + decoder + _descriptor(6, b"\x02"))
    entry = _box(
        "mp4a",
        struct.pack(">6xH8xHHHHI", 1, channels, 16, 0, 0, AUDIO_CLOCK_HZ << 16) + _full("esds", 0, 0, stream),
    )
    media_header = _full("smhd", 0, 0, bytes(4))
    return _track(AUDIO_TRACK, AUDIO_CLOCK_HZ, b"soun", media_header, entry, None)


def _track(
    track: int, clock_hz: int, handler: bytes, media_header: bytes, entry: bytes, size: tuple[int, int] | None
) -> bytes:
    width, height = size or (0, 0)
    header = _full(
        "tkhd",
        0,
        3,
        struct.pack(">IIII4x8xHHHH", 0, 0, track, 0, 0, 0, 0 if size else 0x100, 0)
        + _MATRIX
        + struct.pack(">II", width << 16, height << 16),
    )
    tables = (
        _full("stsd", 0, 0, struct.pack(">I", 1) + entry)
        + _full("stts", 0, 0, bytes(4))
        + _full("stsc", 0, 0, bytes(4))
        + _full("stsz", 0, 0, bytes(8))
        + _full("stco", 0, 0, bytes(4))
    )
    reference = _box("dinf", _full("dref", 0, 0, struct.pack(">I", 1) + _full("url ", 0, 1, b"")))
    information = _box("minf", media_header + reference + _box("stbl", tables))
    media = (
        _full("mdhd", 0, 0, struct.pack(">IIIIHH", 0, 0, clock_hz, 0, 0x55C4, 0))
        + _full("hdlr", 0, 0, struct.pack(">I4s12x", 0, handler) + b"Shopcast\x00")
        + information
    )
    return _box("trak", header + _box("mdia", media))


def _box(name: str, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, name.encode()) + content


def _full(name: str, version: int, flags: int, content: bytes) -> bytes:
    return _box(name, struct.pack(">I", version << 24 | flags) + content)


def _descriptor(tag: int, content: bytes) -> bytes:
    return bytes([tag, len(content)]) + content
