"""`shopcast bench asr`: how many live rooms one processor core can listen to."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from ai.cues.decisions import Pin
from ai.cues.evaluation import load, read_sound
from ai.cues.products import ListedProduct
from ai.cues.scoring import LabelledSession, MadePin, percentile, score
from ai.listening import RoomListener
from ai.simulation import SimulatedRoom, simulate
from ai.transcription.audio import SAMPLE_RATE_HZ, Samples
from ai.transcription.recognizer import Recognizer, WhisperRecognizer, WhisperSettings
from ai.transcription.segments import TranscriptSegment
from ai.transcription.soak import soak
from app.core.report import Report

QUICK_S = 34.0
GOAL_P95_S = 2.5
_STEPS = (2, 4, 6, 8, 10, 12, 16)
_QUICK_STEPS = (4, 8)
_STAGGER_S = 1.7
_WARM_UP_S = 12.0


def run_soak(folder: Path, data_dir: Path, minutes: float, model: str = "base") -> None:
    """One room for `minutes` of sound: the lag of its text and the memory, by sixths of the time."""
    report = Report("bench asr")
    products, sessions = load(folder)
    recognizer = WhisperRecognizer(WhisperSettings(model), data_dir)
    sounds = [read_sound(folder / session.audio) for session in sessions]
    _warm_up([(sessions[0], sounds[0])], products, recognizer)
    windows = soak(sounds, products, recognizer, minutes)
    report.table(
        "One room, by sixths of the time",
        ("until s", "sentences", "text p95 s", "memory MB"),
        [(w.until_s, w.sentences, w.text_p95_s, w.memory_mb) for w in windows],
    )
    report.finish(
        {
            "minutes": minutes,
            "text_p95_s": [w.text_p95_s for w in windows],
            "memory_mb": [w.memory_mb for w in windows],
            "memory_growth_mb": round(windows[-1].memory_mb - windows[0].memory_mb, 1),
        }
    )


def run(folder: Path, data_dir: Path, *, quick: bool, model: str = "base") -> None:
    """More and more rooms share one recognizer on one thread, in simulated real time, until pins come too late.

    Recognition is charged with its processor time: what one core can do, whoever else uses the machine.
    """
    report = Report("bench asr")
    started = time.monotonic()
    products, sessions = load(folder)
    recognizer = WhisperRecognizer(WhisperSettings(model), data_dir)
    sounds = [(session, read_sound(folder / session.audio)) for session in sessions]
    heard_s = 20.0 if quick else 60.0
    _warm_up(sounds, products, recognizer)
    rows: list[dict[str, Any]] = []
    for rooms in _QUICK_STEPS if quick else _STEPS:

        def in_time() -> bool:
            return not quick or time.monotonic() - started < QUICK_S

        row = _measure(rooms, sounds, products, recognizer, heard_s, in_time)
        if row is None:
            report.progress(f"{rooms} rooms: no time left")
            break
        rows.append(row)
        report.progress(
            f"{rooms} rooms: pins {row['pin_p95_s']} s, text {row['text_p95_s']} s, load {row['load']}"
        )
        if row["pin_p95_s"] is None or row["pin_p95_s"] > GOAL_P95_S:
            break
    report.table("Rooms on one core", tuple(rows[0]) if rows else (), [tuple(row.values()) for row in rows])
    good = [row["rooms"] for row in rows if row["pin_p95_s"] is not None and row["pin_p95_s"] <= GOAL_P95_S]
    report.finish(
        {
            "rooms_per_core": max(good, default=0),
            "pin_p95_s": {str(row["rooms"]): row["pin_p95_s"] for row in rows},
            "load": {str(row["rooms"]): row["load"] for row in rows},
            "memory_per_room_mb": rows[-1]["memory_per_room_mb"] if rows else None,
        }
    )


def _warm_up(
    sounds: Sequence[tuple[LabelledSession, Samples]],
    products: Sequence[ListedProduct],
    recognizer: Recognizer,
) -> None:
    """Loads what the first words load, so that neither its time nor its memory is a room's."""
    sound = sounds[0][1][: int(_WARM_UP_S * SAMPLE_RATE_HZ)]
    simulate([SimulatedRoom(RoomListener(products), sound)], recognizer)


def _measure(
    count: int,
    sounds: Sequence[tuple[LabelledSession, Samples]],
    products: Sequence[ListedProduct],
    recognizer: Recognizer,
    heard_s: float,
    in_time: Any,
) -> dict[str, Any] | None:
    """One number of rooms; None when the time was over before the end."""
    before_bytes = psutil.Process().memory_info().rss
    rooms = []
    for number in range(count):
        _, sound = sounds[number % len(sounds)]
        sound = sound[: int(heard_s * SAMPLE_RATE_HZ)]
        rooms.append(SimulatedRoom(RoomListener(products), sound, starts_s=number * _STAGGER_S))
    effort = simulate(rooms, recognizer, in_time, stopwatch=time.process_time)
    if effort.stopped_s is not None:
        return None
    after_bytes = psutil.Process().memory_info().rss
    pins: list[float] = []
    lags: list[float] = []
    for number, room in enumerate(rooms):
        session, _ = sounds[number % len(sounds)]
        made = [
            MadePin(event.product_id, at_s, "", "") for at_s, event in room.events if isinstance(event, Pin)
        ]
        pins += score(session, made).latencies_s
        lags += [at_s - event.end_s for at_s, event in room.events if isinstance(event, TranscriptSegment)]
    return {
        "rooms": count,
        "pin_p50_s": _rounded(percentile(pins, 0.5)),
        "pin_p95_s": _rounded(percentile(pins, 0.95)),
        "text_p95_s": _rounded(percentile(lags, 0.95)),
        "load": round(effort.compute_s / (heard_s + (count - 1) * _STAGGER_S), 3),
        "cpu_load": round(effort.cpu_s / (heard_s + (count - 1) * _STAGGER_S), 3),
        "memory_per_room_mb": round((after_bytes - before_bytes) / 1e6 / count, 2),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
