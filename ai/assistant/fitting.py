"""Fits the models of `nearest` to files of cases: `python -m ai.assistant.fitting FILE…`.

A case teaches which facts answer it: those that the rules used where the answer was right, else those
that hold what was expected. Each is seen a second time without these facts, so that the second model
learns when nothing answers. What is printed first was measured on each shop with the others' weights.
"""

import asyncio
import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ai.assistant import composer, evaluation
from ai.assistant.assistant import Assistant
from ai.assistant.facts import StaticFacts, facts_from_file
from ai.assistant.index import MemoryIndex
from ai.assistant.intent import Intent, language_of, read
from ai.assistant.models import Answer, Fact, Language, Product, Question
from ai.assistant.nearest import FEATURES, LIKELY, SIGNS, About, Matrix, candidates, features, signs
from ai.assistant.products import resolve
from ai.assistant.reasoning import Judgement, Verdict
from ai.assistant.segments import Segment, segment, split
from ai.assistant.text import colloquial, normalize, spelt_out
from ai.embeddings import default_embedder

Floats = npt.NDArray[np.float64]
STEPS = 400
RATE = 0.06
FACT_RIDGE = 1e-3
DECISION_RIDGE = 1e-2
WITHOUT_WEIGHT = 0.25
"""What a case seen without its facts counts."""
_YES_NO = re.compile(
    r"(yes|no|not|可以?|不|不能|不可|不可以|能|有|没|没有|是|支持|不支持|can|cannot|n't)\W*", re.I
)


@dataclass(frozen=True, slots=True)
class Row:
    """One question; `right` marks the facts that answer it, none where a person must."""

    shop: str
    text: str
    question: Segment
    about: About
    features: Matrix
    right: npt.NDArray[np.bool_]


async def rows_of(path: Path, assistant: Assistant, index: MemoryIndex) -> list[Row]:
    """The single questions of a file that are answered from attributes and policies, or by nobody."""
    data = json.loads(path.read_text("utf-8"))
    await assistant.prepare(facts_from_file(data, {}))
    found = [await _row(path.stem, data, case, assistant, index) for case in data["cases"]]
    return [row for row in found if row is not None]


async def _row(
    shop: str, data: Mapping[str, Any], case: Mapping[str, Any], assistant: Assistant, index: MemoryIndex
) -> Row | None:
    expected = case["expect"]
    text = normalize(case["question"])
    language = language_of(text)
    text = colloquial(text) if language is Language.ZH else spelt_out(text)
    asks = read(text, language).intent in (Intent.QUESTION, Intent.STATEMENT)
    if expected["kind"] not in ("answer", "handoff") or not asks or len(split(text, language)) != 1:
        return None
    facts = facts_from_file(data, case)
    about = resolve(text, facts, case.get("previous"))
    question = segment(text, about.rest, language, about.spans)
    all_facts, owners = candidates(question, about.products[:3], facts)
    outcome = await assistant.answer(
        Question(text=case["question"], viewer_id="viewer", previous_product=case.get("previous")),
        StaticFacts(facts),
    )
    used = {f.id for f in outcome.facts} if isinstance(outcome, Answer) else set()
    if expected["kind"] == "handoff":
        right = [False] * len(all_facts)
    elif not evaluation.judge(outcome, expected):
        right = [fact.id in used for fact in all_facts]
    else:
        right = [_holds(expected, text, fact, owners.get(fact.id), language) for fact in all_facts]
    if expected["kind"] == "answer" and not any(right):
        return None
    near = await index.near(question.bare, all_facts)
    shown = About(about.named, bool(about.products))
    return Row(shop, text, question, shown, features(question, all_facts, near, shown), np.array(right))


def _holds(
    expected: Mapping[str, Any], text: str, fact: Fact, product: Product | None, language: Language
) -> bool:
    """Whether the fact, stated, has what was expected in words that say more than yes or no."""
    stated = Judgement(Verdict.STATES, fact.text)
    said = composer.fact_sentence(text, fact, stated, product, language).text.lower()
    telling = [
        [str(option).lower() for option in group if not _YES_NO.fullmatch(str(option))]
        for group in expected.get("include", ())
    ]
    return bool(telling) and all(any(option in said for option in group) for group in telling)


