"""The way of a question, as a LangGraph graph; every step leaves its mark in the trace."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from langgraph.graph import END, START, StateGraph

from ai.assistant import composer, intent, orders
from ai.assistant.checker import check
from ai.assistant.drafting import Draft, draft
from ai.assistant.heard import heard
from ai.assistant.index import PassageIndex, digest
from ai.assistant.intent import Intent, Reading
from ai.assistant.models import (
    Answer,
    Fact,
    Facts,
    Handoff,
    Language,
    Refusal,
    Silence,
    Source,
)
from ai.assistant.products import resolve
from ai.assistant.reasoning import Judgement, Verdict
from ai.assistant.recent import RecentQuestions
from ai.assistant.retrieval import attribute_facts, faq_facts, policy_facts
from ai.assistant.steps import State, Step, traced
from ai.assistant.text import MAX_QUESTION_CHARS, colloquial, normalize, spelt_out
from ai.assistant.told import Told, ToldBefore

Writer = Callable[[str, Language, Draft, Facts], Awaitable[str | None]]
"""Words a draft freely; None when it cannot. What it writes is checked like any draft."""
Classifier = Callable[[str, Language], Reading | None]
"""Judges messages that no rule decides."""


OFF_TOPIC = "off_topic"
_MAY_BE_A_NAME = {
    OFF_TOPIC: ("refuse", OFF_TOPIC),
    "medical_claim": ("refuse", "medical_claim"),
    "medical": ("handoff", "medical"),
}
"""Readings that a product's own name may bring about, with their rules: a cookbook, 玻尿酸 and 尿酸."""
SAID_NOTHING = Reading(Intent.IGNORE, "nothing_said_before")
"""To the same words nothing was said, and no fact has changed since."""
TAINTED = "tainted_fact"
"""The fact that would answer tries to instruct the assistant; moderators get a note."""
_WRITTEN_BY_PEOPLE = frozenset(
    {Source.ATTRIBUTE, Source.POLICY, Source.FAQ, Source.COUPON, Source.TRANSCRIPT}
)
_MY_PLACE = re.compile(
    r"(到|寄|发|送)(到|往|给)?(我(们)?(家|这(里|边|儿)?|那(里|边|儿)?|的(收货)?地址)|我(?=要|得|需|大概|几|多))|"
    r"\b(to|at) (me|my (address|place|home|city|house))\b"
)
_PRAISE = re.compile(
    r"真|好(?!评)|太|很|超|绝|爱|喜欢|不错|漂亮|划算|值|下单|买了|拍了|收到|谢|支持|加油|"
    r"\b(love|nice|great|good|pretty|beautiful|thanks?|bought|ordered|cool|wow|amazing)\b"
)


