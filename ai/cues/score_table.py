"""Every product heard in labelled sessions, how it was read, and whether it was presented: for choosing thresholds."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from ai.cues.engine import CueEngine
from ai.cues.products import ListedProduct
from ai.cues.scoring import LabelledSession
from ai.cues.screen import PinSettings
from ai.cues.sounds import sounds
from ai.listening import ListeningEvent
from ai.transcription.segments import PartialSegment, TranscriptSegment

_SLACK_S = 0.7


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """A product's name in one hypothesis of an utterance."""

    session: str
    utterance: str
    product: str
    final: int
    """1: the utterance is over; 0: it still grows."""
    sounds_before: int
    sounds_after: int
    """Syllables or words of the utterance on either side of the name."""
    trust: str
    match_score: float
    probability: float
    """That it is presented."""
    presented: int
    """1: the label says that the host presents it."""


def rows(
    session: LabelledSession,
    events: Iterable[tuple[float, ListeningEvent]],
    products: Sequence[ListedProduct],
) -> list[ScoreRow]:
    """Reads what was heard again, hypothesis by hypothesis."""
    engine = CueEngine(products, PinSettings())
    found = []
    for at_s, event in events:
        if not isinstance(event, PartialSegment | TranscriptSegment):
            continue
        for match, reading in engine.readings(event, engine.names_in(event.text)):
            found.append(
                ScoreRow(
                    session.id,
                    str(event.id),
                    match.product_id,
                    int(isinstance(event, TranscriptSegment)),
                    len(sounds(event.text[: match.start])),
                    len(sounds(event.text[match.end :])),
                    match.trust.name.lower(),
                    round(match.score, 3),
                    reading.probability,
                    int(_presented(session, match.product_id, event.start_s, event.end_s)),
                )
            )
        engine.observe(event, at_s)
    return found


def write(path: Path, table: Iterable[ScoreRow]) -> None:
    """As CSV, the columns as in ScoreRow."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(ScoreRow)])
        writer.writeheader()
        writer.writerows(asdict(row) for row in table)


def _presented(session: LabelledSession, product_id: str, start_s: float, end_s: float) -> bool:
    return any(
        segment.kind == "introduce"
        and segment.product_id == product_id
        and segment.start_s - _SLACK_S < end_s
        and start_s < segment.end_s + _SLACK_S
        for segment in session.segments
    )
