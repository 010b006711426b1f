from media.engines.base import VideoFrame
from media.engines.embedded.assembler import FrameAssembler

KEY = b"\x65key"
DELTA = b"\x41delta"


def push(assembler: FrameAssembler, packets: list[tuple[int, int, bool, bytes]], now: float = 0.0):
    frames: list[VideoFrame] = []
    for packet in packets:
        frames += assembler.push(*packet, now)
    return frames


def test_a_frame_leaves_with_its_marker_and_not_later() -> None:
    assembler = FrameAssembler()
    assert push(assembler, [(10, 1000, False, KEY), (11, 1000, False, b"\x41b")]) == []
    assert push(assembler, [(12, 1000, True, b"\x41c")], 0.5) == [
        VideoFrame(0, (KEY, b"\x41b", b"\x41c"), True, 0.5)
    ]


def test_numbers_wrap_and_packets_come_out_of_order() -> None:
    assembler = FrameAssembler()
    frames = push(
        assembler,
        [
            (65_534, 4_294_967_000, True, KEY),
            (0, 2_704, True, DELTA),
            (65_535, 4_294_967_000 + 200, True, DELTA),
            (65_535, 4_294_967_000 + 200, True, DELTA),  # a repetition
            (1, 5_704, True, DELTA),
        ],
    )
    assert [(f.timestamp, f.key) for f in frames] == [(0, True), (200, False), (3_000, False), (6_000, False)]


def test_nothing_leaves_before_the_first_key_frame() -> None:
    assembler = FrameAssembler()
    frames = push(assembler, [(1, 0, True, DELTA), (2, 3000, True, DELTA), (3, 6000, True, KEY)])
    assert [(f.timestamp, f.payloads) for f in frames] == [(0, (KEY,))]
    assert not assembler.needs_key


def test_a_hole_is_asked_for_and_a_late_packet_fills_it() -> None:
    assembler = FrameAssembler()
    push(assembler, [(1, 0, True, KEY)])
    assert push(assembler, [(4, 6000, True, DELTA)], 1.0) == []
    assert assembler.nacks(1.0) == [2, 3]
    assert assembler.nacks(1.01) == []
    assert assembler.nacks(1.06) == [2, 3]
    frames = push(assembler, [(2, 3000, False, DELTA), (3, 3000, True, DELTA)], 1.1)
    assert [f.timestamp for f in frames] == [3000, 6000]
    assert assembler.nacks(2.0) == []


def test_a_hole_that_stays_costs_everything_up_to_the_next_key_frame() -> None:
    assembler = FrameAssembler(max_wait_s=0.4)
    push(assembler, [(1, 0, True, KEY)])
    push(assembler, [(3, 6000, True, DELTA)], 1.0)
    assert assembler.poll(1.3) == []
    assert not assembler.needs_key
    assert assembler.poll(1.5) == []
    assert assembler.needs_key
    assert push(assembler, [(4, 9000, True, DELTA)], 1.5) == []
    assert [f.timestamp for f in push(assembler, [(5, 12_000, True, KEY)], 1.6)] == [12_000]


def test_a_key_frame_behind_the_hole_is_taken_at_once() -> None:
    assembler = FrameAssembler(max_wait_s=0.4)
    push(assembler, [(1, 0, True, KEY)])
    push(assembler, [(3, 6000, True, DELTA), (4, 9000, True, KEY), (5, 12_000, True, DELTA)], 1.0)
    assert [(f.timestamp, f.key) for f in assembler.poll(1.5)] == [(9000, True), (12_000, False)]


def test_probing_padding_is_no_frame() -> None:
    assembler = FrameAssembler()
    frames = push(
        assembler,
        [(1, 0, True, KEY), (2, 0, False, b""), (3, 0, False, b""), (4, 3000, True, DELTA)],
    )
    assert [f.timestamp for f in frames] == [0, 3000]


def test_a_jump_of_the_numbering_starts_over() -> None:
    assembler = FrameAssembler()
    push(assembler, [(1, 0, True, KEY)])
    assert push(assembler, [(10_000, 3000, True, DELTA)]) == []
    assert assembler.needs_key
    assert assembler.nacks(10.0) == []
    assert [f.key for f in push(assembler, [(10_001, 6000, True, KEY)])] == [True]


def test_a_sender_reports_timestamp_is_on_the_frames_scale() -> None:
    assembler = FrameAssembler()
    assembler.origin = 500
    assert assembler.session_timestamp(77) is None
    push(assembler, [(1, 4_294_967_290, True, KEY)])
    assert assembler.session_timestamp(4) == 500 + 10
