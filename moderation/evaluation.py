"""`shopcast eval moderation`: the screen against labelled texts."""

import asyncio
import gc
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter, thread_time
from typing import Any

import orjson

from app.core.report import Report

from .findings import Finding, Surface
from .policy import Action
from .text.aside import Aside, SlowLayer
from .text.meaning import ALLOW, Labelled, MeaningLayer
from .text.screen import GRAVE_SCORE, Screen, Verdict

ROUNDS = 20
QUICK_ROUNDS = 5
PER_S = 500
_FIRST_CHARACTER, _CHARACTERS = 0x4E00, 20_000


@dataclass(frozen=True, slots=True)
class Example:
    """A text with the outcome that is expected of it."""

    id: str
    text: str
    language: str
    surface: Surface
    expect: Action
    category: str | None


@dataclass(frozen=True, slots=True)
class Judged:
    """An example and what the screen said."""

    example: Example
    verdict: Verdict

    @property
    def exact(self) -> bool:
        """Whether the outcome is the expected one."""
        return self.verdict.action == self.example.expect


def load(path: Path) -> list[Example]:
    """Examples of a JSON file: a list of objects with `text`, `language`, `surface`, `expect`, `category`."""
    return [
        Example(
            str(row.get("id", index)),
            row["text"],
            row.get("language", "zh"),
            Surface(row.get("surface", "chat")),
            Action(row["expect"]),
            row.get("category"),
        )
        for index, row in enumerate(orjson.loads(path.read_bytes()))
    ]


def judge(screen: Screen, examples: Iterable[Example]) -> list[Judged]:
    """Every example screened once, in order."""
    return [Judged(e, screen.check(e.text, e.surface)) for e in examples]


def figures(judged: Sequence[Judged]) -> dict[str, Any]:
    """`exact` over all, `caught` of flag and block, `false_alarms` of allow; each also per category and surface."""
    result = _shares(judged)
    for name, key in (("categories", _category), ("surfaces", _surface), ("languages", _language)):
        parts: dict[str, list[Judged]] = defaultdict(list)
        for item in judged:
            parts[key(item)].append(item)
        result[name] = {part: _shares(items) for part, items in sorted(parts.items())}
    return result


def _category(item: Judged) -> str:
    return item.example.category or "none"


def _surface(item: Judged) -> str:
    return str(item.example.surface)


def _language(item: Judged) -> str:
    return item.example.language


def _shares(judged: Sequence[Judged]) -> dict[str, Any]:
    wanted = [j for j in judged if j.example.expect is not Action.ALLOW]
    innocent = [j for j in judged if j.example.expect is Action.ALLOW]
    return {
        "count": len(judged),
        "exact": _share(judged, lambda j: j.exact),
        "caught": _share(wanted, lambda j: j.verdict.action is not Action.ALLOW),
        "false_alarms": _share(innocent, lambda j: j.verdict.action is not Action.ALLOW),
    }


def _share(judged: Sequence[Judged], holds: Callable[[Judged], bool]) -> float | None:
    return round(sum(map(holds, judged)) / len(judged), 4) if judged else None