def fit_fact(rows: Sequence[Row]) -> Floats:
    """(FEATURES + 1,): makes the right facts likely among all (softmax, by Adam)."""
    taught = [row for row in rows if row.right.any()]
    data = np.concatenate([row.features for row in taught])
    mean, spread = data.mean(0), data.std(0) + 1e-6
    data = (data - mean) / spread
    right = np.concatenate([row.right for row in taught]).astype(np.float64)
    sizes = [len(row.features) for row in taught]
    starts = np.cumsum([0, *sizes[:-1]])
    group = np.repeat(np.arange(len(taught)), sizes)
    weights = np.zeros(data.shape[1])
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, STEPS + 1):
        scores = data @ weights
        raised = np.exp(scores - np.maximum.reduceat(scores, starts)[group])
        share = raised / np.add.reduceat(raised, starts)[group]
        among = raised * right / np.add.reduceat(raised * right, starts)[group]
        slope = data.T @ (among - share) / len(taught) - FACT_RIDGE * weights
        first = 0.9 * first + 0.1 * slope
        second = 0.99 * second + 0.01 * slope**2
        weights += RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
    return np.append(weights / spread, -(mean / spread) @ weights)


def decisions(rows: Sequence[Row], weights: Floats) -> tuple[Floats, Floats, Floats]:
    """(signs, whether the best fact was right, what the row counts), each row also without its facts."""
    found: list[tuple[Floats, float, float]] = []
    for row in rows:
        scores = row.features @ weights[:-1]
        found.append(
            (signs(row.question, row.features, scores, row.about), float(row.right[scores.argmax()]), 1.0)
        )
        if row.right.any() and not row.right.all():
            rest, left = row.features[~row.right], scores[~row.right]
            found.append((signs(row.question, rest, left, row.about), 0.0, WITHOUT_WEIGHT))
    return np.stack([f[0] for f in found]), np.array([f[1] for f in found]), np.array([f[2] for f in found])


def fit_decision(data: Floats, right: Floats, counts: Floats) -> Floats:
    """(SIGNS + 1,): ridge logistic regression by Newton's method."""
    mean, spread = data.mean(0), data.std(0) + 1e-6
    x = np.column_stack([(data - mean) / spread, np.ones(len(data))])
    weights = np.zeros(x.shape[1])
    ridge = DECISION_RIDGE * np.append(np.ones(len(weights) - 1), 0.0)
    share = counts / counts.sum()
    for _ in range(40):
        likely = 1 / (1 + np.exp(-x @ weights))
        slope = x.T @ (share * (likely - right)) + ridge * weights
        bend = (x * (share * likely * (1 - likely))[:, None]).T @ x + np.diag(ridge + 1e-9)
        weights -= np.linalg.solve(bend, slope)
    plain = weights[:-1] / spread
    return np.append(plain, weights[-1] - plain @ mean)


def left_out(rows: Sequence[Row]) -> list[tuple[Row, float, bool]]:
    """Each row with how likely its best fact is and whether it is right, by the other shops' weights."""
    found = []
    for shop in sorted({row.shop for row in rows}):
        others = [row for row in rows if row.shop != shop]
        fact = fit_fact(others)
        decision = fit_decision(*decisions(others, fact))
        for row in (row for row in rows if row.shop == shop):
            scores = row.features @ fact[:-1]
            logit = float(signs(row.question, row.features, scores, row.about) @ decision[:-1] + decision[-1])
            found.append((row, 1 / (1 + np.exp(-logit)), bool(row.right[scores.argmax()])))
    return found


def written(fact: Floats, decision: Floats) -> str:
    """`nearest.toml`."""
    lines = ["# Fitted by `python -m ai.assistant.fitting tests/data/assistant/*.json`; see nearest.py."]
    for name, names, weights in (("fact", FEATURES, fact), ("decision", SIGNS, decision)):
        lines.append(f"\n[{name}]")
        lines += [f"{key} = {weight:.4f}" for key, weight in zip((*names, "constant"), weights, strict=True)]
    return "\n".join(lines) + "\n"


def main(paths: Sequence[Path]) -> None:
    embedder = default_embedder()
    index = MemoryIndex(embedder)
    assistant = Assistant(embedder, index=index)

    async def all_rows() -> list[Row]:
        return [row for path in paths for row in await rows_of(path, assistant, index)]

    rows = asyncio.run(all_rows())
    judged = left_out(rows)
    answerable = [(likely, right) for row, likely, right in judged if row.right.any()]
    nobody = [likely for row, likely, _ in judged if not row.right.any()]
    print(f"{len(answerable)} answered by facts, {len(nobody)} by nobody")
    print(f"best fact right: {sum(right for _, right in answerable) / len(answerable):.3f}")
    for least in (0.4, 0.5, LIKELY, 0.7, 0.8, 0.9):
        told = [right for likely, right in answerable if likely >= least]
        print(
            f"from {least}: {sum(told)} right and {len(told) - sum(told)} beside the point, "
            f"{sum(likely >= least for likely in nobody)} of {len(nobody)} that nobody can answer"
        )
    fact = fit_fact(rows)
    decision = fit_decision(*decisions(rows, fact))
    (Path(__file__).parent / "data" / "nearest.toml").write_text(written(fact, decision), "utf-8")


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
