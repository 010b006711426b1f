"""What Whisper writes when nobody speaks: subtitle credits, thanks for watching, loops, its own hotwords."""

import re
from collections.abc import Sequence

from ai.transcription.recognizer import Hypothesis, loop_start

_ALWAYS = re.compile(
    r"字幕|中文配音|请不吝|打赏支持|明镜与点点|点点栏目|索兰娅|优优独播|独播剧场|amara\.org|subtitles? by"
    r"|transcrib(ed|ing) by|translated by|www\.|\.com\b",
    re.IGNORECASE,
)
_ON_SILENCE = re.compile(
    r"(谢谢|感谢)(大家|您|你)?的?(观看|收看|聆听|收听)|下次再见|再见|我们下期|订阅|点赞|多谢|嗯|啊|哦|音乐|掌声"
    r"|thank(s| you)( so much| very much)?( for (watching|listening))?|bye( bye)?|you|subscribe|please|okay"
    r"|music|applause",
    re.IGNORECASE,
)
_LETTERS = re.compile(r"\w")
_MAX_CHARACTERS_PER_S = {"zh": 11.0, "en": 27.0}
"""Hosts in a hurry reach 8 and 20."""
_SLACK_S = 0.5
_LEAST_REPEAT = 8
_LEAST_REPEAT_LATIN = 20
"""Letters; hosts do say shorter things twice."""
_MIN_SPEECH_S = 0.25
_SURE_NO_SPEECH = 0.6
_GUESSED = -1.0


def without_inventions(
    hypothesis: Hypothesis, speech_s: float, duration_s: float, names: Sequence[str]
) -> str:
    """The text that was really spoken: "" when all of it is invented, cut where a loop begins.

    `speech_s`: how much of `duration_s` was taken for speech. `names`: the hotwords given, in order.
    """
    text = hypothesis.text
    start = loop_start(text)
    if start is not None:
        text = text[:start].rstrip(" ,.，。")
    text = said_once(text)
    letters = len(_LETTERS.findall(text))
    if not letters or speech_s < _MIN_SPEECH_S or _ALWAYS.search(text):
        return ""
    if letters > _MAX_CHARACTERS_PER_S[hypothesis.language] * (speech_s + _SLACK_S):
        return ""
    if hypothesis.no_speech_probability > _SURE_NO_SPEECH and hypothesis.log_probability < _GUESSED / 2:
        return ""
    doubtful = (
        speech_s < 0.4 * duration_s
        or hypothesis.log_probability < _GUESSED
        or hypothesis.no_speech_probability > _SURE_NO_SPEECH
    )
    if doubtful and _ON_SILENCE.fullmatch(text.strip(" ,.!?，。！？")):
        return ""
    return "" if recites(text, names) else text


def said_once(text: str) -> str:
    """Without the whole sentence said again, or begun again, that a decoder adds when it misses the end.

    Said again as a whole, one letter in eight may differ.
    """
    spans = [(match[0].lower(), match.end()) for match in _LETTERS.finditer(text)]
    letters = "".join(letter for letter, _ in spans)
    least = _LEAST_REPEAT_LATIN if letters.isascii() else _LEAST_REPEAT
    for period in range(least, len(letters) - least + 3):
        rest = letters[period:]
        again = (letters[:period] * (len(rest) // period + 1))[: len(rest)]
        wrong = sum(one != other for one, other in zip(rest, again, strict=True))
        if wrong <= len(rest) // _LEAST_REPEAT * (period <= len(rest)):
            return text[: spans[period - 1][1]]
    return text


def recites(text: str, names: Sequence[str]) -> bool:
    """Whether the text is the hotwords read back: two or more names, the last perhaps begun, and nothing else."""
    rest = "".join(_LETTERS.findall(text.lower()))
    wanted = sorted(("".join(_LETTERS.findall(name.lower())) for name in names), key=len, reverse=True)
    found = 0
    while rest:
        name = next((name for name in wanted if name and rest.startswith(name)), None)
        if name is None:
            begun = any(name.startswith(rest) for name in wanted)
            return found >= 1 and begun and len(rest) > 1
        rest, found = rest[len(name) :], found + 1
    return found >= 2
