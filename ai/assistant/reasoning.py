"""Whether a fact says yes or no to a question, and which part of it says so."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ai.assistant.concepts import Concept, concepts, of_label
from ai.assistant.measures import Span, measures, spans
from ai.assistant.models import Fact, Product, Source
from ai.assistant.places import places_in
from ai.assistant.segments import Segment, said
from ai.assistant.text import arabic, canonical, clauses, common_length, has_han, normalize

_NEGATIVE = re.compile(
    r"不(?:可|能|支持|含|适|宜|建议|得|予|退|换|配送|发|包|参与|要|带|防|会|允许|提供|开|接受|怕)|"
    r"非|^无|[，、]无|无(?!理由|线|需|糖|谷|缝|痕|硅|极|边)|禁|除外|勿|忌|另购|没有|未含|无法|零(?=酒精|香精|添加)|"
    r"\b(?:not|no|never|cannot|can't|don't|doesn't|isn't|without|except|excluding)\b|"
    r"(?<!is)(?<!are)(?<=\S)[- ]free\b(?! (?:for|over|from|within|returns?|shipping|delivery))"
)
_POSITIVE = re.compile(r"可(?!能)|能|支持|适合|适用|含|有|送|带|接受|允许|通用|均|都")
_CONDITIONAL = re.compile(
    r"慎|谨慎|先|试用|建议|咨询|遵医嘱|酌情|需|避免|部分|除|仅|只|视|\b(?:may|might|only|partly|depends?|avoid|patch test)\b"
)
_CATEGORIES = re.compile(
    r"食品|生鲜|饰品|首饰|内衣|贴身衣物|化妆品|彩妆|美妆|护肤品|护肤|数码|家电|定制|母婴用品|母婴|保健食品|饮料|茶|水果|宠物用品|宠物|玩具|图书|鲜花"
)
_FOODS = frozenset({"食品", "粮油", "生鲜", "零食", "水果", "茶", "茶叶", "饮料", "保健食品", "酒水", "滋补"})
_BEAUTY = frozenset({"化妆品", "彩妆", "美妆", "护肤", "护肤品", "美容", "skincare", "beauty"})
_PLAINLY = re.compile(r"(yes|no)(?=$|[,.;:])")
_LABEL_NEGATIVE = re.compile(r"^(不适|不宜|禁忌|禁用|不可|不含|不支持|慎用)")
_FORBIDS = re.compile(r"不可|不能|不宜|不适|禁|勿|忌|慎|\bnot\b|\bunsuitable\b")
_UPPER_BOUND = re.compile(r"承重|载重|限重|最大|最高|上限|max|limit", re.IGNORECASE)
_ONLY = re.compile(r"[仅只](限|发|送|支持|配送|寄)|\bonly\b")
_BARE_RANGE = re.compile(
    r"(\d+(?:\.\d+)?)\s*(?:-|–|~|to)\s*(\d+(?:\.\d+)?)(?!\s*[a-z\d.%\"'])", re.IGNORECASE
)
_FEES = frozenset({"return_fee", "shipping_fee"})
_PLACE_CONCEPTS = frozenset({"ship_time", "delivery_time", "shipping_fee", "region", "courier"})


PLAIN_NO_CHARS = 4
"""无弹, 无香: a no that names nothing else."""


class Verdict(StrEnum):
    YES = "yes"
    NO = "no"
    STATES = "states"
    """The fact is on the matter; the reader draws the conclusion."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Judgement:
    verdict: Verdict
    text: str
    """The part of the fact that says so, in its own words."""


def judge(question: Segment, fact: Fact, concept: Concept | None, product: Product | None) -> Judgement:
    """What `fact` says to `question`."""
    if fact.source in (Source.POLICY, Source.COUPON):
        return _judge_policy(question, fact, concept, product)
    if (measured := _by_measure(question, fact)) is not None:
        return measured
    slots = _slots(question, fact)
    named = _slot_clause(slots, fact)
    if question.open_question:
        return Judgement(Verdict.STATES, _selected(question, fact) or fact.text)
    if named is not None:
        return Judgement(_polarity(named[0], named[1], fact), fact.text)
    if plainly := _PLAINLY.match(normalize(fact.text)):
        if slots or question.unknown:
            return Judgement(Verdict.UNKNOWN, fact.text)
        return Judgement(Verdict.YES if plainly.group(1) == "yes" else Verdict.NO, fact.text)
    foreign = [s for s in slots if not _in_vocabulary(s, question, fact)]
    unknown = [w for w in question.unknown if not _known_latin(w, question, fact)]
    stated = concept is not None and concept.closed and concept.id in of_label(fact.label)
    if (foreign or unknown) and not stated:
        return Judgement(Verdict.UNKNOWN, fact.text)
    if slots and concept is not None and concept.closed and concept.id in {"color", "size", "switch"}:
        return Judgement(Verdict.NO, fact.text)
    if slots and _only_negative(fact.text) and len(fact.text) > PLAIN_NO_CHARS:
        return Judgement(Verdict.UNKNOWN, fact.text)
    return Judgement(Verdict.STATES, fact.text)


