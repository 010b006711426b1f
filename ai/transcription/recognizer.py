"""From the sound of one utterance to words: faster-whisper, with features no longer than the utterance."""

import copy
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ai.models import whisper_source
from ai.transcription.audio import SAMPLE_RATE_HZ, Samples
from ai.transcription.script import simplified

LANGUAGES = ("zh", "en")
MAX_AUDIO_S = 28.0
_PADDING_S = 1.0
_TOKENS_PER_S = 9
_HOTWORD_TOKENS = 160
_CLEAR = 0.8
"""Probability that makes a host change the language."""
_LOOP = re.compile(r"(.{1,12}?)\1{3,}")
_FULL_WIDTH = "，。、？！：；“”（）…"


class Effort(StrEnum):
    """How much work a recognition may take."""

    PARTIAL = "partial"
    """Greedy: shown for a moment, replaced by the next one."""
    FINAL = "final"
    """Beam search: stored."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Product names that the host is likely to say, the likeliest first."""

    chinese: tuple[str, ...] = ()
    english: tuple[str, ...] = ()

    def of(self, language: str) -> tuple[str, ...]:
        return self.english if language == "en" else self.chinese


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What an utterance may mean so far."""

    text: str
    """In simplified script."""
    language: str
    """`zh` or `en`."""
    log_probability: float = 0.0
    """Mean over the tokens; below -1 it is mostly guessed."""
    no_speech_probability: float = 0.0


class Recognizer(Protocol):
    """Blocking and safe to call from several threads. Raises nothing for sound of any content."""

    def recognize(
        self,
        samples: Samples,
        vocabulary: Vocabulary,
        effort: Effort,
        language: str | None = None,
        expected_language: str | None = None,
    ) -> Hypothesis:
        """`samples` hold at most `MAX_AUDIO_S`.

        `language` None: one of `LANGUAGES` is detected, `expected_language` unless another is clear.
        """
        ...


@dataclass(frozen=True, slots=True)
class WhisperSettings:
    model: str = "base"
    device: str = "cpu"
    compute_type: str = "int8"
    cpu_threads: int = 1
    """A second one makes the decoder two to three times slower: its threads meet at every small product."""
    beam_size: int = 3
    """For final text; partial text is greedy."""
    hotwords: bool = True
    simplify: bool = True


class WhisperRecognizer:
    """Whisper's encoder works on 30 s by habit; padding only to the utterance makes it 2.7 times faster."""

    def __init__(self, settings: WhisperSettings, data_dir: Path) -> None:
        """Loads the model (140 MB for `base`, about a second). Raises ModelMissing."""
        import faster_whisper

        self._settings = settings
        self._model = faster_whisper.WhisperModel(
            whisper_source(settings.model, data_dir),
            device=settings.device,
            compute_type=settings.compute_type,
            cpu_threads=settings.cpu_threads,
        )
        self._lock = threading.Lock()
        self._tokenizers = {language: self._tokenizer(language) for language in LANGUAGES}
        self._suppressed = [-1, *self._first_bytes_of_full_width_marks()]

    def variant(self, *, hotwords: bool, simplify: bool) -> "WhisperRecognizer":
        """The same model, used otherwise."""
        other = copy.copy(self)
        other._settings = replace(self._settings, hotwords=hotwords, simplify=simplify)
        return other

    def recognize(
        self,
        samples: Samples,
        vocabulary: Vocabulary,
        effort: Effort,
        language: str | None = None,
        expected_language: str | None = None,
    ) -> Hypothesis:
        features = self._features(samples)
        with self._lock:
            encoded = self._model.encode(features)
            spoken = language or self._detect(encoded, expected_language)
            prompt = self._prompt(vocabulary.of(spoken), spoken)
            beam = self._settings.beam_size if effort is Effort.FINAL else 1
            hypothesis = self._generate(encoded, prompt, spoken, beam, len(samples))
            if effort is Effort.FINAL and loop_start(hypothesis.text) is not None:
                hypothesis = self._generate(encoded, prompt, spoken, beam, len(samples), penalty=1.2)
        return hypothesis

    def _features(self, samples: Samples) -> Any:
        padded = np.pad(samples[: int(MAX_AUDIO_S * SAMPLE_RATE_HZ)], (0, int(_PADDING_S * SAMPLE_RATE_HZ)))
        return self._model.feature_extractor(padded)

    def _detect(self, encoded: Any, expected: str | None) -> str:
        ranked = self._model.model.detect_language(encoded)[0]
        probabilities = {token[2:-2]: probability for token, probability in ranked}
        likeliest = max(LANGUAGES, key=lambda language: probabilities.get(language, 0.0))
        if expected is None or probabilities.get(likeliest, 0.0) >= _CLEAR:
            return likeliest
        return expected

    def _prompt(self, names: Sequence[str], language: str) -> list[int]:
        tokenizer = self._tokenizers[language]
        prompt: list[int] = []
        if names and self._settings.hotwords:
            words: list[int] = []
            for name in names:
                tokens = tokenizer.encode(("," if words else " ") + name)
                if len(words) + len(tokens) > _HOTWORD_TOKENS:
                    break
                words += tokens
            prompt = [tokenizer.sot_prev, *words]
        return [*prompt, *tokenizer.sot_sequence, tokenizer.no_timestamps]

    def _generate(
        self, encoded: Any, prompt: list[int], language: str, beam: int, samples: int, penalty: float = 1.0
    ) -> Hypothesis:
        limit = int(samples / SAMPLE_RATE_HZ * _TOKENS_PER_S) + 12
        result = self._model.model.generate(
            encoded,
            [prompt],
            beam_size=beam,
            max_length=min(self._model.max_length, len(prompt) + limit),
            repetition_penalty=penalty,
            suppress_tokens=self._suppressed,
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        text = self._tokenizers[language].decode(result.sequences_ids[0]).strip()
        return Hypothesis(
            simplified(text) if self._settings.simplify else text,
            language,
            float(result.scores[0]),
            float(result.no_speech_prob),
        )

    def _tokenizer(self, language: str) -> Any:
        from faster_whisper.tokenizer import Tokenizer

        return Tokenizer(self._model.hf_tokenizer, True, task="transcribe", language=language)

    def _first_bytes_of_full_width_marks(self) -> list[int]:
        """A quantized model starts such a mark and then loses itself in its bytes; "," is as good."""
        tokens = (self._model.hf_tokenizer.encode(mark, add_special_tokens=False).ids for mark in _FULL_WIDTH)
        return sorted({ids[0] for ids in tokens if len(ids) > 1})


class ScriptedRecognizer:
    """A fake for tests: answers with what `script` makes of the seconds that it hears."""

    def __init__(self, script: Callable[[Samples, Effort], Hypothesis]) -> None:
        self._script = script
        self.calls: list[tuple[float, Effort]] = []

    def recognize(
        self,
        samples: Samples,
        vocabulary: Vocabulary,
        effort: Effort,
        language: str | None = None,
        expected_language: str | None = None,
    ) -> Hypothesis:
        self.calls.append((len(samples) / SAMPLE_RATE_HZ, effort))
        return self._script(samples, effort)


def loop_start(text: str) -> int | None:
    """Where a decoder that got stuck begins to repeat itself ("鱼鱼鱼鱼鱼鱼"), or None."""
    found = _LOOP.search(text.lower())
    if found is None or found[1].isdigit() or len(found[0]) < 6:
        return None
    return found.start()
