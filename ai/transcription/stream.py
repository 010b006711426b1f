"""One room's sound, cut into utterances, and the recognition that each needs next. No task, no clock."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from uuid import UUID

import numpy as np

from ai.transcription.agreement import LocalAgreement
from ai.transcription.audio import SAMPLE_RATE_HZ, AudioChunk, Samples, to_samples
from ai.transcription.inventions import without_inventions
from ai.transcription.recognizer import Effort, Hypothesis, Vocabulary
from ai.transcription.segments import PartialSegment, Segment, TranscriptSegment
from ai.transcription.vad import WINDOW_S, VoiceActivity
from app.core.ids import new_id

_SPEECH = 0.15
"""Speech over a telephone's band with music behind it reaches no more; pauses stay below 0.1 in both."""
_SILENCE = 0.1
_SETTLED = 2
"""Utterances in one language after which it is expected."""
_ONSET_WINDOWS = 3
_GAP_S = 0.5
"""Sound missing for longer than this closes the utterance; shorter gaps are heard as silence."""


@dataclass(frozen=True, slots=True)
class StreamSettings:
    partial_every_s: float = 0.6
    """New sound between two partial hypotheses, when nobody else needs the recognizer."""
    urgent_every_s: float = 0.4
    """The same while a decision waits for the next words."""
    closing_silence_s: float = 0.25
    """Silence after which the utterance is recognized as if it were over."""
    end_silence_s: float = 0.5
    """Silence after which it is over."""
    soft_limit_s: float = 9.0
    """From this length on, `closing_silence_s` is enough to end it."""
    hard_limit_s: float = 14.0
    """An utterance of this length is cut at its quietest moment of the last two seconds."""
    preroll_s: float = 0.3
    min_speech_s: float = 0.2
    language: str | None = None
    """`zh`, `en`, or None: detected for every utterance."""
    backlog: int = 8
    """Finished utterances that may wait for recognition; beyond it `saturated` asks for no more sound."""


@dataclass(frozen=True, slots=True, eq=False)
class RecognitionJob:
    """Sound to recognize; hand the answer to `TranscriptionStream.accept`."""

    utterance: UUID
    samples: Samples
    effort: Effort
    vocabulary: Vocabulary
    language: str | None
    """What it is spoken in, or None: to be detected."""
    expected_language: str | None
    """What the host has spoken lately; another one needs to be clear."""
    end_s: float
    """Media time of the last sample."""
    speech_end_s: float
    speech_s: float
    urgent: bool = False
    """A decision waits for these words."""

    @property
    def duration_s(self) -> float:
        return len(self.samples) / SAMPLE_RATE_HZ


@dataclass(slots=True, eq=False)
class _Utterance:
    stream: str
    start_s: float
    parts: list[Samples]
    id: UUID = field(default_factory=new_id)
    length: int = 0
    """In samples."""
    speech_s: float = 0.0
    speech_end_s: float = 0.0
    recognized_end_s: float = 0.0
    """Media time up to which a job was made, done or running."""
    closing_from_s: float | None = None
    """`speech_end_s` of the closing job that was made last."""
    final: tuple[float, Hypothesis] | None = None
    """The best hypothesis so far with `Effort.FINAL`, and the `speech_end_s` that it covers."""
    closed: bool = False
    agreement: LocalAgreement = field(default_factory=LocalAgreement)
    windows: list[float] = field(default_factory=list)

    @property
    def end_s(self) -> float:
        return self.start_s + self.length / SAMPLE_RATE_HZ

    def samples(self) -> Samples:
        self.parts = [np.concatenate(self.parts)]
        return self.parts[0]