def _slots(question: Segment, fact: Fact) -> list[str]:
    """Content of the question beyond the fact's own label."""
    label = said(fact.label)
    found = []
    for chunk in question.chunks:
        rest = chunk.replace(label, "") if len(label) >= 2 else chunk
        if rest:
            found.append(arabic(rest))
    return found


def _slot_clause(slots: list[str], fact: Fact) -> tuple[str, str] | None:
    """(slot, clause) where the fact's text names what is asked for."""
    best: tuple[int, str, str] | None = None
    for slot in slots:
        for clause in clauses(fact.text) or [fact.text]:
            text = said(arabic(normalize(clause)))
            size = len(slot) if slot in text else common_length(slot, text)
            whole = slot in text
            enough = (whole and _bounded(slot, text)) or (size >= 2 and size * 2 > len(slot))
            if enough and (best is None or size > best[0]):
                best = (size, slot if whole else _common(slot, text), text)
    return None if best is None else (best[1], best[2])


def _bounded(slot: str, text: str) -> bool:
    """xl is not in 2xl, 5 not in 15."""
    if not re.fullmatch(r"[a-z0-9.]+", slot):
        return True
    return re.search(rf"(?<![a-z0-9.]){re.escape(slot)}(?![a-z0-9.])", text) is not None


def _common(a: str, b: str) -> str:
    size = common_length(a, b)
    return next(a[i : i + size] for i in range(len(a)) if a[i : i + size] in b)


def _polarity(slot: str, clause: str, fact: Fact) -> Verdict:
    at = clause.find(slot)
    parts = clause.split("、")
    position = 0
    marked = Verdict.YES
    for part in parts:
        here = position <= at < position + len(part) + 1
        if _NEGATIVE.search(part):
            marked = Verdict.NO
        elif _POSITIVE.search(part):
            marked = Verdict.YES
        if here:
            if _CONDITIONAL.search(part) and not _NEGATIVE.search(part):
                return Verdict.STATES
            break
        position += len(part) + 1
    if _LABEL_NEGATIVE.search(fact.label):
        return Verdict.NO if marked is Verdict.YES else Verdict.STATES
    return marked


def _in_vocabulary(slot: str, question: Segment, fact: Fact) -> bool:
    """Whether a buyer says this word merely to ask about the concept, or the fact has it."""
    ids = question.ids | of_label(fact.label)
    known = frozenset().union(*(c.vocabulary for c in concepts().values() if c.id in ids))
    han = [c for c in slot if "\u4e00" <= c <= "\u9fff"]
    if not han:
        latin = frozenset().union(*(c.latin for c in concepts().values() if c.id in ids))
        return slot in latin or slot in said(fact.text) or re.fullmatch(r"[\d.]+", slot) is not None
    label_and_text = said(fact.label) + said(fact.text)
    return sum(c in known or c in label_and_text for c in han) / len(han) >= 0.6


def _known_latin(word: str, question: Segment, fact: Fact) -> bool:
    ids = question.ids | of_label(fact.label)
    known = frozenset().union(*(c.latin for c in concepts().values() if c.id in ids))
    return any(word.startswith(k[:5]) or k.startswith(word) for k in known if len(k) > 2) or (
        word in canonical(fact.text)
    )


def _only_negative(text: str) -> bool:
    return all(_NEGATIVE.search(clause) for clause in clauses(text))


def _by_measure(question: Segment, fact: Fact) -> Judgement | None:
    """Ages, weights and sizes against the ranges of the fact."""
    asked = measures(question.text)
    if not asked:
        return None
    parts = clauses(_sized(fact), lists=True)
    for measure in asked:
        relevant = [(p, s) for p in parts for s in spans(p) if s.dimension == measure.dimension]
        if not relevant:
            continue
        if _UPPER_BOUND.search(fact.label):
            relevant = [(part, Span(span.dimension, 0.0, span.high)) for part, span in relevant]
        fitting = [part for part, span in relevant if span.holds(measure)]
        if any(_FORBIDS.search(part) for part in fitting):
            return Judgement(Verdict.STATES if question.open_question else Verdict.NO, fact.text)
        if all(_FORBIDS.search(part) for part, _ in relevant):
            return Judgement(Verdict.STATES, fact.text)
        if question.open_question:
            return Judgement(Verdict.STATES, "、".join(dict.fromkeys(fitting)) or fact.text)
        negative = _LABEL_NEGATIVE.search(fact.label) is not None
        return Judgement(Verdict.YES if bool(fitting) != negative else Verdict.NO, fact.text)
    return None


