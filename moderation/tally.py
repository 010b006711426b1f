"""Who has been found how often of late, and who says the same thing over and over. In memory: a restart forgives."""

from collections import Counter, OrderedDict, deque
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from .findings import Category, Finding
from .text.normalize import normalize

COUNTED_FOR = timedelta(minutes=10)
SAME_WITHIN = timedelta(seconds=60)
SAME_AT_MOST = 4
_KEPT = 10_000
_EACH = 200


class Tally:
    """Findings by category within `COUNTED_FOR`, for each key; the longest silent keys are forgotten first."""

    def __init__(self, keys: int = _KEPT) -> None:
        self._keys = keys
        self._recent: OrderedDict[object, deque[tuple[datetime, str]]] = OrderedDict()

    def count(self, key: object, categories: Iterable[str], now: datetime) -> Mapping[str, int]:
        """Add what was found now; how often each category was found, this time included."""
        recent = self._recent.setdefault(key, deque(maxlen=_EACH))
        self._recent.move_to_end(key)
        while len(self._recent) > self._keys:
            self._recent.popitem(last=False)
        while recent and now - recent[0][0] > COUNTED_FOR:
            recent.popleft()
        recent.extend((now, category) for category in set(categories))
        return Counter(category for _, category in recent)

    def forget(self, key: object) -> None:
        self._recent.pop(key, None)


class Repeats:
    """Notices who writes the same words more than `SAME_AT_MOST` times within `SAME_WITHIN`."""

    def __init__(self, keys: int = _KEPT) -> None:
        self._keys = keys
        self._said: OrderedDict[object, deque[tuple[datetime, str]]] = OrderedDict()

    def find(self, key: object, text: str, now: datetime) -> list[Finding]:
        """A finding over the whole text, or none; very short cries are let be."""
        said = self._said.setdefault(key, deque(maxlen=3 * SAME_AT_MOST))
        self._said.move_to_end(key)
        while len(self._said) > self._keys:
            self._said.popitem(last=False)
        while said and now - said[0][0] > SAME_WITHIN:
            said.popleft()
        folded = normalize(text).compact
        if len(folded) < 4:
            return []
        said.append((now, folded))
        if sum(words == folded for _, words in said) <= SAME_AT_MOST:
            return []
        return [Finding(Category.SPAM, 0.7, "spam.flood", 0, len(text), text)]
