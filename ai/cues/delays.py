"""How long after the word viewers read it, and the host is warned; by labelled sessions."""

from collections.abc import Iterable, Sequence

from ai.cues.decisions import Promise, Warn
from ai.cues.matcher import Matcher
from ai.cues.numbers import spoken_numbers
from ai.cues.products import ListedProduct
from ai.cues.scoring import LabelledSegment, LabelledSession
from ai.listening import ListeningEvent
from ai.transcription.segments import PartialSegment, TranscriptSegment

_EARLY_S = 0.5
"""By so much may a label lie behind the word itself."""
_LATE_S = 5.0

Events = Sequence[tuple[float, ListeningEvent]]


def caption_delays(
    session: LabelledSession, events: Events, products: Sequence[ListedProduct]
) -> list[float]:
    """Seconds from a product's name to the first caption with it, partial or final, of each name that was heard."""
    matcher = Matcher(products)
    captions = [
        (at_s, event, {match.product_id for match in matcher.find(event.text)})
        for at_s, event in events
        if isinstance(event, PartialSegment | TranscriptSegment)
    ]
    delays = []
    for segment in session.segments:
        if segment.mention_end_s is None:
            continue
        shown = (
            at_s
            for at_s, caption, named in captions
            if segment.product_id in named
            and caption.end_s >= segment.mention_end_s - _EARLY_S
            and segment.start_s - _EARLY_S <= at_s <= segment.end_s + _LATE_S
        )
        first_s = next(shown, None)
        if first_s is not None:
            delays.append(max(0.0, first_s - segment.mention_end_s))
    return delays


def warning_delays(session: LabelledSession, events: Events) -> list[float]:
    """Seconds from a number that differs from what is held to its warning.

    Where in its sentence the number ends is estimated by its share of the characters, good to about 0.5 s.
    """
    delays = []
    for at_s, event in events:
        if not isinstance(event, Warn):
            continue
        spoken = [
            said_s
            for segment in session.segments
            for said_s in _said(segment, session.language, event)
            if said_s - 2 * _EARLY_S <= at_s <= said_s + _LATE_S
        ]
        if spoken:
            delays.append(max(0.0, at_s - max(spoken)))
    return delays


def _said(segment: LabelledSegment, language: str, warning: Warn) -> Iterable[float]:
    per_unit = 1 if warning.promise is Promise.STOCK else 100
    for number in spoken_numbers(segment.text, language):
        if round(number.value * per_unit) == warning.said:
            share = number.end / len(segment.text)
            yield segment.start_s + share * (segment.end_s - segment.start_s)
