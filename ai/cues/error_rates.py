"""Character error rates of finished utterances: with and without hotwords, with and without one script."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ai.cues.numbers import with_digits
from ai.cues.scoring import LabelledSession, error_rate
from ai.transcription.audio import SAMPLE_RATE_HZ, Samples
from ai.transcription.inventions import without_inventions
from ai.transcription.recognizer import Effort, Vocabulary, WhisperRecognizer
from ai.transcription.script import simplified
from ai.transcription.segments import TranscriptSegment

_WORD = re.compile(r"\w")
_PREROLL_S = 0.3


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """Shares of the characters spoken, inventions dropped, before names are spelled as in the catalogue.

    All but `as_written` compare simplified script.
    """

    hotwords: float
    no_hotwords: float
    hotwords_as_written: float
    """In the mixture of scripts that the model writes."""
    no_hotwords_as_written: float


def normalized(text: str) -> str:
    """Letters and digits alone, lower case, numbers as digits: "九十九元" and "99元" are equal."""
    return "".join(_WORD.findall(with_digits(text.lower()))).replace("_", "")


def measure(
    session: LabelledSession,
    sound: Samples,
    heard: Iterable[TranscriptSegment],
    recognizer: WhisperRecognizer,
    vocabulary: Vocabulary,
) -> ErrorRates:
    """Recognizes the utterances of a session again, each way."""
    utterances = list(heard)
    reference = normalized("".join(segment.text + " " for segment in session.segments))
    rates: list[float] = []
    for hotwords in (True, False):
        variant = recognizer.variant(hotwords=hotwords, simplify=False)
        names = vocabulary if hotwords else Vocabulary()
        texts = [_heard(variant, _cut(sound, u), names, u) for u in utterances]
        rates += [
            error_rate(reference, normalized("".join(simplified(text) for text in texts))),
            error_rate(reference, normalized("".join(texts))),
        ]
    return ErrorRates(rates[0], rates[2], rates[1], rates[3])


def _heard(
    recognizer: WhisperRecognizer, samples: Samples, vocabulary: Vocabulary, utterance: TranscriptSegment
) -> str:
    hypothesis = recognizer.recognize(samples, vocabulary, Effort.FINAL, language=utterance.language)
    speech_s = utterance.end_s - utterance.start_s
    names = vocabulary.of(hypothesis.language)
    return without_inventions(hypothesis, speech_s, len(samples) / SAMPLE_RATE_HZ, names)


def _cut(sound: Samples, utterance: TranscriptSegment) -> Samples:
    begin = max(0, int(utterance.start_s * SAMPLE_RATE_HZ))
    return sound[begin : int((utterance.end_s + _PREROLL_S) * SAMPLE_RATE_HZ)]