def _sized(fact: Fact) -> str:
    """The fact's words, with the unit that goes without saying: Sizes EU 36-46 are sizes."""
    if "size" not in of_label(fact.label) or has_han(fact.text):
        return fact.text
    return _BARE_RANGE.sub(r"\1-\2码", fact.text)


def _selected(question: Segment, fact: Fact) -> str | None:
    """The parts of a list that a size, colour or the like in the question points at."""
    parts = clauses(fact.text, lists=True)
    if len(parts) < 2:
        return None
    tokens = set(re.findall(r"(?<![a-z0-9])\d?x{0,3}[sml](?![a-z])", question.text.lower()))
    chosen = [
        part
        for part in parts
        if tokens & set(re.findall(r"(?<![a-z0-9])\d?x{0,3}[sml](?![a-z])", normalize(part)))
    ]
    return "、".join(chosen) if chosen and len(chosen) < len(parts) else None


def _judge_policy(
    question: Segment, fact: Fact, concept: Concept | None, product: Product | None
) -> Judgement:
    parts = clauses(fact.text)
    scored = [(_clause_score(question, part, product), part) for part in parts]
    scored = [(score, part) for score, part in scored if score >= 0]
    places = places_in(question.text)
    if places and (concept is None or concept.id in _PLACE_CONCEPTS):
        return _judge_place(question, fact, places)
    best = max((score for score, _ in scored), default=0)
    top = [part for score, part in scored if score == best]
    if best < 2 or len(top) > 1:
        return Judgement(Verdict.STATES, fact.text)
    chosen = top[0]
    if "拆封" in canonical(chosen) and "拆封" not in canonical(question.text) + said(question.text):
        return Judgement(Verdict.STATES, fact.text)
    if question.open_question:
        whole = best < 4 or (concept is not None and concept.id in _FEES)
        return Judgement(Verdict.STATES, fact.text if whole else chosen)
    negative = _NEGATIVE.search(chosen.replace("无理由", "")) is not None
    wording = said(chosen)
    slots = [s for s in question.chunks if len(s) >= 2]
    if slots and not any(common_length(s, wording) >= 2 for s in slots) and product is None:
        return Judgement(Verdict.STATES, fact.text)
    verdict = Verdict.NO if negative else Verdict.YES
    return Judgement(verdict, chosen if negative or best >= 4 else fact.text)


def _clause_score(question: Segment, clause: str, product: Product | None) -> int:
    """-1: the clause is about other goods."""
    text = said(clause)
    score = sum(
        size
        for size in (common_length(arabic(c), said(arabic(normalize(clause)))) for c in question.chunks)
        if size >= 2
    )
    score += sum(1 for c in question.chunks if len(c) == 1 and c in text)
    named = set(_CATEGORIES.findall(clause))
    if named:
        asked = canonical(question.text)
        if any(category in asked for category in named):
            return score + 2
        if product is None or not any(_in_category(product.category, c) for c in named):
            return -1
        return score + 2
    return score


def _in_category(category: str, named: str) -> bool:
    if named == "食品":
        return category in _FOODS
    if named in _BEAUTY:
        return category in _BEAUTY
    return bool(category) and (named in category or category in named)


def _of_the_same_places(following: list[str]) -> list[str]:
    """What a clause on places goes on to say: 每单25元 after 新疆不包邮."""
    found = []
    for part in following:
        if places_in(part) or re.search(r"其他|其它|其余|全国|满", part) or not re.search(r"\d", part):
            break
        found.append(part)
    return found


def _judge_place(question: Segment, fact: Fact, places: Sequence[str]) -> Judgement:
    """Delivery to a named place: its own clause, else what goes for the others."""
    parts = clauses(fact.text)
    for place in places:
        for number, part in enumerate(parts):
            if place in part or (not has_han(part) and place in said(part)):
                negative = _NEGATIVE.search(part) is not None
                part = "，".join([part, *_of_the_same_places(parts[number + 1 :])])
                if question.open_question or not negative:
                    return Judgement(Verdict.STATES, part if question.open_question else fact.text)
                return Judgement(Verdict.NO, part)
    only = [part for part in parts if _ONLY.search(part)]
    if only and not any(place in said(part) or place in part for place in places for part in only):
        return Judgement(Verdict.STATES if question.open_question else Verdict.NO, only[0])
    if "海外" in places:
        return Judgement(Verdict.UNKNOWN, fact.text)
    rest = [p for p in parts if re.search(r"其他|其它|其余|全国", p)]
    return Judgement(Verdict.STATES, rest[0] if rest and question.open_question else fact.text)
