"""Which smaller pictures are made, and when a viewer is moved between them; pure."""

from collections.abc import Sequence
from dataclasses import dataclass

_AUDIO_BPS = 100_000
_BITRATES_BPS = {1080: 4_000_000, 720: 2_000_000, 480: 900_000, 360: 500_000, 240: 280_000}

BAD_LOSS = 0.10
CALM_LOSS = 0.03
BAD_DELAY_MS = 250.0
_BAD_REPORTS = 3
_CALM_S = 10.0
_LONGEST_CALM_S = 120.0
_TRIAL_S = 15.0


@dataclass(frozen=True, slots=True)
class Rung:
    """A rendition by its picture's shorter edge."""

    short_edge_px: int
    bitrate_bps: int

    @property
    def name(self) -> str:
        """As in addresses: `480p`."""
        return f"{self.short_edge_px}p"

    @property
    def bandwidth_bps(self) -> int:
        """What a playlist promises: peaks and sound included."""
        return self.bitrate_bps * 5 // 4 + _AUDIO_BPS


def ladder(short_edges_px: Sequence[int]) -> tuple[Rung, ...]:
    """The rungs for these shorter edges, largest first; unusual ones at four bits a second for each pixel of edge²."""
    edges = sorted(set(short_edges_px), reverse=True)
    return tuple(Rung(edge, _BITRATES_BPS.get(edge, edge * edge * 4)) for edge in edges)


class RenditionChoice:
    """Moves one viewer down by loss and delay, and up again after a calm time.

    Rendition 0 is the source, larger numbers are smaller pictures. Three bad receiver reports in a
    row (loss, a round trip well above this path's best, pictures dropped for want of speed) lead
    one down. Ten calm seconds lead one up; each time that fails within 15 s, the calm time doubles.
    """

    def __init__(self) -> None:
        self.rendition = 0
        self._best_ms: float | None = None
        self._bad = 0
        self._calm_since: float | None = None
        self._calm_s = _CALM_S
        self._went_up_at: float | None = None
        self._dropped = 0

    def report(
        self, loss_share: float, round_trip_ms: float | None, frames_dropped: int, renditions: int, now: float
    ) -> int:
        """Take a receiver report; `frames_dropped` so far. Returns the rendition to send from now on."""
        self.rendition = min(self.rendition, renditions - 1)
        delayed = self._is_delayed(round_trip_ms)
        dropped = frames_dropped > self._dropped
        self._dropped = frames_dropped
        if loss_share >= BAD_LOSS or delayed or dropped:
            self._bad += 1
            self._calm_since = None
            if self._bad >= _BAD_REPORTS and self.rendition < renditions - 1:
                self._go_down(now)
        elif loss_share < CALM_LOSS:
            self._bad = 0
            if self._calm_since is None:
                self._calm_since = now
            elif now - self._calm_since >= self._calm_s and self.rendition > 0:
                self._go_up(now)
        else:
            self._bad = 0
            self._calm_since = None
        return self.rendition

    def _go_down(self, now: float) -> None:
        if self._went_up_at is not None and now - self._went_up_at < _TRIAL_S:
            self._calm_s = min(self._calm_s * 2, _LONGEST_CALM_S)
        self._went_up_at = None
        self.rendition += 1
        self._bad = 0

    def _go_up(self, now: float) -> None:
        if self._went_up_at is not None and now - self._went_up_at >= _TRIAL_S:
            self._calm_s = _CALM_S
        self._went_up_at = now
        self.rendition -= 1
        self._calm_since = now

    def _is_delayed(self, round_trip_ms: float | None) -> bool:
        if round_trip_ms is None:
            return False
        if self._best_ms is None or round_trip_ms < self._best_ms:
            self._best_ms = round_trip_ms
        return round_trip_ms > self._best_ms + BAD_DELAY_MS
