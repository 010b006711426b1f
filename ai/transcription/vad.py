"""Voice activity as the sound arrives: Silero v6 (the ONNX file in faster-whisper), one state a stream."""

import functools
import math
from typing import Any, Protocol

import numpy as np

from ai.models import package_file
from ai.transcription.audio import SAMPLE_RATE_HZ, Samples

WINDOW = 512
"""Samples for one probability: 32 ms."""
WINDOW_S = WINDOW / SAMPLE_RATE_HZ
_CONTEXT = 64
_COMFORT = 0.4
_COMFORT_S = 4.0
_PER_WINDOW = 1 - math.exp(-WINDOW_S / _COMFORT_S)


class VoiceActivity(Protocol):
    """One stream's detector; samples in order, one probability a full window of `WINDOW` samples."""

    def probabilities(self, samples: Samples) -> list[float]:
        """Speech probabilities of the windows completed by `samples`; the rest waits for more."""
        ...


@functools.lru_cache(maxsize=1)
def _silero() -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = 1
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    path = package_file("faster_whisper", "assets", "silero_vad_v6.onnx")
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


class SileroVoiceActivity:
    """0.2 ms a window; its memory of the stream is 1 KB.

    It listens through white noise 8 dB below the mean level of the last seconds: without, it takes hardly
    a tenth of some voices over a telephone's band for speech, with it three quarters, and pauses stay pauses.
    """

    def __init__(self) -> None:
        self._session = _silero()
        self._noise = np.random.default_rng(0)
        self._power = 0.0
        self._weight = 0.0
        self._h = np.zeros((1, 1, 128), dtype=np.float32)
        self._c = np.zeros((1, 1, 128), dtype=np.float32)
        self._context = np.zeros(_CONTEXT, dtype=np.float32)
        self._rest = np.zeros(0, dtype=np.float32)

    def probabilities(self, samples: Samples) -> list[float]:
        pending = np.concatenate([self._rest, samples])
        whole = len(pending) // WINDOW
        self._rest = pending[whole * WINDOW :]
        return [self._window(pending[i * WINDOW : (i + 1) * WINDOW]) for i in range(whole)]

    def _window(self, window: Samples) -> float:
        self._power += (float(np.mean(window**2)) - self._power) * _PER_WINDOW
        self._weight += (1 - self._weight) * _PER_WINDOW
        level = _COMFORT * math.sqrt(self._power / self._weight)
        heard = window + level * self._noise.standard_normal(WINDOW, dtype=np.float32)
        batch = np.concatenate([self._context, heard])[None, :]
        self._context = heard[-_CONTEXT:]
        output, self._h, self._c = self._session.run(None, {"input": batch, "h": self._h, "c": self._c})
        return float(output.reshape(-1)[0])


class LoudnessActivity:
    """A fake for tests: a window is speech when its peak exceeds `threshold`."""

    def __init__(self, threshold: float = 0.1) -> None:
        self._threshold = threshold
        self._rest = np.zeros(0, dtype=np.float32)

    def probabilities(self, samples: Samples) -> list[float]:
        pending = np.concatenate([self._rest, samples])
        whole = len(pending) // WINDOW
        self._rest = pending[whole * WINDOW :]
        windows = pending[: whole * WINDOW].reshape(whole, WINDOW)
        return [float(np.abs(window).max() > self._threshold) for window in windows]
