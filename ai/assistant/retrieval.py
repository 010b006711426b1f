"""Which facts answer a question: concepts, the shop's own words, values, units and embeddings."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ai.assistant.concepts import Concept, of_label, of_value
from ai.assistant.measures import measures, spans
from ai.assistant.models import Fact, Facts, Product, Source
from ai.assistant.places import places_in
from ai.assistant.segments import Segment, said
from ai.assistant.text import arabic, canonical, common_length, has_han, normalize, numbers, pinyin

ENOUGH = 0.6
"""Score from which a fact answers."""
FAQ_ALIKE = 0.6
"""Share of common letter pairs from which a question is an FAQ entry's."""
NEAR_WEIGHT = 0.15
"""What the embedding can add to or take from a score."""
_GENERIC_KEY_CHARS = frozenset("适用使主要可度量数性质式类型时间长期内外最大小单每是否")
SOME_LEAD, SURE_LEAD, CLEAR_LEAD = 0.01, 0.016, 0.03
"""Leads of the nearest fact in e5's narrow range. Of 612 labelled questions, 407 of 418 nearest facts
that lead by 0.015 were right; of 58 that no fact answers, 11 lead so far, 4 by 0.03."""
LEADS = ((CLEAR_LEAD, 0.6), (SURE_LEAD, 0.45), (SOME_LEAD, 0.3))
"""What leads are worth: the least needs some common words, the greatest none."""
ENOUGH_BY_MEANING = 0.98
TELLING_WORTH = 0.2
"""For a character of the question that is in this attribute alone."""
OPEN_LEAD_WORTH = 0.15
"""More for what, who, how much: a wrong yes or no is worse than an answer beside the point."""
OWN_FACT_ONLY = frozenset(
    {"restock", "bargain", "fit_by_body", "coupon", "price_protection", "membership", "pickup", "authentic"}
)
_OF_BOTH = frozenset({"damage", "ship_time", "shipping_fee", "return", "exchange", "presale"})
"""Ways of the shop that a product may have of its own."""
_COUNT_ASKED = re.compile(r"几(?!乎)|多少|how (many|much)")
LASTING_WORTH = 0.65
_HOW_LONG = re.compile(r"\bhow (long|much time|many (minutes|hours))\b")
_DURATION = re.compile(r"\d ?(?:h|hrs?|hours?|min|mins|minutes?|seconds?)\b")
_LONG_TERMS = frozenset({"warranty", "shelf_life"})
_UNIT_ASKED = re.compile(r"(?:几|多少)个?(?!包邮)([a-z]{1,4}|[\u4e00-\u9fff]{1,2})")


@dataclass(frozen=True, slots=True)
class Match:
    """A fact with its score and the concept that it answers (None: found by words alone)."""

    fact: Fact
    score: float
    concept: Concept | None
    lead: float = 0.0
    """How far its embedding lies before the second nearest; 0 unless it is the nearest."""
    telling: bool = False
    """It has a character of the question that no other attribute has."""


def attribute_facts(product: Product) -> list[Fact]:
    facts = [
        Fact(f"{product.id}:{key}", Source.ATTRIBUTE, key, value, product.id)
        for key, value in product.attributes.items()
    ]
    return [fact for fact in facts if fact.text.strip()]


def policy_facts(facts: Facts) -> list[Fact]:
    found = [
        Fact(f"policy:{key}", Source.POLICY, key, text)
        for key, text in facts.policies.items()
        if text.strip()
    ]
    found += [Fact(f"coupon:{n}", Source.COUPON, "优惠", text) for n, text in enumerate(facts.coupons)]
    return found


def faq_facts(facts: Facts) -> list[Fact]:
    return [
        Fact(f"faq:{n}", Source.FAQ, entry.question, entry.answer)
        for n, entry in enumerate(facts.faq)
        if entry.answer.strip()
    ]


def from_faq(question: Segment, facts: Facts, near: Mapping[str, float]) -> Fact | None:
    """The FAQ entry that is this question in nearly the same words."""
    best: tuple[float, Fact] | None = None
    for fact in faq_facts(facts):
        alike = _dice(canonical(question.text), canonical(normalize(fact.label)))
        if best is None or alike + near.get(fact.id, 0.0) > best[0]:
            best = (alike + near.get(fact.id, 0.0), fact)
    return best[1] if best and best[0] >= FAQ_ALIKE else None


