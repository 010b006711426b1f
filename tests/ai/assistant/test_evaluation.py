"""The measure that counts, on two whole files of cases and every sixth case of all others."""

from pathlib import Path

import pytest

from ai.assistant import evaluation
from ai.embeddings import Embedder

DATA = Path(__file__).parents[2] / "data" / "assistant"
WHOLE = {"given": 52, "own": 149}
OTHERS = sorted(path.stem for path in DATA.glob("*.json") if path.stem not in WHOLE)


@pytest.mark.parametrize(("name", "cases"), WHOLE.items())
def test_answers_the_files_of_cases(name: str, cases: int, embedder: Embedder, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    figures, results = evaluation.run(DATA / f"{name}.json", embedder, page=page)
    assert figures["cases"] == cases
    assert figures["accuracy"]["all"] >= 0.92, [(r.question, r.why) for r in results if not r.right]
    assert figures["invented"] == 0
    assert page.read_text("utf-8").count("<details>") == cases


@pytest.mark.parametrize("name", OTHERS)
def test_answers_other_shops(name: str, embedder: Embedder) -> None:
    figures, results = evaluation.run(DATA / f"{name}.json", embedder, every=6, indexed=False)
    wrong = [(r.question, r.why) for r in results if not r.right]
    assert len(results) >= 7
    assert len(wrong) <= max(1, len(results) // 12), wrong
    assert figures["invented"] == 0


def test_percentile_is_the_nearest_rank() -> None:
    assert evaluation.percentile([float(n) for n in range(1, 101)], 0.95) == 95.0
    assert evaluation.percentile([], 0.5) == 0.0
