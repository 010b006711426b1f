"""Warnings against labelled prices and stock."""

import json
from pathlib import Path

from ai.cues.decisions import Evidence, Promise, Warn
from ai.cues.promise_scoring import load_promises, score_promises
from ai.cues.scoring import LabelledSegment, LabelledSession
from ai.listening import ListeningEvent

WRONG, RIGHT = "今天只要九十九", "一百六十九,直接拍"
SESSION = LabelledSession(
    "s",
    "zh",
    "none",
    "s.opus",
    30.0,
    (
        LabelledSegment(1.0, 4.0, WRONG, "introduce", "lamp", None),
        LabelledSegment(20.0, 24.0, RIGHT, "introduce", "lamp", None),
    ),
)


def test_a_warning_must_name_the_wrong_number_in_time(tmp_path: Path) -> None:
    labels = [
        {"session": "s", "text": WRONG, "product": "lamp", "kind": "price", "said": 9900, "wrong": True},
        {"session": "s", "text": RIGHT, "product": "lamp", "kind": "price", "said": 16900, "wrong": False},
    ]
    (tmp_path / "promises.json").write_text(json.dumps(labels), encoding="utf-8")
    promises = load_promises(tmp_path)
    assert promises is not None
    right = Warn(Promise.PRICE, "lamp", 9900, 16900, Evidence(WRONG, 1.0, ""))
    misheard = Warn(Promise.PRICE, "lamp", 9000, 16900, Evidence(WRONG, 1.0, ""))
    events: list[tuple[float, ListeningEvent]] = [(4.5, right), (5.0, misheard), (12.0, right)]

    scored = score_promises(SESSION, promises, events)

    assert (scored.expected, scored.warned, scored.missed) == (1, 1, ())
    assert scored.false_warnings == ((5.0, misheard), (12.0, right))
    assert score_promises(SESSION, promises, []).missed == (promises[0],)


def test_without_labels_nothing_is_scored(tmp_path: Path) -> None:
    assert load_promises(tmp_path) is None
