"""Luring buyers off the platform: a way to be reached elsewhere, with a handle, an invitation or a bait."""

import re
from collections.abc import Iterator
from functools import lru_cache

import re2

from ...findings import Category, Finding, Surface
from ..evidence import Evidence, between
from ..lexicon import Hit
from ..patterns import Shape, handles
from ..sound import syllables

_AMBIGUOUS = frozenset(
    [
        "手机",
        "电话",
        "热线",
        "联系电话",
        "飞机",
        "企鹅",
        "裙",
        "羣",
        "球球",
        "秋秋",
        "口口",
        "小号",
        "抖音",
        "快手",
        "小红书",
        "微博",
        "未信",
        "为信",
        "卫信",
        "伟信",
        "威信",
        "唯信",
        "围信",
        "二维码",
        "薇",
        "徽",
        "威",
        "葳",
        "嶶",
        "v",
        "q",
        "line",
        "sc",
        "fb",
        "signal",
        "snap",
        "twitter",
        "facebook",
        "tiktok",
        "imo",
        "paypal",
        "gmail",
        "discord",
        "ins",
        "kik",
        "messenger",
        "soul",
        "钉钉",
        "联系方式",
        "instagram",
        "skype",
        "insta",
    ]
)
_LETTERS = frozenset(["薇", "徽", "威", "葳", "嶶", "v", "q", "裙"])
_NUMBERS = frozenset(["手机", "电话", "热线", "联系电话"])
_ASKED = ("吗", "？", "?", "么", "是不是", "有没有")
_MY_ROOM = re.compile(r"[来到去上进]{1,2}(?:我|我们|我家|我的|咱|咱们)的?直播间[来看，。！,.!]*")
_HANDLE_WITHIN = 12
_INTENT_WITHIN = 4


def find(evidence: Evidence) -> list[Finding]:
    """Whole phrases first; then a channel with what makes it a lure; then links and numbers with a bait."""
    found = [
        evidence.finding(Category.DIVERSION, 0.95, f"diversion.{hit.detector}", hit.start, hit.end)
        for hit in evidence.of("diversion.strong")
    ]
    found += evidence.phrases(Category.DIVERSION, 0.92)
    found += _channels(evidence)
    found += _by_sound(evidence)
    found += _contacts(evidence)
    found += _elsewhere(evidence)
    return [
        finding
        for finding in found
        if not _warned_of(evidence.text.original, finding)
        and not _own_room(evidence, finding)
        and not _document(evidence, finding)
    ]


def _document(evidence: Evidence, finding: Finding) -> bool:
    """Whether what looks like a handle is the number of a card or a document (`卡号6217…`): privacy, not a lure."""
    numbers = (
        evidence.text.span(s.start, s.end) for s in evidence.shapes_of("card", "id_card", "passport", "ssn")
    )
    return any(start < finding.end and finding.start < end for start, end in numbers)


def _own_room(evidence: Evidence, finding: Finding) -> bool:
    """Whether a host only names the room that everybody is in (`欢迎来到我的直播间`)."""
    return evidence.surface is Surface.SPEECH and _MY_ROOM.fullmatch(finding.evidence) is not None


def _warned_of(original: str, finding: Finding) -> bool:
    """Whether the words warn of it (`不要私下转账`, `never pay outside the app`) instead of inviting to it."""
    before = original[max(0, finding.start - 30) : finding.start].casefold()
    return _WARNING.search(before) is not None


_WARNING = re.compile(
    r"(?:不要|不能|不可以|切勿|谨防|禁止|请勿|千万别|小心|警惕|别|勿)"
    r"(?:随便|轻易|乱|去|再|跟人|跟别人|相信|听信|点击|私自|进行|任何|陌生人?|通过|在|走|用|人|的){0,3}$"
    r"|\b(?:don'?t|do not|never|avoid|beware of|cannot|can'?t)"
    r"(?: (?:ever|please|let|anyone|anybody|them|pay|send|money|buy|sell|trust|transfer|deal|trade|order|any)){0,5} ?$"
)