class AtOnce:
    """A `screen.Meaning`: what the layer tells without its slow reading, which joins later."""

    def __init__(self, meaning: MeaningLayer) -> None:
        self._meaning = meaning

    def find(self, text: str, surface: Surface) -> list[Finding]:
        return self._meaning.at_once(text, surface)


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds of one check: median and 99th percentile of the calmest round, and over all rounds.

    `p99_processor_ms`: of all rounds, by the time that the thread was on a processor.
    """

    p50_ms: float
    p99_ms: float
    p99_all_rounds_ms: float
    p99_processor_ms: float


def latency(screen: Screen, examples: Sequence[Example], rounds: int = ROUNDS) -> Latency:
    """Time every example `rounds` times by the wall clock, after one round that is not counted.

    Other processes can only add to a round, so the calmest tells what the code takes; all rounds are told as well.
    """
    judge(screen, examples)
    gc.collect()
    measured = [_round_ms(screen, examples, n) for n in range(rounds)]
    rounds_ms = [sorted(wall for wall, _ in taken) for taken in measured]
    calmest = min(rounds_ms, key=lambda taken: _percentile(taken, 0.99))
    together = sorted(ms for taken in rounds_ms for ms in taken)
    worked = sorted(ms for taken in measured for _, ms in taken)
    return Latency(
        _percentile(calmest, 0.5),
        _percentile(calmest, 0.99),
        _percentile(together, 0.99),
        _percentile(worked, 0.99),
    )


def _unseen(text: str, n: int) -> str:
    """The text and one character more, so that nothing is remembered of it."""
    return text + chr(_FIRST_CHARACTER + n % _CHARACTERS)


def _round_ms(screen: Screen, examples: Sequence[Example], n: int) -> list[tuple[float, float]]:
    """Wall clock and processor time of every example."""
    taken = []
    for example in examples:
        text = _unseen(example.text, n)
        begun, begun_work = perf_counter(), thread_time()
        screen.check(text, example.surface)
        taken.append(((perf_counter() - begun) * 1000, (thread_time() - begun_work) * 1000))
    return taken


def _percentile(ordered: Sequence[float], share: float) -> float:
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 3) if ordered else 0.0


@dataclass(frozen=True, slots=True)
class Paced:
    """A chat at a steady rate: milliseconds from when a message was due to its verdict.

    `asked_about` went to the slow layers, `late` of them were out when these answered (`p99_late_ms` after they were
    due), `not_asked` were passed over.
    """

    messages_per_s: int
    p99_at_rate_ms: float
    asked_about: int
    late: int
    p99_late_ms: float
    not_asked: int


async def at_rate(
    screen: Screen, layers: Sequence[SlowLayer], examples: Sequence[Example], *, per_s: int, seconds: float
) -> Paced:
    """Chat messages of `examples`, 19 of 20 innocent ones, screened as the gateway does; no two are alike."""
    aside = Aside(layers)
    innocent = [e for e in examples if e.expect is Action.ALLOW] or list(examples)
    forbidden = [e for e in examples if e.expect is not Action.ALLOW] or list(examples)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    taken: list[float] = []
    late: list[float] = []

    async def one(text: str, surface: Surface, due: float) -> None:
        findings = screen.find(text, surface)
        if all(f.score < GRAVE_SCORE for f in findings):
            read = await aside.read(text, surface)
            taken.append((loop.time() - due) * 1_000)
            if read.later is not None:
                await read.later
                late.append((loop.time() - due) * 1_000)
        else:
            taken.append((loop.time() - due) * 1_000)

    async with asyncio.TaskGroup() as tasks:
        for n in range(int(per_s * seconds)):
            due = begun + n / per_s
            await asyncio.sleep(max(0.0, due - loop.time()))
            chosen = forbidden if n % 20 == 0 else innocent
            example = chosen[n * 7 % len(chosen)]
            tasks.create_task(one(_unseen(example.text, n), example.surface, due))
    return Paced(
        per_s,
        _percentile(sorted(taken), 0.99),
        aside.asked,
        aside.late,
        _percentile(sorted(late), 0.99),
        aside.skipped,
    )


def labelled(path: Path) -> list[Labelled]:
    """The examples of a file as the meaning layer learns them."""
    return [Labelled(e.text, e.surface, e.category or ALLOW) for e in load(path)]


def run(path: Path, *, quick: bool = False, meaning: MeaningLayer | None = None) -> dict[str, Any]:
    """Screen a file of examples, show what went wrong and print the figures; returns them."""
    report = Report("eval moderation")
    examples = load(path)
    report.progress(f"{len(examples)} texts of {path}")
    screen_alone = Screen()
    screen = Screen(meaning=meaning)
    judged = judge(screen, examples)
    hurried = Screen(meaning=AtOnce(meaning)) if meaning is not None else screen_alone
    at_once = {f"{name}_at_once": share for name, share in _shares(judge(hurried, examples)).items()}
    taken = latency(hurried, examples, QUICK_ROUNDS if quick else ROUNDS)
    layers = [meaning] if meaning is not None else []
    paced = asyncio.run(at_rate(screen_alone, layers, examples, per_s=PER_S, seconds=2 if quick else 10))
    at_once.pop("count_at_once")
    result = {
        **figures(judged),
        **at_once,
        **asdict(taken),
        **asdict(paced),
        "meaning": meaning is not None,
    }
    _show(report, judged, result)
    report.finish(result)
    return result


def _show(report: Report, judged: Sequence[Judged], result: dict[str, Any]) -> None:
    wrong = [j for j in judged if not j.exact]
    if wrong:
        report.table(
            "Not as expected",
            ("id", "surface", "expected", "said", "because of", "text"),
            [
                (
                    j.example.id,
                    j.example.surface,
                    j.example.expect,
                    j.verdict.action,
                    ", ".join(f"{f.detector} {f.evidence!r}" for f in j.verdict.findings[:3]),
                    j.example.text[:60],
                )
                for j in wrong
            ],
        )
    rows = [("all", result)] + [
        (part, shares)
        for name in ("categories", "surfaces", "languages")
        for part, shares in result[name].items()
    ]
    columns = ("count", "exact", "caught", "false_alarms")
    report.table(
        "Shares",
        ("part", *columns),
        [(part, *("" if shares[c] is None else shares[c] for c in columns)) for part, shares in rows],
    )
