"""A rendition's live stream: segment by segment the same as the source's, in smaller pictures."""

from datetime import datetime

from media.hls.live import Limits, LiveStream
from media.hls.playlist import Window
from media.hls.segments import Init


class RenditionStream(LiveStream):
    """Follows a leader: its segments begin at the same moments and bear the same numbers.

    Players change between renditions by these numbers. It is kept in memory alone, not recorded.
    """

    def __init__(self, leader: LiveStream, limits: Limits) -> None:
        super().__init__(leader.room_id, limits)
        self._leader = leader

    def cuts_at(self, moment: datetime) -> bool:
        """Whether the leader began a segment at this moment."""
        return self._leader.began_at(moment) is not None

    def begin_segment(self, init: Init, began_at: datetime, *, discontinuity: bool) -> None:
        """A new segment with the leader's number; what the leader left out leaves a joint."""
        leading = self._leader.began_at(began_at)
        assert leading is not None
        newest = self.newest
        gap = newest is not None and leading.number != newest.number + 1
        if gap:
            self._segments.clear()
        self._number = leading.number
        super().begin_segment(init, began_at, discontinuity=discontinuity or leading.discontinuity)

    def window(self) -> Window:
        """As any, with the leader's count of joints, so that players can line them up."""
        window = super().window()
        if not window.segments:
            return window
        first = window.segments[0]
        before = self._leader.discontinuities_until(first.number)
        return Window(window.segments, before, "", window.ended)