@lru_cache(maxsize=1)
def _sounded() -> "re2._Regexp[str]":
    """`微信` in whatever characters sound like it (or hearts and stars for the second), and a handle after it."""
    wei = "".join(c for c, sound in syllables().items() if sound == "wei")
    xin = "".join(c for c, sound in syllables().items() if sound == "xin")
    return re2.compile(
        rf"(?:[{wei}v]|wei) ?(?:[{xin}❤♥♡💗💕💖💓💘💝✉💌💬星]|xin)[号:：是为 ]{{0,4}}([a-z0-9][a-z0-9_\-]{{4,24}})"
    )


def _by_sound(evidence: Evidence) -> Iterator[Finding]:
    source = evidence.text.digits
    for match in _sounded().finditer(source) if evidence.has_chinese else ():
        if any(c.isdigit() or c == "_" for c in match.group(1)):
            yield evidence.finding(Category.DIVERSION, 0.93, "diversion.sound", match.start(), match.end())


def _channels(evidence: Evidence) -> Iterator[Finding]:
    for channel in evidence.of("diversion.channel"):
        name = channel.term.text
        handle = _handle_after(evidence, channel)
        if handle is not None and name not in _NUMBERS:
            yield evidence.finding(Category.DIVERSION, 0.93, "diversion.handle", channel.start, handle[1])
            continue
        if name in _LETTERS:
            continue
        lure = _first(evidence.of("diversion.lure"), channel)
        intent = _nearest(evidence.of("diversion.intent"), channel)
        if name not in _AMBIGUOUS and (lure or intent):
            other = lure or intent
            assert other is not None
            yield _span(evidence, 0.9, "diversion.bait" if lure else "diversion.invitation", channel, other)
        elif intent and lure:
            yield _span(evidence, 0.88, "diversion.bait", channel, lure)


def _contacts(evidence: Evidence) -> Iterator[Finding]:
    lures, intents, channels = (evidence.of(f"diversion.{name}") for name in ("lure", "intent", "channel"))
    emails = evidence.shapes_of("email")
    for shape in evidence.shapes:
        if shape.kind == "url" and not any(between(shape, e) <= 1 for e in emails):
            yield evidence.finding(
                Category.DIVERSION, 0.9 if lures else 0.85, "diversion.link", shape.start, shape.end
            )
        elif shape.kind in ("phone", "email") and lures:
            yield _span(evidence, 0.9, "diversion.contact", shape, lures[0])
        elif shape.kind == "at" and (lures or intents or channels):
            yield evidence.finding(Category.DIVERSION, 0.9, "diversion.handle", shape.start, shape.end)


def _elsewhere(evidence: Evidence) -> Iterator[Finding]:
    """Another platform, where to go there, and why; a viewer who compares prices in a question is let be."""
    if any(word in evidence.text.plain for word in _ASKED):
        return
    lures = [h for h in evidence.of("diversion.lure") if h.term.text != "同款"]
    for platform in evidence.of("diversion.platform"):
        go = _nearest(evidence.of("diversion.go"), platform, within=5)
        if go and lures:
            yield _span(evidence, 0.85, "diversion.elsewhere", platform, go)


def _handle_after(evidence: Evidence, channel: Hit) -> tuple[int, int] | None:
    source = evidence.text.digits
    name = channel.term.text
    reach = 3 if name in _LETTERS else _HANDLE_WITHIN
    for start, end in handles(source, channel.end, min(len(source), channel.end + 32)):
        size = sum(c.isalnum() for c in source[start:end])
        if start - channel.end <= reach and size >= 5 and "单" not in source[channel.end : start]:
            if name in _AMBIGUOUS and name.isascii() and start == channel.end:
                continue
            return start, end
    return None


def _first(hits: list[Hit], other: Hit) -> Hit | None:
    return next((h for h in hits if h.end <= other.start or other.end <= h.start), None)


def _nearest(hits: list[Hit], other: Hit | Shape, within: int = _INTENT_WITHIN) -> Hit | None:
    near = [
        h
        for h in hits
        if (h.end <= other.start or other.end <= h.start)
        and between(h, other) <= (within if not h.term.text.isascii() else 12)
    ]
    return min(near, key=lambda h: between(h, other)) if near else None


def _span(evidence: Evidence, score: float, detector: str, a: Hit | Shape, b: Hit | Shape) -> Finding:
    return evidence.finding(Category.DIVERSION, score, detector, min(a.start, b.start), max(a.end, b.end))
