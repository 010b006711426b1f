"""When to ask a host for a key frame: at most once a second, whoever wants one."""


class KeyFrameRequests:
    """A pure state machine over time.

    Wishes are merged: each leads to at least one request, but two requests are never closer
    than `min_interval_s`, and a key frame that arrives satisfies all wishes so far. A stream
    that brings none by itself is asked every `max_gap_s`, so that joining, HLS segments and
    clips always find one.
    """

    def __init__(self, min_interval_s: float = 1.0, max_gap_s: float = 2.0) -> None:
        self._min_interval_s = min_interval_s
        self._max_gap_s = max_gap_s
        self._wanted = False
        self._asked_at: float | None = None
        self._key_at: float | None = None
        self.sent = 0

    def want(self) -> None:
        """Someone cannot go on without a key frame."""
        self._wanted = True

    def arrived(self, now: float) -> None:
        """A key frame has come in."""
        self._wanted = False
        self._key_at = now

    def due(self, now: float) -> bool:
        """Whether to ask the host now; counts as asked."""
        overdue = self._key_at is None or now - self._key_at >= self._max_gap_s
        if not (self._wanted or overdue):
            return False
        if self._asked_at is not None and now - self._asked_at < self._min_interval_s:
            return False
        self._asked_at = now
        self._wanted = False
        self.sent += 1
        return True