class Nodes:
    """The steps. Each takes the state and returns what it adds to it."""

    def __init__(
        self,
        index: PassageIndex,
        classify: Classifier,
        writer: Writer | None,
        recent: RecentQuestions | None,
    ) -> None:
        self._index = index
        self._classify = classify
        self._writer = writer
        self._recent = recent
        self._told = ToldBefore()

    async def classify(self, state: State) -> State:
        raw = state["question"].text
        text = normalize(raw[: MAX_QUESTION_CHARS * 2])
        language = intent.language_of(text)
        text = colloquial(text) if language is Language.ZH else spelt_out(text)
        if len(text) > MAX_QUESTION_CHARS:
            reading = intent.read(text, language)
            if reading.intent is not Intent.REFUSE:
                reading = Reading(Intent.IGNORE, "too_long")
        else:
            reading = intent.read(text, language)
        return {"text": text, "reading": reading, "language": language}

    async def whose(self, state: State) -> State:
        own = state["reading"].intent is Intent.OWN_ORDER or _asks_own(state["text"])
        facts = await _read({**state, "own": own})
        known = None if own else self._told.known(state["question"], state["text"], facts)
        if known is not None and not known.draft.statements:
            return {"facts": facts, "own": False, "private": False, "reading": SAID_NOTHING}
        if known is not None:
            return {
                "facts": facts,
                "own": False,
                "private": False,
                "draft": known.draft,
                "text_out": known.text,
                "composed_by": known.composed_by,
            }
        private = state["reading"].intent is Intent.OWN_ORDER
        reading = _of_this_shop(state["reading"], state["text"], facts)
        if orders.numbers_in(state["text"]) and reading.intent is not Intent.HANDOFF:
            found = orders.find(state["text"], facts)
            if found.foreign is not None and len(found.foreign) >= 8:
                reading = Reading(Intent.REFUSE, "foreign_order", attack=True)
            elif found.orders:
                reading, private = Reading(Intent.OWN_ORDER, "order_number"), True
        return {"facts": facts, "own": own, "private": private, "reading": reading}

    async def retrieve(self, state: State) -> State:
        reading, facts, text = state["reading"], state["facts"], state["text"]
        if reading.intent is Intent.OWN_ORDER:
            found = orders.find(text, facts).orders
            if found:
                statements = tuple(composer.order(o, state["language"]) for o in found)
                return {"draft": Draft(statements, None)}
        if facts.region and _MY_PLACE.search(text):
            state = {**state, "text": _MY_PLACE.sub(f"到{facts.region}", text, count=1), "private": True}
        made = await self._drafted(state)
        unsure = not made.statements or made.guessed
        if unsure and (told := heard(text, state["language"], facts)):
            made = Draft((composer.quoted(told, state["language"]),), made.product)
        if reading.intent is Intent.OWN_ORDER and made.statements:
            return {"draft": made, "private": False}
        if state["private"]:
            return {"draft": made, "private": True, "reading": self._judged_by_examples(state, made)}
        return {"draft": made, "reading": self._judged_by_examples(state, made)}

    def _judged_by_examples(self, state: State, made: Draft) -> Reading:
        """The wording left it open and no fact answers it: what is it most like?"""
        reading = state["reading"]
        found_by_rule = bool(made.statements) and not made.guessed
        open_question = reading.intent is Intent.QUESTION and not (found_by_rule or made.on_topic)
        statement = reading.intent is Intent.STATEMENT and not (
            made.statements and _asked_by_noun(state, made)
        )
        if not (open_question or statement):
            return reading
        found = self._classify(state["text"], state["language"])
        told = intent.matches("request", state["language"].value, state["text"])
        if found is None or (statement and found.intent is Intent.REFUSE and not told):
            return reading
        return found

    async def _drafted(self, state: State) -> Draft:
        """Drafts by words; where they leave it open, once more with the passage index."""
        open_points: dict[str, Sequence[Fact]] = {}
        nearness: dict[str, Mapping[str, float]] = {}

        def similarity(text: str, candidates: Sequence[Fact]) -> Mapping[str, float]:
            if text not in nearness:
                open_points[text] = [*open_points.get(text, ()), *candidates]
            known = nearness.get(text, {})
            return {fact.id: known[fact.id] for fact in candidates if fact.id in known}

        for _ in range(2):
            made = draft(
                state["text"],
                state["language"],
                state["facts"],
                similarity,
                previous=state["question"].previous_product,
                medical=state["reading"].intent is Intent.MEDICAL,
                guess=state["reading"].intent is not Intent.STATEMENT,
            )
            if not open_points:
                break
            for text, candidates in open_points.items():
                nearness[text] = await self._index.near(text, candidates)
            open_points.clear()
        return made

    async def write(self, state: State) -> State:
        made, language = state["draft"], state["language"]
        composed = composer.joined(made.statements, language)
        if self._writer is not None and made.statements and not state["private"]:
            written = await self._writer(state["text"], language, made, state["facts"])
            if written is not None and not check(written, made.facts, state["facts"]):
                return {"text_out": written, "composed_by": "model"}
        return {"text_out": composed, "composed_by": "facts"}

    async def check(self, state: State) -> State:
        """Reads the facts again: what is sent must be true now, not when it was drafted."""
        fresh = await _read(state)
        text, made = state["text_out"], state["draft"]
        composed_by = state["composed_by"]
        if fresh != state["facts"]:
            again = await self.retrieve({**state, "facts": fresh})
            if again["draft"].facts != made.facts:
                made, composed_by = again["draft"], "facts"
                text = composer.joined(made.statements, state["language"])
        findings = check(text, made.facts, fresh) if made.statements else []
        if findings:
            made = Draft((), made.product, gap=findings[0].rule)
        if any(f.source in _WRITTEN_BY_PEOPLE and intent.gives_orders(normalize(f.text)) for f in made.facts):
            made = Draft((), made.product, gap=TAINTED)
        if made.statements and not state["own"] and not state["private"]:
            self._told.keep(state["question"], state["text"], fresh, Told(made, text, composed_by))
        return {"text_out": text, "draft": made, "facts": fresh, "composed_by": composed_by}

    async def recent(self, state: State) -> State:
        """The same facts told in this room a moment ago: once for all who ask."""
        question, made = state["question"], state["draft"]
        if self._recent is None or state["private"] or not question.room_id:
            return {"askers": 1, "due": True}
        said = "|".join(sorted(f"{fact.id}={fact.text}" for fact in made.facts))
        askers = {question.viewer_id or question.message_id, *question.askers}
        noted = await self._recent.note(
            question.room_id,
            digest(f"{state['language'].value} {said}"),
            sorted(askers),
            question.message_id,
        )
        return {"askers": noted.askers, "due": noted.due}

    async def send(self, state: State) -> State:
        made, askers = state["draft"], state["askers"]
        answer = Answer(
            text=composer.for_many(askers, state["language"]) + state["text_out"],
            askers=askers,
            language=state["language"],
            facts=made.facts,
            private=state["private"],
            product_id=made.product.id if made.product else None,
            composed_by=state["composed_by"],
        )
        return {"outcome": answer}

    async def hand_over(self, state: State) -> State:
        reading = state["reading"]
        made = state.get("draft")
        by_rule = reading.intent is Intent.HANDOFF
        suggestion = await self._suggestion(state) if "facts" in state else None
        return {
            "outcome": Handoff(
                text=composer.HANDOFF[state["language"]],
                language=state["language"],
                reason=reading.reason if by_rule else (made.gap if made and made.gap else "no_fact"),
                suggestion=suggestion,
                product_id=made.product.id if made and made.product else None,
            )
        }

    async def _suggestion(self, state: State) -> str | None:
        """For whoever replies: what the host said on it, else the nearest fact. None after a rule."""
        text, facts, language = state["text"], state["facts"], state["language"]
        if state["reading"].intent is Intent.HANDOFF:
            return None
        if (told := heard(text, language, facts)) and not intent.gives_orders(normalize(told.text)):
            return composer.quoted(told, language).text
        product = next(iter(resolve(text, facts, state["question"].previous_product).products), None)
        candidates = [*(attribute_facts(product) if product else ()), *policy_facts(facts), *faq_facts(facts)]
        near = await self._index.near(text, candidates)
        best = max(candidates, key=lambda fact: near.get(fact.id, 0.0), default=None)
        if best is None or intent.gives_orders(normalize(best.text)):
            return None
        stated = Judgement(Verdict.STATES, best.text)
        return composer.fact_sentence(text, best, stated, product, language).text

    async def refuse(self, state: State) -> State:
        reading = state["reading"]
        texts = composer.MEDICAL_REFUSAL if reading.reason == "medical_claim" else composer.REFUSAL
        return {
            "outcome": Refusal(texts[state["language"]], state["language"], reading.reason, reading.attack)
        }

    async def silence(self, state: State) -> State:
        again = "due" in state and not state["due"]
        judged = "draft" in state and "due" not in state
        if judged and not state["own"] and not state["private"]:
            nothing = Told(Draft((), None), "", "silence")
            self._told.keep(state["question"], state["text"], state["facts"], nothing)
        return {"outcome": Silence("answered_recently" if again else state["reading"].reason)}