def _dice(a: str, b: str) -> float:
    left, right = ({s[i : i + 2] for i in range(len(s) - 1)} or {s} for s in (a, b))
    return 2 * len(left & right) / (len(left) + len(right))


def rank(
    question: Segment,
    candidates: Sequence[Fact],
    similarity: Mapping[str, float],
    least: float = ENOUGH,
) -> list[Match]:
    """Facts that score `least` or more, best first. `similarity`: cosine by fact id, where known."""
    mean = sum(similarity.values()) / len(similarity) if similarity else 0.0
    lead = _lead(similarity)
    telling = _telling(question, candidates)
    lasting = _lasting(question, candidates)
    found = []
    for fact in candidates:
        score, concept = _score(question, fact)
        score += TELLING_WORTH if fact.id in telling and not question.ids & OWN_FACT_ONLY else 0.0
        score += LASTING_WORTH if fact.id == lasting else 0.0
        near = similarity.get(fact.id, mean) - mean
        score += max(-NEAR_WEIGHT, min(NEAR_WEIGHT, 3.0 * near))
        if lead is not None and lead[0] == fact.id and not question.ids & OWN_FACT_ONLY:
            named = concept is not None and concept.id in of_label(fact.label)
            score = _with_lead(score, named, _lead_worth(lead[1], question, fact))
        if score >= least:
            ahead = lead[1] if lead is not None and lead[0] == fact.id else 0.0
            found.append(Match(fact, score, concept, ahead, fact.id in telling))
    return sorted(found, key=lambda match: -match.score)


def _lasting(question: Segment, candidates: Sequence[Fact]) -> str | None:
    """The one attribute that tells how long something takes, where that is asked and no more."""
    if not _HOW_LONG.search(question.text) or question.concepts:
        return None
    lasting = [
        fact.id
        for fact in candidates
        if fact.source is Source.ATTRIBUTE
        and _DURATION.search(normalize(fact.text))
        and not of_label(fact.label) & _LONG_TERMS
    ]
    return lasting[0] if len(lasting) == 1 else None


def _telling(question: Segment, candidates: Sequence[Fact]) -> frozenset[str]:
    """Attributes with a character of the question that no other attribute has: 染 in 可烫可染."""
    held = {
        fact.id: frozenset(said(fact.label) + said(fact.text))
        for fact in candidates
        if fact.source is Source.ATTRIBUTE
    }
    asked = {c for chunk in question.chunks for c in chunk if has_han(c)} - _GENERIC_KEY_CHARS
    owners = [[fact_id for fact_id, chars in held.items() if c in chars] for c in asked]
    return frozenset(owner[0] for owner in owners if len(owner) == 1)


def _lead_worth(lead: float, question: Segment, fact: Fact) -> float:
    if _COUNT_ASKED.search(question.text) and not numbers(fact.text):
        return 0.0
    worth = next((worth for least, worth in LEADS if lead >= least), 0.0)
    of_product = fact.source is Source.ATTRIBUTE and question.open_question
    return worth + OPEN_LEAD_WORTH if worth and of_product else worth


def _with_lead(score: float, named: bool, worth: float) -> float:
    """Meaning may lift a fact to the level of one that words name, never above it."""
    return score + worth if named else max(score, min(score + worth, ENOUGH_BY_MEANING))


def _lead(similarity: Mapping[str, float]) -> tuple[str, float] | None:
    """The nearest fact and how far it lies before the second."""
    if not similarity:
        return None
    ordered = sorted(similarity.items(), key=lambda row: -row[1])
    second = ordered[1][1] if len(ordered) > 1 else ordered[0][1] - SOME_LEAD
    return ordered[0][0], ordered[0][1] - second


def score(question: Segment, fact: Fact) -> float:
    """What words alone say for a fact: concepts, common words, units; 0 to about 3."""
    return _score(question, fact)[0]


