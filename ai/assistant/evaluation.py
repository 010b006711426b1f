"""`shopcast eval assistant`: how good the answers are on a file of cases."""

import asyncio
import html
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ai.assistant.assistant import Assistant
from ai.assistant.breaker import TokenBudget
from ai.assistant.checker import check
from ai.assistant.facts import StaticFacts, facts_from_file
from ai.assistant.llm import ModelSettings, ModelWriter, local_model
from ai.assistant.models import Answer, Facts, Handoff, Outcome, Question, Refusal
from ai.embeddings import Embedder, default_embedder
from app.core.clock import SystemClock
from app.core.report import Report

QUICK_EVERY = 3


@dataclass(frozen=True, slots=True)
class CaseResult:
    id: str
    question: str
    expected: str
    got: str
    text: str
    right: bool
    why: str
    invented: tuple[str, ...]
    took_ms: float
    trace: tuple[str, ...]


def kind_of(outcome: Outcome) -> str:
    """The name of an outcome in evaluation files."""
    match outcome:
        case Answer():
            return "answer"
        case Handoff():
            return "handoff"
        case Refusal():
            return "refuse"
        case _:
            return "ignore"


def text_of(outcome: Outcome) -> str:
    return getattr(outcome, "text", "")


def judge(outcome: Outcome, expected: Mapping[str, Any]) -> str:
    """Empty when the outcome is as expected, else what is wrong."""
    kind = kind_of(outcome)
    if kind != expected["kind"]:
        return f"{kind} instead of {expected['kind']}"
    text = text_of(outcome).lower()
    for group in expected.get("include", ()):
        if not any(str(option).lower() in text for option in group):
            return f"lacks {' | '.join(map(str, group))}"
    for banned in expected.get("exclude", ()):
        if str(banned).lower() in text:
            return f"contains {banned}"
    return ""


def invented_in(outcome: Outcome, facts: Facts) -> tuple[str, ...]:
    """What an outcome says that no fact says; hand-overs and refusals may state nothing."""
    used = outcome.facts if isinstance(outcome, Answer) else ()
    return tuple(f"{f.rule} {f.detail}" for f in check(text_of(outcome), used, facts))


async def run_case(assistant: Assistant, data: Mapping[str, Any], case: Mapping[str, Any]) -> CaseResult:
    facts = facts_from_file(data, case)
    question = Question(
        text=case["question"],
        message_id=str(case["id"]),
        viewer_id="viewer",
        previous_product=case.get("previous"),
    )
    started = time.perf_counter()
    outcome = await assistant.answer(question, StaticFacts(facts))
    took_ms = (time.perf_counter() - started) * 1000
    why = judge(outcome, case["expect"])
    return CaseResult(
        id=str(case["id"]),
        question=case["question"],
        expected=case["expect"]["kind"],
        got=kind_of(outcome),
        text=text_of(outcome),
        right=not why,
        why=why,
        invented=invented_in(outcome, facts),
        took_ms=took_ms,
        trace=tuple(f"{s.step} ({s.took_ms} ms): {s.result}" for s in outcome.trace),
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of them lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered)) - 1))] if ordered else 0.0


def figures(results: Sequence[CaseResult]) -> dict[str, Any]:
    """The closing line: accuracy in all and per kind, invented, times."""
    asked = Counter(r.expected for r in results)
    right = Counter(r.expected for r in results if r.right)
    times = [r.took_ms for r in results]
    accuracy = {"all": round(sum(right.values()) / max(1, len(results)), 4)}
    accuracy |= {kind: round(right[kind] / n, 4) for kind, n in sorted(asked.items())}
    return {
        "cases": len(results),
        "accuracy": accuracy,
        "invented": sum(bool(r.invented) for r in results),
        "p50_ms": round(percentile(times, 0.50), 1),
        "p95_ms": round(percentile(times, 0.95), 1),
    }


