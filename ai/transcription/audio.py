"""Sound as the tap delivers it: 16 kHz, mono, 16 bits."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SAMPLE_RATE_HZ = 16_000
BYTES_PER_SAMPLE = 2

Samples = npt.NDArray[np.float32]
"""Shape (n,), 16 kHz, -1 to 1."""


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """A piece of the host's sound (100 ms from the tap; any length is accepted)."""

    pcm: bytes
    """Signed 16 bit, little endian, 16 kHz, mono."""
    at_s: float
    """Media time of its first sample, in seconds since the host began to publish."""
    stream: str = ""
    """Which publishing this belongs to; another value means that the host reconnected."""

    @property
    def duration_s(self) -> float:
        return len(self.pcm) / BYTES_PER_SAMPLE / SAMPLE_RATE_HZ

    @property
    def end_s(self) -> float:
        return self.at_s + self.duration_s


def to_samples(pcm: bytes) -> Samples:
    """Raises ValueError for half a sample."""
    if len(pcm) % BYTES_PER_SAMPLE:
        raise ValueError(f"{len(pcm)} bytes are no whole number of 16 bit samples")
    return np.frombuffer(pcm, dtype="<i2").astype(np.float32) / 32768.0


def to_pcm(samples: Samples) -> bytes:
    return (np.clip(samples, -1.0, 1.0) * 32767.0).astype("<i2").tobytes()