def _asks_own(text: str) -> bool:
    """Whether it may need what only the viewer's own facts say."""
    return bool(orders.numbers_in(text)) or _MY_PLACE.search(text) is not None


async def _read(state: State) -> Facts:
    """The facts as they are now; the viewer's own only where they are asked for."""
    question = state["question"]
    facts = await state["source"].read(question if state["own"] else replace(question, viewer_id=None))
    return facts if question.pinned is None else replace(facts, pinned=question.pinned)


def _of_this_shop(reading: Reading, text: str, facts: Facts) -> Reading:
    """What would be off topic or medical elsewhere is not where the words are a product's name."""
    rule = _MAY_BE_A_NAME.get(reading.reason)
    if rule is None:
        return reading
    about = resolve(text, facts)
    if not about.named or intent.matches(*rule, about.rest):
        return reading
    asked = reading.reason == OFF_TOPIC or intent.asks(text, intent.language_of(text))
    return Reading(Intent.QUESTION if asked else Intent.STATEMENT, "product_named")


# Routes are coroutines: LangGraph hands others to a thread, a switch for each step of each question.
async def after_classify(state: State) -> str:
    if state["reading"].reason in _MAY_BE_A_NAME:
        return "whose"
    return {
        Intent.IGNORE: "silence",
        Intent.REFUSE: "refuse",
        Intent.HANDOFF: "hand_over",
    }.get(state["reading"].intent, "whose")


