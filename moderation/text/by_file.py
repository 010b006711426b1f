"""Leave one file out: how a file comes out with a meaning layer that has learned all the others."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.core.report import Report

from ..evaluation import AtOnce, Example, Judged, figures, judge, labelled, load
from .meaning import Embedder, MeaningLayer
from .screen import Screen
from .validation import Remembered

_COLUMNS = ("count", "exact", "caught", "false_alarms")


def run(files: Sequence[Path], embedder: Embedder) -> dict[str, Any]:
    """Print a line a file and way of reading, and return the figures over all of them."""
    report = Report("eval meaning")
    examples = {path: labelled(path) for path in files}
    report.progress(f"{sum(map(len, examples.values()))} texts of {len(files)} files")
    known = Remembered([e.text[:300] for texts in examples.values() for e in texts], embedder)
    together: dict[str, list[Judged]] = {}
    rows = []
    for path in files:
        layer = MeaningLayer(known)
        layer.learn([e for other, texts in examples.items() if other != path for e in texts])
        for way, judged in _ways(layer, load(path)).items():
            together.setdefault(way, []).extend(judged)
            rows.append((path.stem, way, *_shares(judged)))
    result = {way: dict(zip(_COLUMNS, _shares(judged), strict=True)) for way, judged in together.items()}
    rows += [("all", way, *_shares(judged)) for way, judged in together.items()]
    report.table("Each file read by a layer that knows the others", ("file", "way", *_COLUMNS), rows)
    report.finish(result)
    return result


def _ways(layer: MeaningLayer, examples: Sequence[Example]) -> Mapping[str, list[Judged]]:
    return {
        "words_and_meaning": judge(Screen(meaning=layer), examples),
        "words_and_meaning_at_once": judge(Screen(meaning=AtOnce(layer)), examples),
        "meaning_alone": judge(Screen(rules=(), meaning=layer), examples),
        "words_alone": judge(Screen(), examples),
    }


def _shares(judged: Sequence[Judged]) -> list[float | int | None]:
    found = figures(judged)
    return [found[column] for column in _COLUMNS]
