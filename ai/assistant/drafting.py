"""From a question and the facts to statements: which tools to use, which facts to word."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from ai.assistant import arithmetic, composer, reasoning
from ai.assistant.composer import Statement
from ai.assistant.concepts import of_label
from ai.assistant.intent import matches
from ai.assistant.measures import measures, spans
from ai.assistant.models import Fact, Facts, Language, Product, Source
from ai.assistant.nearest import LIKELY, About, candidates, nearest
from ai.assistant.of_sale import asked_of_sale
from ai.assistant.places import places_in
from ai.assistant.products import DEICTIC, Resolution, resolve
from ai.assistant.reasoning import Verdict
from ai.assistant.retrieval import (
    CLEAR_LEAD,
    NEAR_WEIGHT,
    OWN_FACT_ONLY,
    SOME_LEAD,
    SURE_LEAD,
    Match,
    attribute_facts,
    from_faq,
    policy_facts,
    rank,
)
from ai.assistant.segments import Segment, said, segment, split, told_with_asked
from ai.assistant.text import canonical, normalize, numbers

Similarity = Callable[[str, Sequence[Fact]], Mapping[str, float]]
"""Cosine of a question with facts, by fact id; may leave facts out."""

_COMPARE = re.compile(
    r"差(了)?多少|差价|哪个(更|比较)?(便宜|贵|划算)|(便宜|贵)(了)?多少|谁(更)?(便宜|贵)|价格(差|相差|比)|"
    r"(price )?diff|cheaper|more expensive|which .{0,20}(cheap|expensive|costs)|compare"
)
_TOTAL = re.compile(
    r"一共|总共|合计|加起来|总价|一起(买)?(是)?多少|共多少|in total|altogether|total|\bboth\b"
)
_ORDERING = re.compile(r"买|拍|下单|来|要|一(个|件|双|瓶|盒|台|条|单)|buy|order|get|purchase")
_MEDICAL_TERMS = re.compile(r"过敏|allerg")
OWNER_LEAD = 0.4
"""So much clearer must one product's attribute be meant than any other's."""
_BODY_SIZE = re.compile(
    r"(身高|体重|腰围|胸围|臀围|脚长|手腕|手围|头围|肩宽)\D{0,3}\d|\b(tall|weigh|height|weight|waist|wrist)\b"
)
_SIZE = re.compile(r"(?<![a-z0-9])\d?x{0,3}[sml](?![a-z])")
_BODY_LABEL = re.compile(r"身高|体重|围|脚长|推荐|建议")
_WITH_OTHERS = frozenset({"connect", "compat"})
"""What depends on a thing that the shop does not sell."""
_TOGETHER = re.compile(
    r"(能|可以|可|想)(不能|不可以|以)?.{0,4}(连|接|配|装[在到进上]|插|搭|一起)|"
    r"\b(with(?! (it|this|that|them)\b)|alongside|onto|into|together)\b|\bon my\b|\bfits? (my|a|an|the)\b"
)
_WHEN = re.compile(r"什么时候|啥时候|何时|多久|几号|哪天|还会|下(一)?(次|批)|\bwhen\b|\bsoon\b|will|going to")
_ELSEWHERE = re.compile(r"(装|接|连|插|配|用)[在到上进].{0,4}(我|别|其他|其它|旧|老)")
"""Whether it goes with a thing of the viewer's own."""
_BESIDE_OTHERS = 0.8
"""How likely a fact must be that is told beside answers to other parts of the message."""
_GENERIC_BENEFITS = frozenset({"bargain"})


@dataclass(frozen=True, slots=True)
class Draft:
    """Statements to send, or none with the `gap` that a person has to fill."""

    statements: tuple[Statement, ...]
    product: Product | None
    gap: str = ""
    on_topic: bool = True
    """It names a product or asks about something that shops have."""
    topical: bool = True
    """It asks about something that shops have."""
    guessed: bool = False
    """No rule found its facts; they are the likeliest."""

    @property
    def facts(self) -> tuple[Fact, ...]:
        return tuple(dict.fromkeys(fact for s in self.statements for fact in s.facts))


