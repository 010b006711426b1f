"""Lets nothing out that does not follow from the facts."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ai.assistant.models import Fact, Facts
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
    absolute claims only where a fact says the same words.
    """
    names = [n for p in facts.products for n in (p.name, p.name_en)]
    allowed = known_numbers(used, names)
    found = [Finding("number", n) for n in sorted(numbers(text) - allowed)]
    said = normalize(" ".join(f"{f.label} {f.text}" for f in used))
    plain = normalize(text)
    for rule, pattern in (("promise", _PROMISE), ("medical", _MEDICAL), ("absolute", _ABSOLUTE)):
        found += [Finding(rule, m.group(0)) for m in pattern.finditer(plain) if m.group(0) not in said]
    if match := _SYSTEM.search(plain):
        found.append(Finding("system", match.group(0)))
    for match in _PRIVATE.finditer(text):
        if match.group(0).lower() not in said:
            found.append(Finding("private", match.group(0)))
    return found
