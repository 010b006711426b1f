"""How late captions and warnings are, by labels."""

from ai.cues.decisions import Evidence, Promise, Warn
from ai.cues.delays import caption_delays, warning_delays
from ai.cues.products import ListedProduct
from ai.cues.scoring import LabelledSegment, LabelledSession
from ai.listening import ListeningEvent
from ai.transcription.segments import PartialSegment, TranscriptSegment
from app.core.ids import new_id

LAMP = ListedProduct("lamp", "护眼台灯", price_cents=16900)
SESSION = LabelledSession(
    "s",
    "zh",
    "none",
    "s.opus",
    20.0,
    (
        LabelledSegment(1.0, 5.0, "看这个护眼台灯,没有频闪", "introduce", "lamp", 3.0),
        LabelledSegment(6.0, 10.0, "今天只要99元", "talk", None, None),
    ),
)


def test_the_first_caption_with_the_name_counts() -> None:
    id_ = new_id()
    events: list[tuple[float, ListeningEvent]] = [
        (2.5, PartialSegment(id_, "看这个护", "", "zh", 1.0, 2.4, "x")),
        (3.75, PartialSegment(id_, "看这个护眼台灯", "看这个护", "zh", 1.0, 3.5, "x")),
        (6.0, TranscriptSegment(id_, "看这个护眼台灯,没有频闪", "zh", 1.0, 5.0, "x")),
    ]

    assert caption_delays(SESSION, events, [LAMP]) == [0.75]
    assert caption_delays(SESSION, events[:1], [LAMP]) == []


def test_a_warning_counts_from_its_number() -> None:
    evidence = Evidence("今天只要99元", 1.0, "said price")
    right = Warn(Promise.PRICE, "lamp", 9900, 16900, evidence)
    misheard = Warn(Promise.PRICE, "lamp", 9000, 16900, evidence)

    [delay_s] = warning_delays(SESSION, [(10.5, right), (10.6, misheard)])

    assert delay_s == 10.5 - (6.0 + 4.0 * 6 / 7)
