"""How a viewer changes between renditions: at key frames, without going back in time; pure."""

from typing import Protocol

_SILENCE_TICKS = 2 * 90_000


class RenditionFrame(Protocol):
    """What of a picture decides."""

    @property
    def rendition(self) -> int: ...
    @property
    def key(self) -> bool: ...
    @property
    def timestamp(self) -> int: ...


class RenditionTrack:
    """Says which of all renditions' pictures are this viewer's.

    Smaller pictures come a little later than the source's. On the way down the source is held at
    its next key frame until the smaller picture of the same moment is there; where that does not
    come by the following key frame, the change is given up. A rendition that has fallen silent for
    two seconds is left for the source.
    """

    def __init__(self) -> None:
        self.rendition = 0
        self.wanted = 0
        self._held = False
        self._newest: int | None = None

    def follows(self, frame: RenditionFrame) -> bool:
        """Whether to send a picture."""
        if frame.rendition == self.rendition:
            if frame.key and self.wanted != self.rendition:
                if self._held:
                    self.wanted = self.rendition
                self._held = not self._held
            if not self._held:
                self._newest = frame.timestamp
            return not self._held
        if not frame.key or (self._newest is not None and frame.timestamp <= self._newest):
            return False
        fallen_silent = (
            frame.rendition == 0
            and self._newest is not None
            and frame.timestamp - self._newest > _SILENCE_TICKS
        )
        if frame.rendition != self.wanted and not fallen_silent:
            return False
        self.rendition = frame.rendition
        self._held = False
        self._newest = frame.timestamp
        return True
