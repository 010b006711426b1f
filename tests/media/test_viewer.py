import struct
from collections.abc import Callable

from aiortc import rtp as rtcp

from media.engines.embedded import rtp
from media.engines.embedded.negotiation import Codec, Source
from media.engines.embedded.peer import FakeLink
from media.engines.embedded.viewer import (
    MAX_QUEUED_FRAMES,
    OutFrame,
    SenderClock,
    SentPacket,
    Viewer,
)

VIDEO = Codec(108, "H264", 90_000, None, "packetization-mode=1", (), rtx=109)
SOURCES = {"video": Source(0xABC, 0xDEF), "audio": Source(0x123)}


class Room:
    """A room that knows every packet of the frames that it made."""

    renditions = 1

    def __init__(self) -> None:
        self.key_frames_wanted = 0
        self.attached: list[Viewer] = []
        self._packets: dict[int, SentPacket] = {}
        self._next = 1000

    def frame(self, timestamp: int, *, key: bool = False, packets: int = 2) -> OutFrame:
        payloads = tuple(bytes([0x65 if key else 0x41, n]) for n in range(packets))
        frame = OutFrame(self._next, timestamp, 0xABC, payloads, key)
        for n, payload in enumerate(payloads):
            self._packets[self._next + n] = SentPacket(timestamp, n == packets - 1, payload)
        self._next += packets
        return frame

    def attach(self, viewer: Viewer) -> None:
        self.attached.append(viewer)

    def detach(self, viewer: Viewer) -> None:
        self.attached.remove(viewer)

    def want_key_frame(self) -> None:
        self.key_frames_wanted += 1

    def sent_packet(self, sequence: int) -> SentPacket | None:
        return self._packets.get(sequence)

    def sender_clock(self) -> SenderClock | None:
        return SenderClock(1_000.0, {"video": 90_000})


class Time:
    def __init__(self) -> None:
        self.now = 0.0
        self.later: list[Callable[[], None]] = []

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> None:
        self.later.append(callback)


def make(link: FakeLink, room: Room, time: Time, codec: Codec = VIDEO) -> Viewer:
    return Viewer(
        "v",
        link,
        room,
        video=codec,
        audio=None,
        sources=SOURCES,
        cname="room",
        call_later=time.call_later,
        monotonic=lambda: time.now,
    )


def sent(link: FakeLink) -> list[tuple[int, int, bool]]:
    """(sequence, timestamp, marker) of everything that left."""
    views = [rtp.parse(data) for data in link.rtp]
    return [(v.sequence, v.timestamp, v.marker) for v in views]


def test_a_viewer_starts_at_a_key_frame() -> None:
    link, room, time = FakeLink(), Room(), Time()
    viewer = make(link, room, time)
    viewer.send_video(room.frame(0), 0.0)
    viewer.send_video(room.frame(3000, key=True), 0.0)
    viewer.send_video(room.frame(6000), 0.0)
    assert sent(link) == [(1002, 3000, False), (1003, 3000, True), (1004, 6000, False), (1005, 6000, True)]
    assert viewer.frames_dropped == 1


def test_a_joiner_gets_the_group_of_pictures_squeezed_in_time() -> None:
    link, room, time = FakeLink(), Room(), Time()
    viewer = make(link, room, time)
    group = [room.frame(0, key=True, packets=1), room.frame(3000, packets=1), room.frame(6000, packets=1)]
    viewer.catch_up(group)
    viewer.send_video(room.frame(9000, packets=1), 0.0)
    assert sent(link) == [
        (1000, 5820, True),
        (1001, 5910, True),
        (1002, 6000, True),
        (1003, 9000, True),
    ]


def test_payloads_and_packing_are_shared_between_viewers() -> None:
    room, time = Room(), Time()
    links = [FakeLink(), FakeLink()]
    frame = room.frame(0, key=True)
    for link in links:
        make(link, room, time).send_video(frame, 0.0)
    assert links[0].rtp[0] is links[1].rtp[0]


def test_a_slow_viewer_goes_on_at_the_next_key_frame_without_a_gap_in_numbers() -> None:
    link, room, time = FakeLink(room=3), Room(), Time()
    viewer = make(link, room, time)
    viewer.send_video(room.frame(0, key=True), 0.0)
    for n in range(1, MAX_QUEUED_FRAMES + 2):
        viewer.send_video(room.frame(n * 3000), 0.0)
    assert viewer.queued_frames == 0
    assert viewer.frames_dropped == MAX_QUEUED_FRAMES + 1
    assert room.key_frames_wanted == 1
    link.open_up()
    viewer.send_video(room.frame(900_000), 0.0)
    viewer.send_video(room.frame(903_000, key=True), 0.0)
    assert viewer.frames_dropped == MAX_QUEUED_FRAMES + 2
    assert sent(link) == [
        (1000, 0, False),
        (1001, 0, True),
        (1002, 3000, False),  # half a frame left before the system was full
        (1003, 903_000, False),
        (1004, 903_000, True),
    ]


