"""How right warnings are, against labelled prices and stock (`promises.json` beside `sessions.json`)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ai.cues.decisions import Promise, Warn
from ai.cues.scoring import GRACE_S, LabelledSession
from ai.listening import ListeningEvent


@dataclass(frozen=True, slots=True)
class LabelledPromise:
    """A price or a stock that the host says in one sentence of a session."""

    session: str
    text: str
    """The sentence."""
    product_id: str
    promise: Promise
    said: int
    """Cents or units."""
    wrong: bool
    """It differs from what is held: the host must be warned."""


@dataclass(frozen=True, slots=True)
class PromiseScore:
    expected: int
    """Wrong prices and stock that were said."""
    warned: int
    missed: tuple[LabelledPromise, ...]
    false_warnings: tuple[tuple[float, Warn], ...]
    """With their times: warnings of what was right, or was not said."""


def load_promises(folder: Path) -> list[LabelledPromise] | None:
    """None where the folder has no `promises.json`. Raises KeyError and ValueError as they come."""
    path = folder / "promises.json"
    if not path.exists():
        return None
    entries: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return [
        LabelledPromise(e["session"], e["text"], e["product"], Promise(e["kind"]), e["said"], e["wrong"])
        for e in entries
    ]


def score_promises(
    session: LabelledSession,
    promises: Sequence[LabelledPromise],
    events: Sequence[tuple[float, ListeningEvent]],
) -> PromiseScore:
    """A warning is right when it names product, kind and number of a wrong promise, until 5 s after its sentence."""
    spoken = {segment.text for segment in session.segments}
    wrong = [p for p in promises if p.session == session.id and p.wrong and p.text in spoken]
    open_ones = list(wrong)
    false_warnings = []
    for at_s, event in events:
        if not isinstance(event, Warn):
            continue
        right = next((p for p in wrong if _meets(session, p, event, at_s)), None)
        if right is None:
            false_warnings.append((at_s, event))
        elif right in open_ones:
            open_ones.remove(right)
    return PromiseScore(len(wrong), len(wrong) - len(open_ones), tuple(open_ones), tuple(false_warnings))


def _meets(session: LabelledSession, promise: LabelledPromise, warning: Warn, at_s: float) -> bool:
    same = (promise.product_id, promise.promise, promise.said)
    return same == (warning.product_id, warning.promise, warning.said) and any(
        segment.start_s <= at_s <= segment.end_s + GRACE_S
        for segment in session.segments
        if segment.text == promise.text
    )
