"""Weighs the rules of `ai.cues.presentation` by labelled sentences; `shopcast eval presentation`."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ai.cues.presentation import CERTAIN, FEATURES, INTRODUCED, WEIGHTS_FILE, Usage, clues
from app.core.report import Report

EXAMPLES_FILE = Path(__file__).with_name("examples.txt")
_LINE = re.compile(
    r"(?P<language>zh|en) (?P<kind>[PX]) (?P<before>.*)[\[{](?P<name>.*)(?P<close>[\]}])(?P<after>.*)"
)
_CUTS = {"zh": (0, 3, 7, 1000), "en": (0, 8, 22, 1000)}
"""Characters after the name that are known: each sentence is learned as it grows."""
_MARKS = re.compile(r"[，。！？、,.!?]")
_FOLDS = 10
_SHAPE_PENALTY = 0.3
_FAMILY_PENALTY = 3.0
"""Families keep near the weight that all evidence has, unless many sentences say otherwise."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    usage: Usage
    presents: bool


@dataclass(frozen=True, slots=True)
class Table:
    """Every example at every cut."""

    features: Floats
    """Shape (n, len(FEATURES))."""
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


def table_of(examples: Sequence[Example]) -> Table:
    features, presents, numbers, whole = [], [], [], []
    for number, example in enumerate(examples):
        usage = example.usage
        lengths = sorted({min(cut, len(usage.after)) for cut in _CUTS[usage.language]})
        for length in lengths:
            for heard in _as_heard(usage, length):
                features.append(clues(heard).features)
                presents.append(float(example.presents))
                numbers.append(number)
                whole.append(length == len(usage.after))
    return Table(np.array(features), np.array(presents), np.array(numbers), np.array(whole))


def _as_heard(usage: Usage, length: int) -> list[Usage]:
    """The sentence up to `length` after the name; Chinese also as recognizers write it, without marks."""
    before, after = usage.before, usage.after[:length]
    found = [Usage(before, usage.name, after, usage.language, usage.whole_name)]
    if usage.language == "zh":
        plain = (_MARKS.sub("", before), usage.name, _MARKS.sub("", after))
        found.append(Usage(*plain, usage.language, usage.whole_name))
    return found


def fit(features: Floats, presents: Floats) -> Floats:
    """Weights for FEATURES and a bias: L2-penalized logistic regression by Newton's method."""
    rows = np.column_stack([features, np.ones(len(features))])
    shape_features = sum(not name.startswith("family ") for name in FEATURES)
    penalty = np.full(rows.shape[1], _FAMILY_PENALTY)
    penalty[:shape_features] = _SHAPE_PENALTY
    penalty[-1] = 1e-6
    weights = np.zeros(rows.shape[1])
    for _ in range(50):
        predicted = 1 / (1 + np.exp(-rows @ weights))
        gradient = rows.T @ (predicted - presents) + penalty * weights
        curvature = (rows.T * (predicted * (1 - predicted))) @ rows + np.diag(penalty)
        step = np.linalg.solve(curvature, gradient)
        weights -= step
        if np.abs(step).max() < 1e-7:
            break
    return weights


def cross_validated(table: Table) -> Floats:
    """For each row the probability by weights that have not seen its sentence."""
    fold = table.example % _FOLDS
    probabilities = np.zeros(len(table.presents))
    for number in range(_FOLDS):
        held_out = fold == number
        weights = fit(table.features[~held_out], table.presents[~held_out])
        rows = np.column_stack([table.features[held_out], np.ones(held_out.sum())])
        probabilities[held_out] = 1 / (1 + np.exp(-rows @ weights))
    return probabilities


def run(examples: Path, *, write: bool) -> None:
    """The command: cross-validated figures; with `write` the weights are fitted on all and stored."""
    report = Report("eval presentation")
    labelled = load_examples(examples)
    table = table_of(labelled)
    probabilities = cross_validated(table)
    whole, presents = table.whole, table.presents > 0.5
    rows = []
    for threshold in (0.5, INTRODUCED, 0.7, CERTAIN, 0.9):
        taken = probabilities >= threshold
        for name, part in (("whole sentence", whole), ("up to the name", _nothing_follows(table))):
            right = (taken & presents & part).sum()
            rows.append(
                (
                    threshold,
                    name,
                    f"{right / (taken & part).sum():.3f}",
                    f"{right / (presents & part).sum():.3f}",
                )
            )
    report.table("Presented, by threshold", ("probability", "known", "precision", "recall"), rows)
    if write:
        weights = [round(float(weight), 4) for weight in fit(table.features, table.presents)]
        stored = {"bias": weights[-1], "weights": dict(zip(FEATURES, weights[:-1], strict=True))}
        WEIGHTS_FILE.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
        report.progress(f"weights: {WEIGHTS_FILE}")
    wrong = (probabilities >= 0.5) != presents
    for number in sorted({int(n) for n in table.example[wrong & whole]}):
        usage = labelled[number].usage
        report.progress(f"wrong: {usage.before}[{usage.name}]{usage.after}")
    report.finish(
        {
            "sentences": len(labelled),
            "accuracy": round(float(1 - wrong[whole].mean()), 4),
            "accuracy_up_to_the_name": round(float(1 - wrong[_nothing_follows(table)].mean()), 4),
        }
    )


def _nothing_follows(table: Table) -> npt.NDArray[np.bool_]:
    return np.asarray(table.features[:, FEATURES.index("much follows")] == 0.0)
