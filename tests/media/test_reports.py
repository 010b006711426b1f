import struct

from aiortc import rtp as rtcp

from media.engines.embedded.reports import (
    RateMeter,
    ReceiveStats,
    answer_reference_time,
    ntp_from_unix,
    round_trip_ms,
    unix_from_ntp,
)


def test_ntp_and_unix_time_are_each_others_inverse() -> None:
    assert ntp_from_unix(0.5) == (2_208_988_800 << 32) + (1 << 31)
    assert unix_from_ntp(ntp_from_unix(1_795_000_000.25)) == 1_795_000_000.25


def test_loss_is_counted_since_the_last_report() -> None:
    stats = ReceiveStats(7, 90_000)
    for sequence in (65_534, 65_535, 1, 2):
        stats.add(sequence, 0, 0.0)
    first = stats.report(1.0)
    assert (first.packets_lost, first.fraction_lost, first.highest_sequence) == (1, 51, 65_538)
    for sequence in (3, 4):
        stats.add(sequence, 0, 0.0)
    second = stats.report(2.0)
    assert (second.packets_lost, second.fraction_lost) == (1, 0)
    assert stats.loss_share == 0.0


def test_the_senders_report_is_echoed_with_its_age() -> None:
    stats = ReceiveStats(7, 90_000)
    stats.sender_report(0x0001_0002_0003_0004, 10.0)
    report = stats.report(12.5)
    assert (report.lsr, report.dlsr) == (0x0002_0003, int(2.5 * 65_536))


def test_the_round_trip_comes_from_an_echoed_report() -> None:
    sent = ntp_from_unix(1000.0)
    report = rtcp.RtcpReceiverInfo(1, 0, 0, 0, 0, (sent >> 16) & 0xFFFFFFFF, int(0.5 * 65_536))
    measured = round_trip_ms(report, 1000.6)
    assert measured is not None
    assert abs(measured - 100) < 0.1
    assert round_trip_ms(rtcp.RtcpReceiverInfo(1, 0, 0, 0, 0, 0, 0), 1000.6) is None


def test_a_receivers_reference_time_is_answered() -> None:
    rr = bytes(rtcp.RtcpRrPacket(ssrc=5))
    block = struct.pack("!BBHQ", 4, 0, 2, 0x1111_2222_3333_4444)
    report = struct.pack("!BBHI", 0x80, 207, 4, 5) + block
    assert answer_reference_time(rr + report, own_ssrc=9) == struct.pack(
        "!BBHIBBHIII", 0x80, 207, 5, 9, 5, 0, 3, 5, 0x2222_3333, 0
    )
    assert answer_reference_time(rr, own_ssrc=9) is None
    assert answer_reference_time(report[:9], own_ssrc=9) is None


def test_rates_are_of_the_last_second() -> None:
    meter = RateMeter()
    for n in range(20):
        meter.add(1000, n / 10)
    assert meter.bits_per_s(1.9) == 88_000
    assert meter.events_per_s(1.9) == 11
    assert meter.bits_per_s(10.0) == 0
