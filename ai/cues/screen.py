"""What is pinned in a room, and when that may change: presented → pinned → replaced or expired."""

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PinSettings:
    automatic: bool = True
    """False: "suggest only"."""
    min_on_screen_s: float = 2.0
    """A pin stays at least so long; what is presented meanwhile follows then."""
    repin_gap_s: float = 4.0
    """A product that has just been replaced is not pinned again sooner."""
    host_hold_s: float = 10.0
    """What the host has pinned by hand stays at least so long."""
    expires_s: float = 600.0
    """An automatic pin leaves the screen when its product was not heard of for so long."""
    set_size: int = 3
    """Most products pinned at once, when the host presents a set."""
    suggestion_gap_s: float = 30.0
    """The same product is not suggested more often."""


@dataclass(slots=True)
class _Pinned:
    product_id: str
    since_s: float
    heard_s: float
    by_host: bool


class Screen:
    """A room's pinned products. Times are seconds of one monotonic clock."""

    def __init__(self, settings: PinSettings) -> None:
        self.settings = settings
        self._pinned: dict[str, _Pinned] = {}
        self._left_s: dict[str, float] = {}
        self._muted: set[str] = set()

    @property
    def pinned(self) -> tuple[str, ...]:
        return tuple(self._pinned)

    def shows(self, product_id: str) -> bool:
        return product_id in self._pinned

    def muted(self, product_id: str) -> bool:
        return product_id in self._muted

    def heard(self, product_id: str, now_s: float) -> None:
        """The host still speaks of a pinned product."""
        if product_id in self._pinned:
            self._pinned[product_id].heard_s = now_s

    def earliest_s(self, product_id: str, now_s: float, together_with: Collection[str] = ()) -> float:
        """When the automat may pin `product_id`: now, or when the gap and the least time of others are over."""
        gap_s = self._left_s.get(product_id, float("-inf")) + self.settings.repin_gap_s
        holds_s = [
            pin.since_s + (self.settings.host_hold_s if pin.by_host else self.settings.min_on_screen_s)
            for pin in self._pinned.values()
            if pin.product_id not in together_with
        ]
        return max(now_s, gap_s, *holds_s)

    def pin(self, product_id: str, now_s: float, together_with: Collection[str] = ()) -> tuple[str, ...]:
        """Pins and returns what leaves the screen for it: everything that is not of the same set."""
        leaving = [p.product_id for p in self._pinned.values() if p.product_id not in together_with]
        free = self.settings.set_size - 1
        staying = [p for p in self._pinned if p not in leaving]
        leaving += staying[: max(0, len(staying) - free)]
        for gone in leaving:
            self._leave(gone, now_s)
        self._pinned[product_id] = _Pinned(product_id, now_s, now_s, by_host=False)
        return tuple(leaving)

    def expire(self, now_s: float) -> tuple[str, ...]:
        """Removes and returns automatic pins of which nothing was heard for `expires_s`."""
        gone = tuple(
            pin.product_id
            for pin in self._pinned.values()
            if not pin.by_host and now_s - pin.heard_s >= self.settings.expires_s
        )
        for product_id in gone:
            self._leave(product_id, now_s)
        return gone

    def sync(self, pinned: Collection[str], by_host: Collection[str], now_s: float) -> None:
        """What the room really shows, and the products that the host has pinned or taken off by hand.

        The host's hand always wins: the automat leaves those products alone.
        """
        for gone in [product_id for product_id in self._pinned if product_id not in pinned]:
            self._leave(gone, now_s)
        for product_id in pinned:
            by_hand = product_id in by_host
            shown = self._pinned.setdefault(product_id, _Pinned(product_id, now_s, now_s, by_hand))
            shown.by_host = by_hand
        self._muted = set(by_host)

    def _leave(self, product_id: str, now_s: float) -> None:
        del self._pinned[product_id]
        self._left_s[product_id] = now_s
