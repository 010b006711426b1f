"""Weighs the rules of `ai.cues.presentation` by labelled sentences; `shopcast eval presentation`."""

import json
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.markup import escape
from scipy.sparse import csr_matrix, diags_array, hstack
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from ai.cues import meaning
from ai.cues.phrases import phrases
from ai.cues.presentation import CERTAIN, FEATURES, INTRODUCED, LIKELY, WEIGHTS_FILE, clues
from ai.cues.usage import Usage
from app.core.report import Report

EXAMPLES = Path(__file__).with_name("examples")
_WEIGHTS = {"plain.txt": 3.0, "varied.txt": 1.0, "heard.txt": 3.0}
"""Of a row from each file: most hosts speak plainly; hosts of many tempers are learned from for what they share."""
_AS_THEY_STAND = "heard.txt"
"""Hypotheses of a recognizer; a blank line parts one utterance's from the next one's."""
_LINE = re.compile(
    r"(?P<language>zh|en) (?P<kind>[PX]) (?P<before>.*)[\[{](?P<name>.*)(?P<close>[\]}])(?P<after>.*)"
)
_CUTS = {"zh": (0, 3, 7, 1000), "en": (0, 8, 22, 1000)}
"""Characters after the name that are known: each sentence is learned as it grows."""
_MARKS = re.compile(r"[，。！？、,.!?]")
_UNMARKED = 0.5
"""Of the Chinese rows are learned without marks, as recognizers often write them."""
_SEED = 7
_FOLDS = 5
_SHAPE_PENALTY = 0.3
_FAMILY_PENALTY = 3.0
"""Families keep near the weight that all evidence has, unless many sentences say otherwise."""
_PHRASE_PENALTY = 4.0
_MEANING_PENALTY = 20.0
_LEAST_SENTENCES = 4
"""A phrase that fewer sentences have is not learned."""
_LEAST_WEIGHT = 0.01
"""A phrase that weighs less is not stored."""
_BATCH = 500
"""Rows between two reports of progress."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    usage: Usage
    presents: bool
    sentence: int = 0
    """Hypotheses of one sentence share its number."""
    weight: float = 1.0
    grows: bool = True
    """Learned at every length; what was heard is learned as it stands."""
    whole: bool = True
    """Nothing more of the sentence follows."""


@dataclass(frozen=True, slots=True)
class Table:
    """Every example at every cut, a row each."""

    features: csr_matrix
    """Columns: FEATURES, `phrases`, and with the meaning its `meaning.DIMS`."""
    phrases: tuple[str, ...]
    presents: Floats
    weights: Floats
    sentence: npt.NDArray[np.int64]
    """Which sentence a row comes from."""
    example: npt.NDArray[np.int64]
    """Which example, by its place."""
    whole: npt.NDArray[np.bool_]
    """Whether the row holds the whole sentence, or the last that was heard of it."""

    def without_meaning(self) -> "Table":
        return replace(self, features=self.features[:, : len(FEATURES) + len(self.phrases)])


def load_examples(folder: Path = EXAMPLES) -> list[Example]:
    """Every file of the folder that `_WEIGHTS` knows; raises ValueError where there are none or a line is not
    understood."""
    found: list[Example] = []
    for name, weight in _WEIGHTS.items():
        file = folder / name
        if file.exists():
            found += _read(file, weight, 1 + max((example.sentence for example in found), default=-1))
    if not found:
        raise ValueError(f"no examples in {folder}")
    return found


def _read(file: Path, weight: float, sentence: int) -> list[Example]:
    grows = file.name != _AS_THEY_STAND
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    found = []
    for line, following in zip_longest(lines, lines[1:], fillvalue=""):
        whole = grows or not following
        if line:
            found.append(_example(line, sentence, weight, grows=grows, whole=whole))
        sentence += whole
    return found


def _example(line: str, sentence: int, weight: float, *, grows: bool, whole: bool) -> Example:
    match = _LINE.fullmatch(line)
    if match is None:
        raise ValueError(f"not an example: {line}")
    usage = Usage(match["before"], match["name"], match["after"], match["language"], match["close"] == "]")
    return Example(usage, match["kind"] == "P", sentence, weight, grows, whole)


def table_of(
    examples: Sequence[Example], *, with_meaning: bool = False, report: Report | None = None
) -> Table:
    """What is learned from; `with_meaning` takes two minutes for 5,000 rows."""
    chance = random.Random(_SEED)
    heard = [
        (number, _as_heard(example, length, chance), example.whole and length == len(example.usage.after))
        for number, example in enumerate(examples)
        for length in _lengths(example)
    ]
    usages = [usage for _, usage, _ in heard]
    of = [examples[number] for number, _, _ in heard]
    said = [phrases(usage) for usage in usages]
    learned = _learned(zip((example.sentence for example in of), said, strict=True))
    blocks = [csr_matrix([clues(usage).features for usage in usages]), _one_hot(said, learned)]
    if with_meaning:
        blocks.append(csr_matrix(_meanings(usages, report)))
    return Table(
        csr_matrix(hstack(blocks)),
        learned,
        np.array([float(example.presents) for example in of]),
        np.array([example.weight for example in of]),
        np.array([example.sentence for example in of]),
        np.array([number for number, _, _ in heard]),
        np.array([whole for _, _, whole in heard]),
    )


def _lengths(example: Example) -> list[int]:
    """Characters after the name at which it is learned."""
    cuts = _CUTS[example.usage.language] if example.grows else (len(example.usage.after),)
    return sorted({min(cut, len(example.usage.after)) for cut in cuts})


def _as_heard(example: Example, length: int, chance: random.Random) -> Usage:
    """The sentence up to `length` after the name; Chinese by chance without marks."""
    usage = example.usage
    before, after = usage.before, usage.after[:length]
    if example.grows and usage.language == "zh" and chance.random() < _UNMARKED:
        before, after = _MARKS.sub("", before), _MARKS.sub("", after)
    return replace(usage, before=before, after=after)


def _learned(said: Iterable[tuple[int, frozenset[str]]]) -> tuple[str, ...]:
    """The phrases that enough sentences have, at whatever cut."""
    sentences: dict[str, set[int]] = defaultdict(set)
    for number, found in said:
        for phrase in found:
            sentences[phrase].add(number)
    return tuple(sorted(phrase for phrase, numbers in sentences.items() if len(numbers) >= _LEAST_SENTENCES))


def _one_hot(said: Sequence[frozenset[str]], learned: Sequence[str]) -> csr_matrix:
    column = {phrase: n for n, phrase in enumerate(learned)}
    places = [(row, column[phrase]) for row, found in enumerate(said) for phrase in found if phrase in column]
    rows, columns = zip(*places, strict=True) if places else ((), ())
    return csr_matrix((np.ones(len(places)), (rows, columns)), shape=(len(said), len(learned)))


def _meanings(usages: Sequence[Usage], report: Report | None) -> Floats:
    """(len(usages), meaning.DIMS), on every core."""
    found: list[Any] = []
    with ProcessPoolExecutor() as pool:
        for start in range(0, len(usages), _BATCH):
            found += pool.map(meaning.features, usages[start : start + _BATCH], chunksize=25)
            if report is not None:
                report.progress(f"embedded {len(found)} of {len(usages)}")
    return np.array(found)


def _penalties(columns: int, phrases_known: int) -> Floats:
    """How strongly each column's weight is held near nothing."""
    shapes = sum(not name.startswith("family ") for name in FEATURES)
    return np.concatenate(
        [
            np.full(shapes, _SHAPE_PENALTY),
            np.full(len(FEATURES) - shapes, _FAMILY_PENALTY),
            np.full(phrases_known, _PHRASE_PENALTY),
            np.full(columns - len(FEATURES) - phrases_known, _MEANING_PENALTY),
        ]
    )


