"""Announcements that the platform can act on: a link opens, a countdown runs, a raffle begins."""

import re

from ai.cues.decisions import Action, Evidence, Offer
from ai.cues.numbers import spoken_numbers

_CUES = (
    (
        Action.OPEN_LINK,
        re.compile(
            r"[上挂开放](?:一下)?(?:\w号)?[链连练联恋脸][接结街节姐界解]|\blinks? (?:is|are) (?:up|live|open)"
            r"|\b(?:drop(?:ping)?|open(?:ing)?) the link",
            re.IGNORECASE,
        ),
    ),
    (
        Action.COUNTDOWN,
        re.compile(
            r"倒计时|倒数|到计时|\bcount(?:ing)? ?down|\bthree,? two,? one|3,? ?2,? ?1\b", re.IGNORECASE
        ),
    ),
    (
        Action.RAFFLE,
        re.compile(r"抽奖|抽免单|福袋|抽[^ ,，。]{0,4}(?:送|奖|位)|\braffle|\bgive ?away|\blucky draw", re.I),
    ),
)
_NEGATED = re.compile(
    r"(?:等一?下|待会|一会|明天|之前|昨天|没有|不|还没|稍后)[^ ,，。]{0,6}$"
    r"|\b(?:later|not|no|after|before|tomorrow)\b[^.]{0,20}$",
    re.IGNORECASE,
)
_SECONDS = re.compile(r"\s*(?:秒|second)")


def announced(text: str, language: str, product_id: str | None) -> list[Offer]:
    """What the host announces in `text`; `product_id` is the product on screen."""
    offers = []
    for action, cue in _CUES:
        match = cue.search(text)
        if match is None or _NEGATED.search(text[: match.start()]):
            continue
        seconds = _seconds(text, language) if action is Action.COUNTDOWN else None
        about = None if action is Action.RAFFLE else product_id
        offers.append(Offer(action, about, seconds, Evidence(text, 1.0, f"said {match[0]}")))
    return offers


def _seconds(text: str, language: str) -> int | None:
    for number in spoken_numbers(text, language):
        if _SECONDS.match(text[number.end :]) and 1 <= number.value <= 600:
            return int(number.value)
    return None
