"""What the meaning layer finds alone, and at what price, by its margin: cross-validated over labelled texts."""

from collections.abc import Sequence

import numpy as np

from app.core.report import Report

from .meaning import ALLOW, Embedder, Labelled, MeaningLayer, Vectors

FOLDS = 5
MARGINS = (0.0, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6)


class Remembered:
    """An Embedder that knows the vectors of its texts."""

    def __init__(self, texts: Sequence[str], embedder: Embedder) -> None:
        self._vectors = dict(zip(texts, embedder.embed(texts), strict=True))
        self._embedder = embedder

    def glance(self, texts: Sequence[str]) -> Vectors:
        return self._embedder.glance(texts)

    def embed(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self._vectors[text] for text in texts])


def leads(examples: Sequence[Labelled], embedder: Embedder, folds: int = FOLDS) -> list[float]:
    """Each example's lead as a layer reads it that has learned the other folds; minus infinity where it does not ask."""
    texts = [example.text[:300] for example in examples]
    known = Remembered(texts, embedder)
    found = [float("-inf")] * len(examples)
    for fold in range(folds):
        layer = MeaningLayer(known)
        layer.learn([e for row, e in enumerate(examples) if row % folds != fold])
        for row in range(fold, len(examples), folds):
            found[row] = layer.lead(examples[row].text, examples[row].surface)
    return found


def shares(examples: Sequence[Labelled], found: Sequence[float], margin: float) -> tuple[float, float]:
    """Caught of the forbidden, false alarms of the innocent."""
    over = np.array(found) > margin
    innocent = np.array([example.label == ALLOW for example in examples])
    return float(over[~innocent].mean()), float(over[innocent].mean())


def run(examples: Sequence[Labelled], embedder: Embedder) -> dict[str, float]:
    """Print the table and return the figures of the margin in use."""
    from .meaning import MARGIN

    report = Report("eval meaning")
    report.progress(f"{len(examples)} texts in {FOLDS} folds")
    found = leads(examples, embedder)
    rows = [(margin, *(round(share, 4) for share in shares(examples, found, margin))) for margin in MARGINS]
    report.table("The meaning layer alone", ("margin", "caught", "false alarms"), rows)
    caught, false_alarms = shares(examples, found, MARGIN)
    result = {"texts": len(examples), "margin": MARGIN, "caught": round(caught, 4)}
    result |= {"false_alarms": round(false_alarms, 4), "asked": round(float(np.isfinite(found).mean()), 4)}
    report.finish(result)
    return result
