"""H.264 in RTP (RFC 6184): telling key frames, and putting access units together."""

from collections.abc import Iterable, Iterator

NAL_SLICE_IDR = 5
NAL_SPS = 7
NAL_PPS = 8
NAL_STAP_A = 24
NAL_FU_A = 28
START_CODE = b"\x00\x00\x00\x01"


def starts_key_frame(payload: bytes) -> bool:
    """Whether an RTP payload carries an SPS or the start of an IDR slice."""
    if not payload:
        return False
    kind = payload[0] & 0x1F
    if kind in (NAL_SLICE_IDR, NAL_SPS):
        return True
    if kind == NAL_FU_A and len(payload) > 1:
        return bool(payload[1] & 0x80) and payload[1] & 0x1F == NAL_SLICE_IDR
    if kind == NAL_STAP_A:
        return any(nal[0] & 0x1F in (NAL_SLICE_IDR, NAL_SPS) for nal in _stap_units(payload))
    return False


def nal_units(payloads: Iterable[bytes]) -> Iterator[bytes]:
    """The NAL units of one picture from its RTP payloads in order; broken fragments are left out."""
    fragment: bytearray | None = None
    for payload in payloads:
        if not payload:
            continue
        kind = payload[0] & 0x1F
        if kind == NAL_STAP_A:
            yield from _stap_units(payload)
        elif kind == NAL_FU_A:
            if len(payload) < 2:
                continue
            if payload[1] & 0x80:
                fragment = bytearray([(payload[0] & 0xE0) | (payload[1] & 0x1F)])
            if fragment is None:
                continue
            fragment += payload[2:]
            if payload[1] & 0x40:
                yield bytes(fragment)
                fragment = None
        elif 1 <= kind <= 23:
            yield payload


def annex_b(payloads: Iterable[bytes]) -> bytes:
    """One picture as a byte stream with start codes."""
    return b"".join(START_CODE + nal for nal in nal_units(payloads))


def _stap_units(payload: bytes) -> Iterator[bytes]:
    position = 1
    while position + 2 < len(payload):
        length = int.from_bytes(payload[position : position + 2], "big")
        unit = payload[position + 2 : position + 2 + length]
        if length == 0 or len(unit) < length:
            return
        yield unit
        position += 2 + length