def draft(
    text: str,
    language: Language,
    facts: Facts,
    similarity: Similarity,
    *,
    previous: str | None = None,
    medical: bool = False,
    guess: bool = True,
) -> Draft:
    """Answers every single question of a normalized message that the facts answer. Without `guess`
    only what rules find."""
    whole = resolve(text, facts, previous)
    statements: list[Statement] = []
    gap = ""
    on_topic = whole.named or (bool(whole.products) and DEICTIC.search(text) is not None)
    topical = False
    current = whole
    unanswered: list[_Answerer] = []
    for part in told_with_asked(split(text, language), language):
        own = resolve(part, facts, previous)
        current = own if own.named else _carried(own, current)
        found = _Answerer(
            segment(part, current.rest, language, current.spans), current, facts, similarity, medical
        )
        topical = topical or bool(found.question.concepts)
        answers = found.statements()
        if answers:
            statements += [s for s in answers if s not in statements]
        elif found.question.open_question or found.question.concepts:
            gap = gap or part
        if not answers:
            unanswered.append(found)
    least = _BESIDE_OTHERS if statements else LIKELY
    likely = [s for found in unanswered if guess for s in found.likely(least) if s not in statements]
    guessed = bool(likely) and not statements
    statements += likely
    product = whole.products[0] if len(whole.products) == 1 else None
    if len(statements) > 6:
        statements = statements[:6]
    gap = "" if statements else gap
    return Draft(tuple(statements), product, gap, on_topic or topical, topical, guessed)


def _carried(own: Resolution, earlier: Resolution) -> Resolution:
    return Resolution(earlier.products, earlier.named, earlier.ambiguous, own.rest, own.spans)


