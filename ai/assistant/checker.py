"""Lets nothing out that does not follow from the facts."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ai.assistant.models import Fact, Facts, Source
from ai.assistant.text import normalize, numbers

_PROMISE = re.compile(
    r"保证|一定(能|会|可以)|肯定(能|会|可以)|绝对|百分之?百|永久|马上(给|帮)您|(给|帮|替)您(退|改|补|赔|发|打折|申请)|"
    r"免费送|额外(赠|送)|"
    r"\bguarantee|\bi('ll| will) (refund|give|send|change)|we('ll| will) (refund|compensate|give)|"
    r"\bpromise|100% (sure|safe)|definitely"
)
_MEDICAL = re.compile(
    r"治疗|治愈|治好|根治|疗效|药效|抗癌|降血[压糖脂]|消炎|\bcures?\b|\bheals?\b|\btreats?\b|\btherapeutic"
)
_ABSOLUTE = re.compile(
    r"最(好|佳|低|高级|先进|便宜|安全)|第一品牌|全网最|国家级|顶级|史上|\bthe best\b|number one|\bcheapest\b"
)
_SYSTEM = re.compile(
    r"系统提示|提示词|system prompt|as an ai|作为(一个)?(ai|人工智能|语言模型)|language model|instructions?:",
    re.I,
)
_PRIVATE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)|[\w.+-]+@[\w-]+\.\w+|\d{17}[\dxX]")


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a text, e.g. ("number", "88")."""

    rule: str
    detail: str


def known_numbers(facts: Iterable[Fact], extra: Sequence[str] = ()) -> frozenset[str]:
    """Numbers that may be said: those in the facts' labels and wording."""
    found: set[str] = set()
    for fact in facts:
        found |= numbers(fact.text) | numbers(fact.label)
    for text in extra:
        found |= numbers(text)
    return frozenset(found)


def check(text: str, used: Sequence[Fact], facts: Facts) -> list[Finding]:
    """Findings against a draft; empty means that it may be sent.

    Numbers must be in the facts used or in the names of the products; promises, medical and
    absolute claims only where a fact of the shop says the same words: the host's do not count.
    """
    names = [n for p in facts.products for n in (p.name, p.name_en)]
    allowed = known_numbers(used, names)
    found = [Finding("number", n) for n in sorted(numbers(text) - allowed)]
    said = normalize(" ".join(f"{f.label} {f.text}" for f in used if f.source is not Source.TRANSCRIPT))
    plain = normalize(text)
    for rule, pattern in (("promise", _PROMISE), ("medical", _MEDICAL), ("absolute", _ABSOLUTE)):
        found += [Finding(rule, m.group(0)) for m in pattern.finditer(plain) if m.group(0) not in said]
    if match := _SYSTEM.search(plain):
        found.append(Finding("system", match.group(0)))
    for match in _PRIVATE.finditer(text):
        if match.group(0).lower() not in said:
            found.append(Finding("private", match.group(0)))
    return found


_YES_NO = re.compile(
    r"不(?!仅|但|错|过)|没有|没货|无法|售罄|\bnot?\b|n't\b|\bcannot\b|sold out|unable", re.IGNORECASE
)
_UNIT_AFTER = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z%]+|[\u4e00-\u9fff]{1,2})?")
_MORE_WORDS = 40


def rewording(written: str, composed: str, used: Sequence[Fact], facts: Facts) -> list[Finding]:
    """Findings against a free rewording of composed words: it must say the same, no more, no less.

    Every number with its unit must stay, yes must stay yes, no product may come in that the
    composed words do not name, and the values of the facts must be there in their own words.
    """
    found = check(written, used, facts)
    if not written or len(written) > 2 * len(composed) + _MORE_WORDS:
        found.append(Finding("length", str(len(written))))
    lost = numbers(composed) - numbers(written)
    found += [Finding("lost", n) for n in sorted(lost)]
    if (_YES_NO.search(normalize(written)) is None) != (_YES_NO.search(normalize(composed)) is None):
        found.append(Finding("yes_no", written[:20]))
    known = _with_units(composed) | {pair for fact in used for pair in _with_units(fact.text)}
    found += [Finding("unit", "".join(pair)) for pair in sorted(_with_units(written) - known) if pair[1]]
    for product in facts.products:
        for name in (product.name, product.name_en):
            if name and name in written and name not in composed:
                found.append(Finding("name", name))
    said = normalize(written)
    found += [
        Finding("lost", fact.text)
        for fact in used
        if not numbers(fact.text)
        and normalize(fact.text) in normalize(composed)
        and normalize(fact.text) not in said
    ]
    return found


def _with_units(text: str) -> set[tuple[str, str]]:
    return {(number, unit[:1]) for number, unit in _UNIT_AFTER.findall(normalize(text))}