def _score(question: Segment, fact: Fact) -> tuple[float, Concept | None]:
    label_concepts = of_label(fact.label)
    value_concepts = of_value(fact.text)
    concept_score, concept, width = 0.0, None, 0
    for asked in question.concepts:
        if asked.concept.policy and fact.source is Source.ATTRIBUTE and asked.concept.id not in _OF_BOTH:
            continue
        score = 1.0 if asked.concept.id in label_concepts else 0.0
        if score and fact.source is Source.POLICY and not asked.concept.policy:
            score = 0.75
        if not score and asked.concept.id in value_concepts and fact.source is Source.ATTRIBUTE:
            score = 0.75
        if not score and fact.source is Source.POLICY and _says(asked.concept, fact.text):
            score = 0.7
        if score and normalize(fact.label) == asked.concept.zh:
            score += 0.05
        own = asked.end - asked.start
        if (score, own) > (concept_score, width):
            concept_score, concept, width = score, asked.concept, own
    to_buyer = "shipping_fee" in label_concepts - {"return_fee"} and "退" not in fact.text
    if "return_fee" in question.ids and to_buyer:
        return 0.0, None
    lexical = _label_overlap(question, fact) + _value_overlap(question, fact)
    if fact.source is Source.ATTRIBUTE and _same_dimension(question, fact):
        lexical += 0.4
    if fact.source is Source.ATTRIBUTE and _unit_asked(question, fact):
        lexical += 0.6
    if fact.source is Source.POLICY and _names_place(question, fact):
        lexical += 0.4
    if concept is None and fact.source is not Source.ATTRIBUTE:
        lexical *= 0.0 if "restock" in question.ids else 0.75
    return concept_score + lexical + (0.01 * min(width, 10) if concept else 0.0), concept


def _says(concept: Concept, text: str) -> bool:
    """Whether a policy speaks of the concept although its name does not say so."""
    return concept.policy and concept.keys is not None and concept.keys.search(text) is not None


def _names_place(question: Segment, fact: Fact) -> bool:
    return bool(places_in(question.text)) and bool(
        places_in(fact.text) or re.search("其他|其它|其余", fact.text)
    )


def _label_overlap(question: Segment, fact: Fact) -> float:
    label = said(fact.label).replace(" ", "")
    asked = canonical(question.bare)
    if len(label) >= 2 and (
        label in asked or question.says(normalize(fact.label)) or label in "".join(question.chunks)
    ):
        return 1.0
    if len(label) == 1 and any(label in chunk for chunk in question.chunks):
        return 0.8
    joined = "".join(question.chunks)
    longest = max((common_length(label, chunk) for chunk in question.chunks), default=0)
    if longest >= 2:
        return 0.6
    if len(label) >= 2 and _same_sound(label, asked):
        return 0.9
    chars = [c for c in set(label) if c not in _GENERIC_KEY_CHARS]
    shared = sum(c in joined for c in chars)
    return 0.3 * shared


def _same_sound(label: str, text: str) -> bool:
    """A label typed with other characters of the same sound (保直期)."""
    sound, heard = pinyin(label), pinyin(text)
    size = len(sound)
    return len(label) >= 2 and any(heard[i : i + size] == sound for i in range(len(heard) - size + 1))


def _value_overlap(question: Segment, fact: Fact) -> float:
    value = said(arabic(normalize(fact.text)))
    best = 0.0
    for chunk in question.chunks:
        chunk_arabic = arabic(chunk)
        longest = common_length(chunk_arabic, value)
        if len(chunk_arabic) == 1 and chunk_arabic in value and has_han(chunk_arabic):
            best = max(best, 0.2)
        if longest == len(chunk_arabic) >= 2 and not question.open_question:
            best = max(best, 0.65)
        if longest >= 2 and longest * 2 >= min(len(chunk_arabic), 6):
            best = max(best, 0.45 if longest == 2 else 0.65)
    latin = {w for w in question.unknown if len(w) >= 3 and _begins_word(w, value)}
    return max(best, 0.65 if latin else 0.0)


def _begins_word(word: str, text: str) -> bool:
    """Short words whole: app is not in apple."""
    end = r"(?![a-z])" if len(word) < 4 else ""
    return re.search(rf"(?<![a-z]){re.escape(word)}{end}", text) is not None


def _same_dimension(question: Segment, fact: Fact) -> bool:
    """An age in the question and one in the fact, a weight and a weight, …"""
    told = {measure.dimension for measure in measures(question.text)}
    return bool(told) and any(span.dimension in told for span in spans(fact.text))


def _unit_asked(question: Segment, fact: Fact) -> bool:
    """多少bar asks for a value in bar; 几层 for one in 层."""
    value = arabic(normalize(fact.text))
    for match in _UNIT_ASKED.finditer(question.text):
        unit = match.group(1)
        units = [unit] if not "\u4e00" <= unit[0] <= "\u9fff" else [unit, unit[0]]
        if any(u and u not in "钱年天个月" and re.search(rf"\d\s*{re.escape(u)}", value) for u in units):
            return True
    return False
