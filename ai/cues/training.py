"""Weighs the rules of `ai.cues.presentation` by labelled sentences; `shopcast eval presentation`."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.markup import escape

from ai.cues import meaning
from ai.cues.phrases import phrases
from ai.cues.presentation import CERTAIN, FEATURES, INTRODUCED, LIKELY, WEIGHTS_FILE, clues
from ai.cues.usage import Usage
from app.core.report import Report

EXAMPLES_FILE = Path(__file__).with_name("examples.txt")
_LINE = re.compile(
    r"(?P<language>zh|en) (?P<kind>[PX]) (?P<before>.*)[\[{](?P<name>.*)(?P<close>[\]}])(?P<after>.*)"
)
_CUTS = {"zh": (0, 3, 7, 1000), "en": (0, 8, 22, 1000)}
"""Characters after the name that are known: each sentence is learned as it grows."""
_MARKS = re.compile(r"[，。！？、,.!?]")
_FOLDS = 5
_SHAPE_PENALTY = 0.3
_FAMILY_PENALTY = 3.0
"""Families keep near the weight that all evidence has, unless many sentences say otherwise."""
_PHRASE_PENALTY = 8.0
_MEANING_PENALTY = 10.0
_LEAST_SENTENCES = 4
"""A phrase that fewer sentences have is not learned."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    usage: Usage
    presents: bool


@dataclass(frozen=True, slots=True)
class Table:
    """Every example at every cut."""

    features: Floats
    """Columns: FEATURES, `phrases`, and with the meaning its `meaning.DIMS`."""
    phrases: tuple[str, ...]
    presents: Floats
    example: npt.NDArray[np.int64]
    """Which example a row comes from."""
    whole: npt.NDArray[np.bool_]
    """Whether the row holds the whole sentence."""


def load_examples(path: Path = EXAMPLES_FILE) -> list[Example]:
    """Raises ValueError with the line that is not understood."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise ValueError(f"not an example: {line}")
        usage = Usage(
            match["before"], match["name"], match["after"], match["language"], match["close"] == "]"
        )
        found.append(Example(usage, match["kind"] == "P"))
    return found


def table_of(examples: Sequence[Example], *, with_meaning: bool) -> Table:
    heard = [
        (number, cut, length == len(example.usage.after))
        for number, example in enumerate(examples)
        for length in _lengths(example.usage)
        for cut in _as_heard(example.usage, length)
    ]
    found = [phrases(usage) for _, usage, _ in heard]
    learned = _learned(zip((number for number, _, _ in heard), found, strict=True))
    column = {phrase: n for n, phrase in enumerate(learned)}
    features = []
    for (_, usage, _), said in zip(heard, found, strict=True):
        row = np.zeros(len(learned))
        row[[column[phrase] for phrase in said if phrase in column]] = 1.0
        embedded = [meaning.features(usage)] if with_meaning else []
        features.append(np.concatenate([np.array(clues(usage).features), row, *embedded]))
    return Table(
        np.array(features),
        learned,
        np.array([float(examples[number].presents) for number, _, _ in heard]),
        np.array([number for number, _, _ in heard]),
        np.array([whole for _, _, whole in heard]),
    )


def _lengths(usage: Usage) -> list[int]:
    return sorted({min(cut, len(usage.after)) for cut in _CUTS[usage.language]})


def _learned(said: Iterable[tuple[int, frozenset[str]]]) -> tuple[str, ...]:
    """The phrases that enough sentences have, at whatever cut."""
    sentences: dict[str, set[int]] = defaultdict(set)
    for number, found in said:
        for phrase in found:
            sentences[phrase].add(number)
    return tuple(sorted(phrase for phrase, numbers in sentences.items() if len(numbers) >= _LEAST_SENTENCES))


def _as_heard(usage: Usage, length: int) -> list[Usage]:
    """The sentence up to `length` after the name; Chinese also as recognizers write it, without marks."""
    before, after = usage.before, usage.after[:length]
    found = [Usage(before, usage.name, after, usage.language, usage.whole_name)]
    if usage.language == "zh":
        plain = (_MARKS.sub("", before), usage.name, _MARKS.sub("", after))
        found.append(Usage(*plain, usage.language, usage.whole_name))
    return found


def fit(features: Floats, presents: Floats, phrases_known: int) -> Floats:
    """Weights for the columns and a bias: L2-penalized logistic regression by Newton's method."""
    rows = np.column_stack([features, np.ones(len(features))])
    shape_features = sum(not name.startswith("family ") for name in FEATURES)
    penalty = np.full(rows.shape[1], _MEANING_PENALTY)
    penalty[: len(FEATURES) + phrases_known] = _PHRASE_PENALTY
    penalty[: len(FEATURES)] = _FAMILY_PENALTY
    penalty[:shape_features] = _SHAPE_PENALTY
    penalty[-1] = 1e-6
    weights = np.zeros(rows.shape[1])
    for _ in range(50):
        predicted = 1 / (1 + np.exp(-rows @ weights))
        gradient = rows.T @ (predicted - presents) + penalty * weights
        curvature = (rows.T * (predicted * (1 - predicted))) @ rows + np.diag(penalty)
        step = np.linalg.solve(curvature, gradient)
        weights -= step
        if np.abs(step).max() < 1e-4:
            break
    return weights


