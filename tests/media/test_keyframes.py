from media.engines.embedded.keyframes import KeyFrameRequests


def times(requests: KeyFrameRequests, wishes: list[float], until: float) -> list[float]:
    """Which moments (in steps of 0.1 s) lead to a request."""
    asked = []
    for step in range(int(until * 10) + 1):
        now = step / 10
        if now in wishes:
            requests.want()
        if requests.due(now):
            asked.append(now)
    return asked


def test_many_wishes_reach_the_host_once_a_second() -> None:
    requests = KeyFrameRequests(1.0, max_gap_s=100)
    requests.arrived(0.0)
    assert times(requests, [n / 10 for n in range(1, 31)], 3.0) == [0.1, 1.1, 2.1]
    assert requests.sent == 3


def test_a_wish_during_the_pause_is_kept() -> None:
    requests = KeyFrameRequests(1.0, max_gap_s=100)
    requests.arrived(0.0)
    assert times(requests, [0.1, 0.3], 3.0) == [0.1, 1.1]


def test_a_key_frame_satisfies_the_wishes_so_far() -> None:
    requests = KeyFrameRequests(1.0, max_gap_s=100)
    requests.arrived(0.0)
    requests.want()
    requests.arrived(0.1)
    assert not requests.due(0.2)


def test_a_host_that_sends_none_is_asked() -> None:
    requests = KeyFrameRequests(1.0, max_gap_s=2.0)
    requests.arrived(0.0)
    assert times(requests, [], 4.5) == [2.0, 3.0, 4.0]
