"""`shopcast bench asr --soak-minutes`: whether one room's memory and lag stay flat over a long show."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import psutil

from ai.cues.products import ListedProduct
from ai.cues.scoring import percentile
from ai.listening import RoomListener
from ai.simulation import SimulatedRoom, simulate
from ai.transcription.audio import SAMPLE_RATE_HZ, Samples
from ai.transcription.recognizer import Recognizer
from ai.transcription.segments import TranscriptSegment

_WINDOWS = 6


@dataclass(frozen=True, slots=True)
class SoakWindow:
    """One sixth of the show."""

    until_s: float
    sentences: int
    text_p95_s: float | None
    """From the last sound of a sentence to its text."""
    memory_mb: float
    """Of the process, at the end of the window."""


def soak(
    sounds: Sequence[Samples], products: Sequence[ListedProduct], recognizer: Recognizer, minutes: float
) -> list[SoakWindow]:
    """One room hears `sounds` again and again, in simulated real time."""
    length = int(minutes * 60 * SAMPLE_RATE_HZ)
    once = np.concatenate(sounds)
    room = SimulatedRoom(RoomListener(products), np.resize(once, length))
    window_s = minutes * 60 / _WINDOWS
    memory_mb: list[float] = []

    def look() -> bool:
        heard_s = room.events[-1][0] if room.events else 0.0
        if heard_s >= window_s * (len(memory_mb) + 1):
            memory_mb.append(_memory_mb())
        return True

    simulate([room], recognizer, look)
    memory_mb += [_memory_mb()] * (_WINDOWS - len(memory_mb))
    found = []
    for number in range(_WINDOWS):
        lags = [
            at_s - event.end_s
            for at_s, event in room.events
            if isinstance(event, TranscriptSegment) and number <= at_s / window_s < number + 1
        ]
        p95 = percentile(lags, 0.95)
        found.append(
            SoakWindow(
                round(window_s * (number + 1), 1),
                len(lags),
                None if p95 is None else round(p95, 3),
                round(memory_mb[number], 1),
            )
        )
    return found


def _memory_mb() -> float:
    return float(psutil.Process().memory_info().rss) / 1e6
