"""How right pins are, against labelled sessions (the format of `tests/data/host_speech`)."""

from collections.abc import Sequence
from dataclasses import dataclass

GRACE_S = 5.0
"""A pin counts until so long after the end of a sentence that presents its product."""


@dataclass(frozen=True, slots=True)
class LabelledSegment:
    start_s: float
    end_s: float
    text: str
    kind: str
    """`introduce`, `mention` or `talk`."""
    product_id: str | None
    mention_end_s: float | None


@dataclass(frozen=True, slots=True)
class LabelledSession:
    id: str
    language: str
    noise: str
    audio: str
    duration_s: float
    segments: tuple[LabelledSegment, ...]


@dataclass(frozen=True, slots=True)
class MadePin:
    product_id: str
    at_s: float
    text: str
    rule: str


@dataclass(frozen=True, slots=True)
class Introduction:
    """Successive sentences that present one product, until another is presented."""

    product_id: str
    segments: tuple[LabelledSegment, ...]

    @property
    def named_s(self) -> float | None:
        """When the name has first been spoken."""
        return next((s.mention_end_s for s in self.segments if s.mention_end_s is not None), None)

    def allows(self, at_s: float) -> bool:
        return self.segments[0].start_s <= at_s <= self.segments[-1].end_s + GRACE_S


@dataclass(frozen=True, slots=True)
class FalsePin:
    pin: MadePin
    kind: str
    """`only mentioned`, `other product`, `twice`, `late` or `nothing named`."""


@dataclass(frozen=True, slots=True)
class SessionScore:
    session: LabelledSession
    expected: tuple[Introduction, ...]
    hits: tuple[tuple[Introduction, MadePin], ...]
    missed: tuple[Introduction, ...]
    false_pins: tuple[FalsePin, ...]

    @property
    def latencies_s(self) -> list[float]:
        return [pin.at_s - named for intro, pin in self.hits if (named := intro.named_s) is not None]


def introductions(session: LabelledSession) -> list[Introduction]:
    found: list[Introduction] = []
    for segment in session.segments:
        if segment.kind != "introduce" or segment.product_id is None:
            continue
        if found and found[-1].product_id == segment.product_id:
            found[-1] = Introduction(segment.product_id, (*found[-1].segments, segment))
        else:
            found.append(Introduction(segment.product_id, (segment,)))
    return found


def score(session: LabelledSession, pins: Sequence[MadePin]) -> SessionScore:
    """Each introduction wants one pin; any other pin is false."""
    expected = introductions(session)
    open_ones = list(expected)
    hits: list[tuple[Introduction, MadePin]] = []
    false_pins: list[FalsePin] = []
    for pin in sorted(pins, key=lambda pin: pin.at_s):
        right = next((i for i in open_ones if i.product_id == pin.product_id and i.allows(pin.at_s)), None)
        if right is None:
            false_pins.append(FalsePin(pin, _failure(session, expected, hits, pin)))
        else:
            open_ones.remove(right)
            hits.append((right, pin))
    return SessionScore(session, tuple(expected), tuple(hits), tuple(open_ones), tuple(false_pins))


def _failure(
    session: LabelledSession,
    expected: Sequence[Introduction],
    hits: Sequence[tuple[Introduction, MadePin]],
    pin: MadePin,
) -> str:
    if any(intro.product_id == pin.product_id and intro.allows(pin.at_s) for intro, _ in hits):
        return "twice"
    said = [s for s in session.segments if s.start_s <= pin.at_s <= s.end_s + GRACE_S]
    if any(s.kind == "mention" and s.product_id == pin.product_id for s in said):
        return "only mentioned"
    if any(i.product_id == pin.product_id and i.segments[-1].end_s < pin.at_s for i in expected):
        return "late"
    return "other product" if any(s.kind == "introduce" for s in said) else "nothing named"


def percentile(values: Sequence[float], share: float) -> float | None:
    """Of the sorted values the one at `share` (nearest rank)."""
    if not values:
        return None
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def error_rate(reference: str, heard: str) -> float:
    """Edit distance by the length of the reference; both already normalized."""
    return errors(reference, heard) / max(1, len(reference))


def errors(reference: str, heard: str) -> int:
    row = list(range(len(heard) + 1))
    for i, wanted in enumerate(reference, 1):
        previous, row[0] = row[0], i
        for j, found in enumerate(heard, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (wanted != found))
    return row[-1]
