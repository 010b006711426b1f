"""Sound for tests that need none of its meaning: a level is a word, quiet is a pause."""

from collections.abc import AsyncIterator, Iterator

import numpy as np

from ai.transcription.audio import SAMPLE_RATE_HZ, AudioChunk, Samples, to_pcm
from ai.transcription.recognizer import Effort, Hypothesis, ScriptedRecognizer

CHUNK = SAMPLE_RATE_HZ // 10


def loud(seconds: float, level: float = 0.5) -> Samples:
    return np.full(int(seconds * SAMPLE_RATE_HZ), level, dtype=np.float32)


def quiet(seconds: float) -> Samples:
    return np.zeros(int(seconds * SAMPLE_RATE_HZ), dtype=np.float32)


def chunks(*parts: Samples, start_s: float = 0.0, stream: str = "first") -> Iterator[AudioChunk]:
    sound = np.concatenate(parts)
    for position in range(0, len(sound), CHUNK):
        at_s = start_s + position / SAMPLE_RATE_HZ
        yield AudioChunk(to_pcm(sound[position : position + CHUNK]), at_s, stream)


async def arriving(*parts: Samples, stream: str = "first") -> AsyncIterator[AudioChunk]:
    for chunk in chunks(*parts, stream=stream):
        yield chunk


def saying(sentences: dict[float, str], language: str = "zh") -> ScriptedRecognizer:
    """Hears `sentences[level]` in sound of that level; of an unfinished utterance the share that has come."""

    def script(samples: Samples, effort: Effort) -> Hypothesis:
        peak = float(np.abs(samples).max())
        level = min(sentences, key=lambda level: abs(level - peak))
        return Hypothesis(sentences[level], language)

    return ScriptedRecognizer(script)