class _Answerer:
    """Answers one single question."""

    def __init__(
        self, question: Segment, about: Resolution, facts: Facts, similarity: Similarity, medical: bool
    ) -> None:
        self.question = question
        self.about = about
        self.facts = facts
        self.similarity = similarity
        self.medical = medical
        self.language = question.language

    def statements(self) -> list[Statement]:
        if entry := from_faq(self.question, self.facts, {}):
            stated = reasoning.Judgement(Verdict.STATES, entry.text)
            return [composer.fact_sentence(self.question.text, entry, stated, None, self.language)]
        if self.medical:
            return self._facts()
        if compared := self._compared():
            return [compared]
        found = self._commerce()
        if shipped := self._shipping():
            return [*found, shipped]
        covered = self._commerce_spans() if found else []
        return [*found, *self._facts(skip=covered)]

    # --- prices and stock

    def _compared(self) -> Statement | None:
        products = self.about.products
        if len(products) == 2 and _COMPARE.search(self.question.text):
            return composer.comparison(arithmetic.compare(*products), self.language, self.facts.currency)
        return None

    def _commerce_spans(self) -> list[tuple[int, int]]:
        ids = asked_of_sale(self.question)
        return [(a.start, a.end) for a in self.question.concepts if a.concept.id in ids]

    def _commerce(self) -> list[Statement]:
        ids = asked_of_sale(self.question)
        if "restock" in self.question.ids and _WHEN.search(self.question.text):
            return []
        if "restock" in self.question.ids:
            ids |= {"stock"}
        if not ids or not self.about.products:
            return []
        found: list[Statement] = []
        products = self.about.products[:4]
        currency = self.facts.currency
        if ids & {"list_price", "savings"}:
            listed = [composer.list_price(p, self.language, currency, saved=True) for p in products]
            found += [s for s in listed if s]
        elif "price" in ids:
            found += self._priced(products)
        if "stock" in ids and not (ids & {"price"} and not _asks_stock(self.question.text)):
            found += [composer.stock(p, self.language) for p in products]
        return found

    def _priced(self, products: Sequence[Product]) -> list[Statement]:
        currency = self.facts.currency
        count = arithmetic.quantity(self.question.text) or 1
        if len(products) > 1 and not self.about.ambiguous:
            counts = [arithmetic.quantity_of(p, self.question.text) for p in products]
            if _TOTAL.search(self.question.text) or all(counts):
                lines = [(p, n or 1) for p, n in zip(products, counts, strict=True)]
                return [composer.total(lines, self.language, currency)]
        if count > 1 and len(products) == 1:
            return [composer.total([(products[0], count)], self.language, currency)]
        return [composer.price(p, self.language, currency) for p in products]

    # --- shipping for what is bought

    def _shipping(self) -> Statement | None:
        ids = self.question.ids
        if "shipping_fee" not in ids or "return_fee" in ids or len(self.about.products) != 1:
            return None
        count = arithmetic.quantity(self.question.text)
        if count is None and not (self.about.named or _ORDERING.search(self.question.text)):
            return None
        if places_in(self.question.text) or re.search(r"满多少|退", self.question.text):
            return None
        pieces = count or 1
        cents = self.about.products[0].price_cents * pieces
        rule = next(
            (f for f in policy_facts(self.facts) if arithmetic.shipping({f.label: f.text}, cents, pieces)),
            None,
        )
        if rule is None:
            return None
        result = arithmetic.shipping({rule.label: rule.text}, cents, pieces)
        assert result is not None
        exceptions = "，".join(
            c for c in re.split(r"[，。；,;]", rule.text) if places_in(c) and "满" not in c
        )
        return composer.free_shipping(
            result, cents, pieces, rule, exceptions, self.language, self.facts.currency
        )

    # --- attributes and policies

    def _facts(self, skip: Sequence[tuple[int, int]] = ()) -> list[Statement]:
        found: list[Statement] = []
        products: Sequence[Product] = self.about.products[:3]
        policies = policy_facts(self.facts)
        if not products:
            products = self._owners_of_attribute()
        asked = _without(self.question, skip)
        if skip and not asked.concepts:
            return []
        for product in products or (None,):
            candidates = (attribute_facts(product) if product else []) + policies
            answering = self._answering(self._ranked(asked, candidates), product, strict=bool(skip))
            if not answering:
                by_meaning = rank(asked, candidates, self.similarity(self.question.bare, candidates))
                answering = self._answering(by_meaning, product, strict=bool(skip))
            found += [answering[m] for m in _distinct(list(answering), asked)]
        return list(dict.fromkeys(found))

    def likely(self, least: float) -> list[Statement]:
        """The last resort: the fact that answers with a probability of `least` or more. What only a
        fact of its own can answer, and how a thing goes together with others, is not guessed."""
        if self.medical:
            return []
        found_in, owners = candidates(self.question, self.about.products[:3], self.facts)
        near = self.similarity(self.question.bare, found_in)
        about = About(self.about.named, bool(self.about.products))
        found = nearest(self.question, found_in, near, about)
        if found is None or found.probability < least or self._wants_fit(found.fact):
            return []
        if _ELSEWHERE.search(self.question.text) and not of_label(found.fact.label) & _WITH_OTHERS:
            return []
        own_only = (self.question.ids & OWN_FACT_ONLY) - {"fit_by_body"}
        if own_only and not own_only & of_label(found.fact.label):
            return []
        product = owners.get(found.fact.id)
        judged = reasoning.judge(self.question, found.fact, None, product)
        together = self.question.ids & _WITH_OTHERS or _TOGETHER.search(self.question.text)
        if judged.verdict is Verdict.UNKNOWN:
            if together and not self.question.open_question:
                return []
            judged = reasoning.Judgement(Verdict.STATES, judged.text)
        return [composer.fact_sentence(self.question.text, found.fact, judged, product, self.language)]

    def _answering(
        self, matched: Sequence[Match], product: Product | None, *, strict: bool
    ) -> dict[Match, Statement]:
        worded = [(m, self._worded(m, product, strict=strict)) for m in matched[:6]]
        return {m: statement for m, statement in worded if statement is not None}

    def _ranked(self, asked: Segment, candidates: Sequence[Fact]) -> list[Match]:
        """Embeddings are asked only where words leave it open; they cost most of the time."""
        plain = rank(asked, candidates, {})
        second = plain[1].score if len(plain) > 1 else 0.0
        if plain and plain[0].score >= 1.0 and plain[0].score - second > 2 * NEAR_WEIGHT:
            return plain
        return rank(asked, candidates, self.similarity(self.question.bare, candidates))

    def _owners_of_attribute(self) -> list[Product]:
        """With no product in sight: the one product that has what is asked about, or has it by far
        the most plainly."""
        owners: list[tuple[float, Product]] = []
        for product in self.facts.products:
            matched = rank(self.question, attribute_facts(product), {})
            if matched and matched[0].score >= 1.0:
                owners.append((matched[0].score, product))
        owners.sort(key=lambda row: -row[0])
        alone = len(owners) == 1 or (len(owners) > 1 and owners[0][0] - owners[1][0] >= OWNER_LEAD)
        return [owners[0][1]] if alone else []

    def _worded(self, match: Match, product: Product | None, *, strict: bool) -> Statement | None:
        if match.concept is None and strict:
            return None
        if _ELSEWHERE.search(self.question.text) and not of_label(match.fact.label) & _WITH_OTHERS:
            return None
        judged = reasoning.judge(self.question, match.fact, match.concept, product)
        if judged.verdict is Verdict.UNKNOWN and self._speaks_of_it(match):
            judged = reasoning.Judgement(Verdict.STATES, judged.text)
        if judged.verdict is Verdict.UNKNOWN or self._wants_fit(match.fact):
            return None
        if self.medical:
            if not self._names_condition(match.fact):
                return None
            if _MEDICAL_TERMS.search(self.question.text):
                judged = reasoning.Judgement(Verdict.STATES, match.fact.text)
        owner = product if match.fact.source is Source.ATTRIBUTE else None
        return composer.fact_sentence(self.question.text, match.fact, judged, owner, self.language)

    def _speaks_of_it(self, match: Match) -> bool:
        """By meaning the fact is far ahead, or ahead and shares a word or its name with the question."""
        told = {m.dimension for m in measures(self.question.text)}
        if told and not any(span.dimension in told for span in spans(match.fact.text)):
            return False
        words = said(match.fact.label) + said(match.fact.text)
        named = match.concept is not None and match.concept.id in of_label(match.fact.label)
        shared = named or any(c in words for chunk in self.question.chunks for c in chunk if c >= "\u4e00")
        if match.telling and not self.question.ids & _WITH_OTHERS:
            return match.lead >= SOME_LEAD
        return match.lead >= (SURE_LEAD if shared else CLEAR_LEAD)

    def _wants_fit(self, fact: Fact) -> bool:
        """A body's size was told and the fact cannot be held against it."""
        told = {m.dimension for m in measures(self.question.text)} & {"grams", "mm", "age_months"}
        if "fit_by_body" not in self.question.ids:
            return False
        if any(size in normalize(fact.text) for size in _SIZE.findall(self.question.text)):
            return False
        if told and "size" in of_label(fact.label) and any(s.dimension in told for s in spans(fact.text)):
            return False
        told_sizes = {float(n) for n in numbers(self.question.text)}
        sizes = sorted(float(n) for n in numbers(fact.text))
        if sizes and any(sizes[0] <= size <= sizes[-1] for size in told_sizes):
            return False
        if _BODY_SIZE.search(self.question.text) and not _BODY_LABEL.search(fact.label + fact.text):
            return True
        return bool(told) and not any(span.dimension in told for span in spans(fact.text))

    def _names_condition(self, fact: Fact) -> bool:
        """Whether the fact itself speaks of the condition or of the food that is asked about."""
        words = said(fact.label) + said(fact.text)
        return any(len(chunk) >= 2 and chunk in words for chunk in self._medical_words())

    def _medical_words(self) -> list[str]:
        text = self.question.text
        any_word = _MEDICAL_TERMS.search(text) or not matches("handoff", "medical", text)
        terms = [c for c in self.question.chunks if any_word or matches("handoff", "medical", c)]
        words = [c for chunk in terms for c in re.split(r"过敏|患者|病人", chunk)]
        return [*words, *[w for w in ("孕妇", "哺乳期") if w in canonical(self.question.text)]]


def _asks_stock(text: str) -> bool:
    return matches("question", "zh", text) or matches("question", "en", text)


def _without(question: Segment, skip: Sequence[tuple[int, int]]) -> Segment:
    """The question less the concepts within or overlapping spans answered already."""
    if not skip:
        return question
    kept = tuple(
        a
        for a in question.concepts
        if a.concept.id not in _GENERIC_BENEFITS
        and all(a.end <= start or a.start >= end for start, end in skip)
    )
    return replace(question, concepts=kept)


def _distinct(matched: Sequence[Match], question: Segment) -> list[Match]:
    """The best fact, and others that answer another part of the same words."""
    if not matched:
        return []
    chosen = [matched[0]]
    spans = {a.concept.id: (a.start, a.end) for a in question.concepts}
    for match in matched[1:]:
        if match.concept is None or match.score < 1.0 or len(chosen) >= 3:
            continue
        taken = [spans[m.concept.id] for m in chosen if m.concept is not None]
        start, end = spans[match.concept.id]
        if taken and all(end <= s or start >= e for s, e in taken):
            chosen.append(match)
    return chosen