async def after_whose(state: State) -> str:
    if "draft" in state:
        return "recent"
    if state["reading"] == SAID_NOTHING:
        return "silence"
    return "refuse" if state["reading"].intent is Intent.REFUSE else "retrieve"


async def after_retrieve(state: State) -> str:
    intent_now, found = state["reading"].intent, bool(state["draft"].statements)
    if intent_now is Intent.REFUSE:
        return "refuse"
    if intent_now is Intent.IGNORE or (
        intent_now is Intent.STATEMENT and not (found and _asked_by_noun(state, state["draft"]))
    ):
        return "silence"
    return "write" if found and intent_now is not Intent.HANDOFF else "hand_over"


def _asked_by_noun(state: State, made: Draft) -> bool:
    """A bare topic is a question, too: 杯子容量, 价格, shipping cost. Praise of one is not."""
    if not made.topical or _PRAISE.search(state["text"]):
        return False
    return len(state["text"]) <= 12 if state["language"] is Language.ZH else len(state["text"].split()) <= 5


async def after_check(state: State) -> str:
    return "recent" if state["draft"].statements else "hand_over"


async def after_recent(state: State) -> str:
    return "send" if state["due"] else "silence"


def build(nodes: Nodes) -> Any:
    """The compiled graph."""
    graph = StateGraph(State)
    steps: dict[str, Step] = {
        "classify": nodes.classify,
        "whose": nodes.whose,
        "retrieve": nodes.retrieve,
        "write": nodes.write,
        "check": nodes.check,
        "recent": nodes.recent,
        "send": nodes.send,
        "hand_over": nodes.hand_over,
        "refuse": nodes.refuse,
        "silence": nodes.silence,
    }
    for name, step in steps.items():
        graph.add_node(name, traced(name, step))
    graph.add_edge(START, "classify")
    graph.add_conditional_edges("classify", after_classify, ["silence", "refuse", "hand_over", "whose"])
    graph.add_conditional_edges("whose", after_whose, ["refuse", "retrieve", "recent", "silence"])
    graph.add_conditional_edges("retrieve", after_retrieve, ["write", "hand_over", "silence", "refuse"])
    graph.add_edge("write", "check")
    graph.add_conditional_edges("check", after_check, ["recent", "hand_over"])
    graph.add_conditional_edges("recent", after_recent, ["send", "silence"])
    for last in ("send", "hand_over", "refuse", "silence"):
        graph.add_edge(last, END)
    return graph.compile()