def test_a_newer_key_frame_in_the_queue_is_where_a_slow_viewer_goes_on() -> None:
    link, room, time = FakeLink(room=0), Room(), Time()
    viewer = make(link, room, time)
    for n in range(MAX_QUEUED_FRAMES + 1):
        viewer.send_video(room.frame(n * 3000, key=n in (0, 50), packets=1), 0.0)
    assert viewer.frames_dropped == 50
    assert room.key_frames_wanted == 0
    link.open_up()
    assert [timestamp for _, timestamp, _ in sent(link)] == [n * 3000 for n in range(50, 61)]


def test_what_the_system_did_not_take_follows_when_it_does() -> None:
    link, room, time = FakeLink(room=1), Room(), Time()
    viewer = make(link, room, time)
    viewer.send_video(room.frame(0, key=True, packets=3), 0.0)
    viewer.send_video(room.frame(3000, packets=1), 0.0)
    link.open_up()
    assert [sequence for sequence, _, _ in sent(link)] == [1000, 1001, 1002, 1003]


def nack(*lost: int) -> bytes:
    return bytes(rtcp.RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=0xABC, lost=list(lost)))


def test_a_lost_packet_is_sent_again_by_rtx() -> None:
    link, room, time = FakeLink(), Room(), Time()
    viewer = make(link, room, time)
    viewer.send_video(room.frame(0, key=True), 0.0)
    link.rtp.clear()
    viewer.on_rtcp(nack(1001), 0.0)
    view = rtp.parse(link.rtp[0])
    assert (view.payload_type, view.ssrc, view.timestamp, view.marker) == (109, 0xDEF, 0, True)
    assert view.payload == struct.pack("!H", 1001) + b"\x65\x01"
    assert viewer.retransmissions == 1


def test_without_rtx_the_packet_itself_is_repeated() -> None:
    link, room, time = FakeLink(), Room(), Time()
    viewer = make(link, room, time, Codec(108, "H264", 90_000, None, "", ()))
    viewer.send_video(room.frame(0, key=True), 0.0)
    first = link.rtp[0]
    viewer.on_rtcp(nack(1000), 0.0)
    assert link.rtp[-1] == first


def test_retransmission_follows_renumbering_and_squeezed_time() -> None:
    link, room, time = FakeLink(), Room(), Time()
    viewer = make(link, room, time)
    viewer.catch_up([room.frame(0, key=True, packets=1), room.frame(3000, packets=1)])
    skipped = [room.frame(n * 3000, packets=1) for n in range(2, 5)]
    assert len(skipped) == 3
    viewer.send_video(room.frame(15_000, key=True, packets=1), 0.0)
    assert sent(link) == [(1000, 2910, True), (1001, 3000, True), (1002, 15_000, True)]
    link.rtp.clear()
    viewer.on_rtcp(nack(1000, 1002), 0.0)
    views = [rtp.parse(data) for data in link.rtp]
    assert [(v.payload[:2], v.timestamp) for v in views] == [
        (struct.pack("!H", 1000), 2910),
        (struct.pack("!H", 1002), 15_000),
    ]


def test_what_is_too_old_to_repeat_becomes_a_wish_for_a_key_frame() -> None:
    link, room, time = FakeLink(), Room(), Time()
    viewer = make(link, room, time)
    viewer.send_video(room.frame(0, key=True), 0.0)
    viewer.on_rtcp(nack(900), 0.0)
    assert room.key_frames_wanted == 1


def test_picture_loss_is_passed_on_and_remb_is_not() -> None:
    link, room, time = FakeLink(), Room(), Time()
    viewer = make(link, room, time)
    viewer.on_rtcp(bytes(rtcp.RtcpPsfbPacket(fmt=1, ssrc=1, media_ssrc=0xABC)), 0.0)
    assert room.key_frames_wanted == 1
    remb = rtcp.pack_remb_fci(50_000, [0xABC])
    viewer.on_rtcp(bytes(rtcp.RtcpPsfbPacket(fmt=15, ssrc=1, media_ssrc=0, fci=remb)), 0.0)
    assert room.key_frames_wanted == 1


def test_a_burst_is_paced() -> None:
    link, room, time = FakeLink(), Room(), Time()
    viewer = make(link, room, time)
    payload = b"\x65" + bytes(1199)
    big = OutFrame(1, 0, 0xABC, (payload,) * 200, True)
    more = OutFrame(201, 3000, 0xABC, (payload,) * 10, False)
    viewer.catch_up([big, more])
    assert len(link.rtp) == 200  # the bucket is overdrawn by the first picture
    time.now = 1.0
    for callback in time.later:
        callback()
    assert len(link.rtp) == 210


def test_the_sender_report_ties_time_together() -> None:
    link, room, time = FakeLink(), Room(), Time()
    viewer = make(link, room, time)
    viewer.send_video(room.frame(0, key=True), 0.0)
    viewer.poll(5.0)
    viewer.poll(5.5)
    report = rtcp.RtcpPacket.parse(link.rtcp[0])[0]
    assert isinstance(report, rtcp.RtcpSrPacket)
    assert (report.ssrc, report.sender_info.rtp_timestamp, report.sender_info.packet_count) == (
        0xABC,
        90_000,
        2,
    )
    assert len(link.rtcp) == 1