def _scaled(table: Table) -> tuple[csr_matrix, Floats]:
    """Columns such that one penalty for all is that of `_penalties`, and what they were multiplied with."""
    scales = 1 / np.sqrt(_penalties(table.features.shape[1], len(table.phrases)))
    return csr_matrix(table.features @ diags_array(scales)), scales


def _regression() -> LogisticRegression:
    return LogisticRegression(C=1.0, max_iter=1000, tol=1e-3)


def fit(table: Table) -> tuple[Floats, float]:
    """Weights for the columns, and a bias: L2-penalized logistic regression."""
    columns, scales = _scaled(table)
    fitted = _regression().fit(columns, table.presents, table.weights)
    return fitted.coef_[0] * scales, float(fitted.intercept_[0])


def cross_validated(table: Table) -> Floats:
    """For each row the probability by weights that have not seen its sentence.

    What was heard of a sentence that is also written in another file counts as another one.
    """
    columns, _ = _scaled(table)
    probabilities = np.zeros(len(table.presents))
    folds = GroupKFold(_FOLDS, shuffle=True, random_state=_SEED)
    for learned, held_out in folds.split(columns, groups=table.sentence):
        fitted = _regression().fit(columns[learned], table.presents[learned], table.weights[learned])
        probabilities[held_out] = fitted.predict_proba(columns[held_out])[:, 1]
    return probabilities


def run(examples: Path, *, write: bool) -> None:
    """The command: cross-validated figures; with `write` the weights are fitted on all and stored."""
    report = Report("eval presentation")
    labelled = load_examples(examples)
    table = table_of(labelled, with_meaning=meaning.available(), report=report)
    tables = {"rules": table.without_meaning()}
    if meaning.available():
        tables["rules and meaning"] = table
    figures: dict[str, float] = {"sentences": len({example.sentence for example in labelled})}
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
        fitted, bias = fit(table)
        weights = [round(float(weight), 3) for weight in fitted]
        known = len(FEATURES) + len(table.phrases)
        said = zip(table.phrases, weights[len(FEATURES) : known], strict=True)
        stored[name] = {
            "bias": round(bias, 3),
            "weights": dict(zip(FEATURES, weights, strict=False)),
            "phrases": {phrase: weight for phrase, weight in said if abs(weight) >= _LEAST_WEIGHT},
        }
        if len(weights) > known:
            stored[name]["meaning"] = weights[known:]
    return stored


def _nothing_follows(table: Table) -> npt.NDArray[np.bool_]:
    return np.asarray(table.features[:, [FEATURES.index("much follows")]].toarray()[:, 0] == 0.0)