def cross_validated(table: Table) -> Floats:
    """For each row the probability by weights that have not seen its sentence."""
    fold = table.example % _FOLDS
    probabilities = np.zeros(len(table.presents))
    for number in range(_FOLDS):
        held_out = fold == number
        weights = fit(table.features[~held_out], table.presents[~held_out], len(table.phrases))
        rows = np.column_stack([table.features[held_out], np.ones(held_out.sum())])
        probabilities[held_out] = 1 / (1 + np.exp(-rows @ weights))
    return probabilities


def run(examples: Path, *, write: bool) -> None:
    """The command: cross-validated figures; with `write` the weights are fitted on all and stored."""
    report = Report("eval presentation")
    labelled = load_examples(examples)
    tables = {"rules": table_of(labelled, with_meaning=False)}
    if meaning.available():
        tables["rules and meaning"] = table_of(labelled, with_meaning=True)
    figures: dict[str, float] = {"sentences": len(labelled)}
    for name, table in tables.items():
        probabilities = cross_validated(table)
        _thresholds(report, name, table, probabilities)
        wrong = (probabilities >= 0.5) != (table.presents > 0.5)
        key = name.replace(" ", "_")
        figures[f"{key}_accuracy"] = round(float(1 - wrong[table.whole].mean()), 4)
        figures[f"{key}_accuracy_up_to_the_name"] = round(float(1 - wrong[_nothing_follows(table)].mean()), 4)
    for number in sorted({int(n) for n in table.example[wrong & table.whole]}):
        usage = labelled[number].usage
        report.progress(escape(f"wrong: {usage.before}[{usage.name}]{usage.after}"))
    if write:
        WEIGHTS_FILE.write_text(
            json.dumps(_stored(tables), indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        report.progress(f"weights: {WEIGHTS_FILE}")
    report.finish(figures)


def _thresholds(report: Report, name: str, table: Table, probabilities: Floats) -> None:
    presents = table.presents > 0.5
    rows = []
    for threshold in (0.5, INTRODUCED, LIKELY, CERTAIN, 0.9):
        taken = probabilities >= threshold
        for known, part in (("whole sentence", table.whole), ("up to the name", _nothing_follows(table))):
            right = (taken & presents & part).sum()
            precision, recall = right / (taken & part).sum(), right / (presents & part).sum()
            rows.append((threshold, known, f"{precision:.3f}", f"{recall:.3f}"))
    report.table(f"Presented, by threshold: {name}", ("probability", "known", "precision", "recall"), rows)


def _stored(tables: dict[str, Table]) -> dict[str, Any]:
    """What `presentation` reads."""
    stored: dict[str, Any] = {}
    for name, table in tables.items():
        fitted = fit(table.features, table.presents, len(table.phrases))
        *weights, bias = [round(float(weight), 4) for weight in fitted]
        known = len(FEATURES) + len(table.phrases)
        stored[name] = {
            "bias": bias,
            "weights": dict(zip(FEATURES, weights, strict=False)),
            "phrases": dict(zip(table.phrases, weights[len(FEATURES) : known], strict=True)),
        }
        if len(weights) > known:
            stored[name]["meaning"] = weights[known:]
    return stored


def _nothing_follows(table: Table) -> npt.NDArray[np.bool_]:
    return np.asarray(table.features[:, FEATURES.index("much follows")] == 0.0)