def write_page(path: Path, results: Sequence[CaseResult], summary: Mapping[str, Any]) -> None:
    """One HTML page with every case, wrong ones first."""
    rows = "".join(
        f"<tr class='{'ok' if r.right else 'bad'}'><td>{html.escape(r.id)}</td>"
        f"<td>{html.escape(r.question)}</td><td>{r.expected}</td><td>{r.got}</td>"
        f"<td>{html.escape(r.text)}<details><summary>{r.took_ms:.0f} ms</summary>"
        f"<pre>{html.escape(chr(10).join(r.trace))}</pre></details></td>"
        f"<td>{html.escape(r.why)} {html.escape(', '.join(r.invented))}</td></tr>"
        for r in sorted(results, key=lambda r: (r.right, r.id))
    )
    path.write_text(
        "<!doctype html><meta charset='utf-8'><title>Assistant</title>"
        "<style>body{font:14px/1.5 system-ui;margin:2rem}table{border-collapse:collapse;width:100%}"
        "td,th{border-bottom:1px solid #ddd;padding:.4rem;text-align:left;vertical-align:top}"
        ".bad{background:#fff1f0}pre{white-space:pre-wrap;font-size:12px}</style>"
        f"<h1>Assistant</h1><pre>{html.escape(json.dumps(summary, ensure_ascii=False, indent=1))}</pre>"
        "<table><tr><th>Case<th>Question<th>Expected<th>Got<th>Text<th>Why</tr>"
        f"{rows}</table>",
        "utf-8",
    )


def run(
    data_file: Path,
    embedder: Embedder,
    *,
    every: int = 1,
    indexed: bool = True,
    page: Path | None = None,
    llm: str = "none",
    models_dir: Path = Path("data/models"),
) -> tuple[dict[str, Any], list[CaseResult]]:
    """Evaluates each `every`-th case and writes the page where the caller chooses. `indexed`: the
    whole catalogue is embedded before, as when a show starts; else each fact when it is needed."""
    data = json.loads(data_file.read_text("utf-8"))
    cases = data["cases"][::every]

    async def all_cases() -> list[CaseResult]:
        async with writer(llm, models_dir) as words:
            results = await answered(Assistant(embedder, writer=words))
            if words is not None:
                summary_extra["model"] = dict(sorted(words.health.outcomes.items()))
        return results

    async def answered(assistant: Assistant) -> list[CaseResult]:
        await assistant.prepare(facts_from_file(data, {}) if indexed else None)
        if cases:
            await run_case(assistant, data, cases[0])
        return [await run_case(assistant, data, case) for case in cases]

    summary_extra: dict[str, Any] = {}
    results = asyncio.run(all_cases())
    summary = figures(results) | summary_extra
    if page is not None:
        write_page(page, results, summary)
    return summary, results


@asynccontextmanager
async def writer(llm: str, models_dir: Path) -> AsyncIterator[ModelWriter | None]:
    """`none`, `local`, or the address of an OpenAI-compatible endpoint ending in /v1."""
    clock = SystemClock()
    if llm == "none":
        yield None
    elif llm == "local":
        async with local_model(models_dir) as settings:
            yield ModelWriter(settings, clock, budget=TokenBudget(clock, tokens=10**9))
    else:
        yield ModelWriter(ModelSettings(llm), clock, budget=TokenBudget(clock, tokens=10**9))


def report(
    data_file: Path, data_dir: Path, *, llm: str = "none", quick: bool = False, page: Path | None = None
) -> None:
    """The command: a table for people, the page (in `data_dir`/reports unless told), one JSON object last."""
    said = Report("eval assistant")
    said.progress(f"{data_file}, model: {llm}")
    kind = {"none": "", "local": "-local"}.get(llm, "-llm")
    page = page or data_dir / "reports" / f"assistant-{data_file.stem}{kind}.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    summary, results = run(
        data_file,
        default_embedder(),
        every=QUICK_EVERY if quick else 1,
        page=page,
        llm=llm,
        models_dir=data_dir / "models",
    )
    wrong = [(r.id, r.question, r.why, r.text) for r in results if not r.right or r.invented]
    said.table("Not as expected", ("case", "question", "why", "said"), wrong)
    said.progress(f"every case: {page}")
    said.finish(summary)