class TranscriptionStream:
    """Feed sound in order; take jobs with `due`; hand their answers to `accept`, which returns segments.

    At most one job of a stream runs at a time. Sound of another `AudioChunk.stream`, or after a gap,
    begins a new utterance. `vocabulary` is asked at every job, so that a changed catalogue counts at once.
    """

    def __init__(
        self,
        voice: Callable[[], VoiceActivity],
        settings: StreamSettings,
        vocabulary: Callable[[], Vocabulary],
    ) -> None:
        self._new_voice = voice
        self._voice = voice()
        self._settings = settings
        self._vocabulary = vocabulary
        self.urgent = False
        """Set by whoever waits for the next words of the growing utterance."""
        self._stream = ""
        self._fed = False
        self._expected_s = 0.0
        self._recent: deque[Samples] = deque()
        self._recent_length = 0
        self._onset = 0
        self._current: _Utterance | None = None
        self._closed: deque[_Utterance] = deque()
        self._running: RecognitionJob | None = None
        self._early: list[Segment] = []
        self._languages: deque[str] = deque(maxlen=_SETTLED)

    @property
    def saturated(self) -> bool:
        return len(self._closed) >= self._settings.backlog

    @property
    def _expected_language(self) -> str | None:
        settled = len(self._languages) == _SETTLED and len(set(self._languages)) == 1
        return self._languages[-1] if settled else None

    @property
    def busy(self) -> bool:
        """Whether finished utterances still wait for their words."""
        return bool(self._closed)

    def feed(self, chunk: AudioChunk) -> list[Segment]:
        """Usually []; a segment when the sound ends an utterance whose words are known already."""
        if chunk.stream != self._stream or not self._fed or abs(chunk.at_s - self._expected_s) > _GAP_S:
            self._restart(chunk)
        self._expected_s = chunk.end_s
        samples = to_samples(chunk.pcm)
        probabilities = self._voice.probabilities(samples)
        if self._current is None:
            self._listen(samples, probabilities, chunk.end_s)
        else:
            self._grow(self._current, samples, probabilities, chunk.end_s)
        segments, self._early = self._early, []
        return segments

    def flush(self) -> list[Segment]:
        """The sound has ended or stopped: what was said is over."""
        if self._current is not None:
            self._close(self._current)
        segments, self._early = self._early, []
        return segments

    def due(self) -> RecognitionJob | None:
        """What should be recognized next, finals first; None while a job runs or nothing is worth one."""
        if self._running is not None:
            return None
        if self._closed:
            return self._job(self._closed[0], Effort.FINAL)
        utterance = self._current
        if utterance is None or utterance.speech_s < self._settings.min_speech_s:
            return None
        silence_s = utterance.end_s - utterance.speech_end_s
        if (
            silence_s >= self._settings.closing_silence_s
            and utterance.closing_from_s != utterance.speech_end_s
        ):
            return self._job(utterance, Effort.FINAL)
        fresh_s = utterance.speech_end_s - utterance.recognized_end_s
        every_s = self._settings.urgent_every_s if self.urgent else self._settings.partial_every_s
        if silence_s < self._settings.closing_silence_s and fresh_s >= every_s:
            return self._job(utterance, Effort.PARTIAL)
        return None

    def start(self, job: RecognitionJob) -> None:
        """The job that `due` returned is running from now on."""
        self._running = job
        for utterance in self._utterances():
            if utterance.id == job.utterance:
                utterance.recognized_end_s = job.end_s
                if job.effort is Effort.FINAL:
                    utterance.closing_from_s = job.speech_end_s

    def accept(self, job: RecognitionJob, hypothesis: Hypothesis) -> list[Segment]:
        """The job's answer. Segments in the order in which they were spoken."""
        self._running = None
        text = without_inventions(
            hypothesis, job.speech_s, job.duration_s, job.vocabulary.of(hypothesis.language)
        )
        for utterance in self._utterances():
            if utterance.id != job.utterance:
                continue
            if job.effort is Effort.FINAL and job.end_s <= utterance.end_s:
                utterance.final = (job.speech_end_s, replace(hypothesis, text=text))
            if utterance.closed and self._finished(utterance):
                self._closed.remove(utterance)
                return self._final(utterance)
            return self._partial(utterance, replace(hypothesis, text=text), job.end_s)
        return []

    def abandon(self, job: RecognitionJob) -> None:
        """The job failed; a final one will be due again."""
        self._running = None
        for utterance in self._utterances():
            if utterance.id == job.utterance:
                utterance.closing_from_s = None

    def _utterances(self) -> Iterable[_Utterance]:
        return [*self._closed, *([self._current] if self._current is not None else [])]

    def _restart(self, chunk: AudioChunk) -> None:
        if self._current is not None:
            self._close(self._current)
        self._voice = self._new_voice()
        self._stream = chunk.stream
        self._fed = True
        self._recent.clear()
        self._recent_length = 0
        self._onset = 0

    def _listen(self, samples: Samples, probabilities: list[float], end_s: float) -> None:
        self._recent.append(samples)
        self._recent_length += len(samples)
        for probability in probabilities:
            self._onset = self._onset + 1 if probability >= _SPEECH else 0
            if self._onset >= _ONSET_WINDOWS:
                break
        onset_s = _ONSET_WINDOWS * WINDOW_S
        keep = int((self._settings.preroll_s + onset_s) * SAMPLE_RATE_HZ)
        while self._recent and self._recent_length - len(self._recent[0]) >= keep:
            self._recent_length -= len(self._recent.popleft())
        if self._onset < _ONSET_WINDOWS:
            return
        start_s = end_s - self._recent_length / SAMPLE_RATE_HZ
        self._current = _Utterance(
            self._stream,
            start_s,
            list(self._recent),
            length=self._recent_length,
            speech_s=onset_s,
            speech_end_s=end_s,
        )
        self._current.recognized_end_s = start_s
        self._recent.clear()
        self._recent_length = 0
        self._onset = 0

    def _grow(
        self, utterance: _Utterance, samples: Samples, probabilities: list[float], end_s: float
    ) -> None:
        utterance.parts.append(samples)
        utterance.length += len(samples)
        utterance.windows += probabilities
        for probability in probabilities:
            if probability >= _SILENCE:
                utterance.speech_end_s = end_s
                utterance.speech_s += WINDOW_S
        silence_s = end_s - utterance.speech_end_s
        length_s = end_s - utterance.start_s
        patient = length_s < self._settings.soft_limit_s
        if silence_s >= (self._settings.end_silence_s if patient else self._settings.closing_silence_s):
            self._close(utterance)
        elif length_s >= self._settings.hard_limit_s:
            self._split(utterance)

    def _close(self, utterance: _Utterance) -> None:
        self._current = None
        utterance.closed = True
        if utterance.speech_s < self._settings.min_speech_s:
            return
        if self._finished(utterance) and not self._closed:
            self._early += self._final(utterance)
        else:
            self._closed.append(utterance)

    def _split(self, utterance: _Utterance) -> None:
        """Ends an utterance that has no pause at its quietest moment; the rest begins the next one."""
        tail = utterance.windows[-int(2.0 / WINDOW_S) :]
        quietest = int(np.argmin(tail[::-1]))
        keep = utterance.length - int(quietest * WINDOW_S * SAMPLE_RATE_HZ)
        samples = utterance.samples()
        rest = samples[keep:]
        end_s = utterance.end_s
        utterance.parts, utterance.length = [samples[:keep]], keep
        utterance.speech_end_s = min(utterance.speech_end_s, utterance.end_s)
        utterance.final = None
        self._close(utterance)
        follower = _Utterance(utterance.stream, utterance.end_s, [rest], length=len(rest), speech_end_s=end_s)
        follower.speech_s = len(rest) / SAMPLE_RATE_HZ
        follower.recognized_end_s = follower.start_s
        self._current = follower

    def _job(self, utterance: _Utterance, effort: Effort) -> RecognitionJob:
        return RecognitionJob(
            utterance.id,
            utterance.samples(),
            effort,
            self._vocabulary(),
            self._settings.language,
            self._expected_language,
            utterance.end_s,
            utterance.speech_end_s,
            utterance.speech_s,
            self.urgent,
        )

    @staticmethod
    def _finished(utterance: _Utterance) -> bool:
        return utterance.final is not None and utterance.final[0] >= utterance.speech_end_s

    def _partial(self, utterance: _Utterance, heard: Hypothesis, end_s: float) -> list[Segment]:
        if not heard.text:
            return []
        stable = utterance.agreement.update(heard.text)
        return [
            PartialSegment(
                utterance.id,
                heard.text,
                stable,
                heard.language,
                utterance.start_s,
                end_s,
                utterance.stream,
                heard.log_probability,
            )
        ]

    def _final(self, utterance: _Utterance) -> list[Segment]:
        assert utterance.final is not None
        _, spoken = utterance.final
        if not spoken.text:
            return []
        self._languages.append(spoken.language)
        return [
            TranscriptSegment(
                utterance.id,
                spoken.text,
                spoken.language,
                utterance.start_s,
                utterance.speech_end_s,
                utterance.stream,
                spoken.log_probability,
            )
        ]
