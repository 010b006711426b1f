"""The measure that counts, on two whole files of cases and every third case of others."""

from pathlib import Path

import pytest

from ai.assistant import evaluation
from ai.embeddings import Embedder

DATA = Path(__file__).parents[2] / "data" / "assistant"


@pytest.mark.parametrize(("name", "cases"), [("given", 52), ("own", 149)])
def test_answers_the_files_of_cases(name: str, cases: int, embedder: Embedder, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    figures, results = evaluation.run(DATA / f"{name}.json", embedder, page=page)
    assert figures["cases"] == cases
    assert figures["accuracy"]["all"] >= 0.92, [(r.question, r.why) for r in results if not r.right]
    assert figures["invented"] == 0
    assert page.read_text("utf-8").count("<details>") == cases


@pytest.mark.parametrize("name", ["more", "heldout", "pets", "home", "mixed", "outdoor"])
def test_answers_other_shops(name: str, embedder: Embedder) -> None:
    figures, results = evaluation.run(DATA / f"{name}.json", embedder, quick=True)
    assert figures["accuracy"]["all"] >= 0.92, [(r.question, r.why) for r in results if not r.right]
    assert figures["invented"] == 0


def test_percentile_is_the_nearest_rank() -> None:
    assert evaluation.percentile([float(n) for n in range(1, 101)], 0.95) == 95.0
    assert evaluation.percentile([], 0.5) == 0.0
