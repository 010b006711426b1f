"""RTCP figures: what a receiver reports (RFC 3550 §6.4) and NTP time."""

import struct
import time
from collections import deque

from aiortc.rtp import RtcpReceiverInfo, pack_rtcp_packet

from media.engines.embedded.rtp import Unwrapper

_NTP_EPOCH = 2_208_988_800
_MISORDER = 3_000
_RTCP_XR = 207
_XR_RRTR = 4
_XR_DLRR = 5


def ntp_from_unix(seconds: float) -> int:
    """A Unix time as a 64 bit NTP timestamp."""
    return int((seconds + _NTP_EPOCH) * (1 << 32))


def unix_from_ntp(timestamp: int) -> float:
    """A 64 bit NTP timestamp as a Unix time."""
    return timestamp / (1 << 32) - _NTP_EPOCH


def round_trip_ms(report: RtcpReceiverInfo, now_unix: float | None = None) -> float | None:
    """Round trip from a report on what we sent; None where it echoes no sender report."""
    if report.lsr == 0:
        return None
    now = (ntp_from_unix(time.time() if now_unix is None else now_unix) >> 16) & 0xFFFFFFFF
    delta = (now - report.lsr - report.dlsr) & 0xFFFFFFFF
    return delta / 65.536 if delta < 1 << 31 else 0.0


def answer_reference_time(compound: bytes, own_ssrc: int) -> bytes | None:
    """The answer (DLRR) to a receiver's reference time (RRTR) in an RTCP compound (RFC 3611 §4.4, §4.5).

    It is to be sent at once; None where there is nothing to answer.
    """
    position = 0
    while position + 8 <= len(compound):
        length = (int.from_bytes(compound[position + 2 : position + 4], "big") + 1) * 4
        packet = compound[position : position + length]
        if packet[1] == _RTCP_XR:
            reference = _reference_time(packet)
            if reference is not None:
                block = struct.pack(
                    "!BBHIII", _XR_DLRR, 0, 3, int.from_bytes(packet[4:8], "big"), reference, 0
                )
                return pack_rtcp_packet(_RTCP_XR, 0, struct.pack("!I", own_ssrc) + block)
        position += length
    return None


def _reference_time(packet: bytes) -> int | None:
    """The middle 32 bits of an extended report's reference time."""
    position = 8
    while position + 12 <= len(packet):
        if packet[position] == _XR_RRTR:
            return int.from_bytes(packet[position + 6 : position + 10], "big")
        position += (int.from_bytes(packet[position + 2 : position + 4], "big") + 1) * 4
    return None


class ReceiveStats:
    """Counts one incoming SSRC."""

    def __init__(self, ssrc: int, clock_hz: int) -> None:
        self.ssrc = ssrc
        self._clock_hz = clock_hz
        self._sequences = Unwrapper(16)
        self._first: int | None = None
        self._highest = 0
        self._received = 0
        self._expected_before = 0
        self._received_before = 0
        self._jitter = 0.0
        self._transit: float | None = None
        self._last_sr = 0
        self._last_sr_at = 0.0
        self.loss_share = 0.0

    def add(self, sequence: int, timestamp: int, now: float) -> None:
        """Count a packet that arrived at `now` (monotonic seconds)."""
        number = self._sequences.unwrap(sequence)
        if self._first is None:
            self._first = self._highest = number
        elif number - self._highest > _MISORDER:
            self._first = number
            self._received = self._received_before = self._expected_before = 0
        self._highest = max(self._highest, number)
        self._received += 1
        transit = now * self._clock_hz - timestamp
        if self._transit is not None:
            distance = abs(transit - self._transit)
            if distance < self._clock_hz:
                self._jitter += (distance - self._jitter) / 16
        self._transit = transit

    def sender_report(self, ntp: int, now: float) -> None:
        """Remember the sender's report, to be echoed."""
        self._last_sr = (ntp >> 16) & 0xFFFFFFFF
        self._last_sr_at = now

    def report(self, now: float) -> RtcpReceiverInfo:
        """The report block since the last one; updates `loss_share`."""
        expected = self._highest - (self._first or 0) + 1 if self._first is not None else 0
        lost = max(0, expected - self._received)
        expected_now = expected - self._expected_before
        received_now = self._received - self._received_before
        self._expected_before, self._received_before = expected, self._received
        lost_now = max(0, expected_now - received_now)
        self.loss_share = lost_now / expected_now if expected_now > 0 else 0.0
        since_sr = int((now - self._last_sr_at) * 65536) if self._last_sr else 0
        return RtcpReceiverInfo(
            ssrc=self.ssrc,
            fraction_lost=min(255, int(self.loss_share * 256)),
            packets_lost=min(lost, 0x7FFFFF),
            highest_sequence=self._highest & 0xFFFFFFFF,
            jitter=int(self._jitter) & 0xFFFFFFFF,
            lsr=self._last_sr,
            dlsr=since_sr & 0xFFFFFFFF,
        )


class RateMeter:
    """Bytes and events per second over a sliding second."""

    def __init__(self, window_s: float = 1.0) -> None:
        self._window_s = window_s
        self._entries: deque[tuple[float, int]] = deque()
        self._bytes = 0

    def add(self, size: int, now: float) -> None:
        """Count `size` bytes at `now`."""
        self._entries.append((now, size))
        self._bytes += size
        self._expire(now)

    def bits_per_s(self, now: float) -> int:
        """Bits per second."""
        self._expire(now)
        return int(self._bytes * 8 / self._window_s)

    def events_per_s(self, now: float) -> float:
        """Calls of `add` per second."""
        self._expire(now)
        return len(self._entries) / self._window_s

    def _expire(self, now: float) -> None:
        while self._entries and self._entries[0][0] < now - self._window_s:
            self._bytes -= self._entries.popleft()[1]
