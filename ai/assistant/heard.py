"""What the host said a moment ago, as facts: quoted, never obeyed, and never a source of claims."""

import re
from collections.abc import Sequence

from ai.assistant.models import Fact, Facts, Language, Source
from ai.assistant.segments import segment
from ai.assistant.text import canonical, common_length, normalize, stem, words

_ASKS_WHAT_WAS_SAID = re.compile(
    r"(主播|他|她|你)?(刚才|刚刚|刚|前面|之前)(主播)?(讲|说|提|介绍|念)|(主播|他|她)(刚)?(讲|说)(的)?(什么|啥|多少|几)|没听(清|到|懂)|"
    r"再(讲|说)一(遍|次|下)|(say|said|mention|tell|repeat)\w*.{0,20}(just|again|earlier|before|minute)|"
    r"(just|earlier).{0,12}(say|said|mention)|what (did|does|was) .{0,12}host .{0,8}(say|said|mention)|missed (that|what)"
)
_ASKING_WORDS = re.compile(
    r"主播|刚才|刚刚|前面|之前|听清|听到|听懂|没听|再|一遍|一次|讲|说|提|介绍|念|host|just|said|say|mention"
)
ENOUGH_CHARS = 3
"""Common characters from which a sentence is on the matter, in Chinese; words in English: 2."""


def heard(text: str, language: Language, facts: Facts) -> Fact | None:
    """The host's sentence that a question is about, latest first; None where none is.

    Where the viewer asks what was said and names no matter, the last sentence is meant.
    """
    said = [s for s in facts.transcript if s.strip()]
    if not said:
        return None
    asked = _ASKS_WHAT_WAS_SAID.search(text) is not None
    matter = _matter(text, language)
    best = max(reversed(said), key=lambda s: _common(matter, s, language))
    enough = _common(matter, best, language) >= (ENOUGH_CHARS if language is Language.ZH else 2)
    if asked and not enough and not any(matter):
        best, enough = said[-1], True
    if asked and not enough:
        enough = _common(matter, best, language) >= (2 if language is Language.ZH else 1)
    return _fact(best) if enough else None


def _matter(text: str, language: Language) -> Sequence[str]:
    if language is Language.ZH:
        plain = _ASKING_WORDS.sub(" ", text)
        return segment(plain, plain, language).chunks
    found = segment(text, text, language)
    return [w for w in found.unknown if not _ASKING_WORDS.search(w)]


def _common(matter: Sequence[str], sentence: str, language: Language) -> int:
    if language is Language.ZH:
        return max((common_length(chunk, canonical(sentence)) for chunk in matter), default=0)
    present = {stem(w) for w in words(normalize(sentence))}
    return sum(word in present for word in matter)


def _fact(sentence: str) -> Fact:
    return Fact("transcript", Source.TRANSCRIPT, "主播刚才说", sentence.strip())
