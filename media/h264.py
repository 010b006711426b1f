"""H.264 in RTP (RFC 6184): telling key frames, and putting access units together."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

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


def packetize(nals: Iterable[bytes], limit: int = 1150) -> list[bytes]:
    """RTP payloads of one picture (RFC 6184, packetization mode 1), none longer than `limit`.

    Parameter sets travel together with what follows, large units in fragments.
    """
    payloads: list[bytes] = []
    small: list[bytes] = []

    def flush() -> None:
        if len(small) == 1:
            payloads.append(small[0])
        elif small:
            header = NAL_STAP_A | max(nal[0] & 0x60 for nal in small)
            units = b"".join(len(nal).to_bytes(2, "big") + nal for nal in small)
            payloads.append(bytes([header]) + units)
        small.clear()

    for nal in nals:
        if len(nal) + 2 + sum(len(other) + 2 for other in small) >= limit:
            flush()
        if len(nal) <= limit:
            small.append(nal)
            continue
        pieces = [nal[i : i + limit - 2] for i in range(1, len(nal), limit - 2)]
        for index, piece in enumerate(pieces):
            edge = (0x80 if index == 0 else 0) | (0x40 if index == len(pieces) - 1 else 0)
            payloads.append(bytes([(nal[0] & 0xE0) | NAL_FU_A, edge | (nal[0] & 0x1F)]) + piece)
    flush()
    return payloads


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


@dataclass(frozen=True, slots=True)
class SequenceParameters:
    """What of an SPS (ITU-T H.264 §7.3.2.1) a container needs."""

    profile: int
    constraints: int
    level: int
    width: int
    height: int

    @property
    def codec(self) -> str:
        """The RFC 6381 name, such as `avc1.42e01f`."""
        return f"avc1.{self.profile:02x}{self.constraints:02x}{self.level:02x}"


def parse_sps(nal: bytes) -> SequenceParameters:
    """Read an SPS; `ValueError` when it is cut short or no SPS."""
    if len(nal) < 4 or nal[0] & 0x1F != NAL_SPS:
        raise ValueError("not a sequence parameter set")
    bits = _Bits(nal[1:].replace(b"\x00\x00\x03", b"\x00\x00"))
    profile, constraints, level = bits.take(8), bits.take(8), bits.take(8)
    bits.ue()
    chroma = 1
    if profile in (100, 110, 122, 244, 44, 83, 86, 118, 128):
        chroma = _high_profile(bits)
    bits.ue()
    order = bits.ue()
    if order == 0:
        bits.ue()
    elif order == 1:
        bits.take(1)
        bits.ue()
        bits.ue()
        for _ in range(bits.ue()):
            bits.ue()
    bits.ue()
    bits.take(1)
    columns, rows = bits.ue() + 1, bits.ue() + 1
    frames_only = bits.take(1)
    if not frames_only:
        bits.take(1)
    bits.take(1)
    left = right = top = bottom = 0
    if bits.take(1):
        left, right, top, bottom = bits.ue(), bits.ue(), bits.ue(), bits.ue()
    unit_x = 1 if chroma in (0, 3) else 2
    unit_y = (2 if chroma == 1 else 1) * (2 - frames_only)
    return SequenceParameters(
        profile,
        constraints,
        level,
        columns * 16 - unit_x * (left + right),
        rows * 16 * (2 - frames_only) - unit_y * (top + bottom),
    )


def _high_profile(bits: "_Bits") -> int:
    """Skip what only high profiles have; returns chroma_format_idc."""
    chroma = bits.ue()
    if chroma == 3:
        bits.take(1)
    bits.ue()
    bits.ue()
    bits.take(1)
    if bits.take(1):
        for index in range(8 if chroma != 3 else 12):
            if bits.take(1):
                _skip_scaling_list(bits, 16 if index < 6 else 64)
    return chroma


def _skip_scaling_list(bits: "_Bits", size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            code = bits.ue()
            delta = (code + 1) // 2 if code % 2 else -(code // 2)
            following = (last + delta) % 256
        last = following or last


class _Bits:
    """Reads big-endian bits and Exp-Golomb codes."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = len(data) * 8

    def take(self, count: int) -> int:
        if count > self._left:
            raise ValueError("parameter set is cut short")
        self._left -= count
        return (self._value >> self._left) & ((1 << count) - 1)

    def ue(self) -> int:
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 32:
                raise ValueError("broken Exp-Golomb code")
        return (1 << zeros) - 1 + (self.take(zeros) if zeros else 0)
