import pytest

from media.engines.embedded import rtp
from media.h264 import annex_b, nal_units, starts_key_frame


def test_a_built_packet_reads_back() -> None:
    data = rtp.build(108, True, 65_537, (1 << 32) + 5, 0xCAFE, b"payload")
    view = rtp.parse(data)
    assert view == rtp.RtpView(True, 108, 1, 5, 0xCAFE, b"", b"payload")


def test_extension_and_padding_are_left_out_of_the_payload() -> None:
    extension = bytes([0x22, 1, 2, 3, 0x40, 9, 0, 0])  # id 2 of 3 bytes, id 4 of 1 byte
    data = (
        bytes([0xB0, 96])
        + (7).to_bytes(2, "big")
        + (8).to_bytes(4, "big")
        + (9).to_bytes(4, "big")
        + b"\xbe\xde\x00\x02"
        + extension
        + b"abc"
        + b"\x00\x00\x03"
    )
    view = rtp.parse(data)
    assert view.payload == b"abc"
    assert rtp.extension_value(view.extension, 2) == b"\x01\x02\x03"
    assert rtp.extension_value(view.extension, 4) == b"\x09"
    assert rtp.extension_value(view.extension, 5) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80\x60\x00\x01",
        b"\x40" + bytes(11),  # version 1
        b"\x90" + bytes(11),  # extension announced, none there
        b"\x90" + bytes(11) + b"\xbe\xde\x00\x09" + bytes(4),  # extension longer than the packet
        b"\xa0" + bytes(11) + b"ab\x09",  # more padding than payload
        b"\x8f" + bytes(20),  # fifteen sources announced
    ],
)
def test_truncated_packets_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        rtp.parse(data)


def test_counters_unwrap_in_both_directions() -> None:
    unwrapper = rtp.Unwrapper(16)
    assert [unwrapper.unwrap(n) for n in (65_534, 65_535, 0, 65_535, 1)] == [
        65_534,
        65_535,
        65_536,
        65_535,
        65_537,
    ]
    assert unwrapper.peek(65_530) == 65_530


def test_key_frames_are_told_in_every_packing() -> None:
    assert starts_key_frame(b"\x65rest")
    assert starts_key_frame(b"\x67sps")
    assert starts_key_frame(b"\x7c\x85rest")  # FU-A, start of an IDR slice
    assert not starts_key_frame(b"\x7c\x05rest")  # FU-A, middle of one
    assert starts_key_frame(b"\x18\x00\x02\x06x\x00\x02\x67y")  # STAP-A: SEI, SPS
    assert not starts_key_frame(b"\x61slice")
    assert not starts_key_frame(b"")


def test_payloads_become_nal_units() -> None:
    stap = b"\x18" + b"\x00\x03\x67ab" + b"\x00\x02\x68c"
    fragments = (b"\x7c\x85de", b"\x7c\x05fg", b"\x7c\x45h")
    assert list(nal_units([stap, *fragments, b"\x41i"])) == [b"\x67ab", b"\x68c", b"\x65defgh", b"\x41i"]
    assert annex_b([b"\x41i"]) == b"\x00\x00\x00\x01\x41i"


def test_broken_fragments_are_left_out() -> None:
    assert list(nal_units([b"\x7c\x05middle", b"\x7c", b"", b"\x18\x00\xffx", b"\x41i"])) == [b"\x41i"]
