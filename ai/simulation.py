"""Live rooms in simulated time: sound arrives at its own pace, recognition takes its real time.

Nothing is waited for: a virtual clock jumps to the next arrival, or forward by the measured time of a
recognition, so that queueing counts as it would live while a minute takes only its computing time.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from ai.listening import ListeningEvent, RoomListener
from ai.transcription.audio import SAMPLE_RATE_HZ, AudioChunk, Samples, to_pcm
from ai.transcription.recognizer import Recognizer
from ai.transcription.schedule import Schedule
from ai.transcription.stream import TranscriptionStream

CHUNK_S = 0.1


@dataclass(eq=False)
class SimulatedRoom:
    listener: RoomListener
    sound: Samples
    starts_s: float = 0.0
    """Virtual time at which its sound begins."""
    events: list[tuple[float, ListeningEvent]] = field(default_factory=list)
    """With the virtual time of each, counted from `starts_s`."""

    @property
    def stream(self) -> TranscriptionStream:
        return self.listener.stream

    def keep(self, events: Sequence[ListeningEvent], now_s: float) -> None:
        self.events += [(now_s - self.starts_s, event) for event in events]


@dataclass(frozen=True, slots=True)
class Effort:
    """What a simulation cost."""

    compute_s: float
    """Real time of recognition and voice activity."""
    cpu_s: float
    """Processor time of the same, over all threads."""
    sound_s: float
    stopped_s: float | None
    """Virtual time at which it was stopped early, or None."""


def simulate(
    rooms: Sequence[SimulatedRoom],
    recognizer: Recognizer,
    may_go_on: Callable[[], bool] = lambda: True,
    pace: Callable[[float], float] = lambda took_s: took_s,
    stopwatch: Callable[[], float] = time.perf_counter,
) -> Effort:
    """Runs all rooms to their ends; fills `SimulatedRoom.events`. `may_go_on` is asked before each step.

    `stopwatch` measures a recognition; `pace` turns what it took into virtual time.
    """
    schedule = Schedule[SimulatedRoom]()
    for room in rooms:
        schedule.join(room)
    arrivals = _arrivals(rooms)
    arrival = next(arrivals, None)
    now_s = compute_s = cpu_s = 0.0
    stopped_s: float | None = None
    while True:
        if not may_go_on():
            stopped_s = now_s
            break
        picked = schedule.next()
        if picked is not None:
            room, job = picked
            began, began_cpu = stopwatch(), time.process_time()
            hypothesis = recognizer.recognize(
                job.samples, job.vocabulary, job.effort, job.language, job.expected_language
            )
            took_s = stopwatch() - began
            cpu_s += time.process_time() - began_cpu
            compute_s += took_s
            done_s = now_s + pace(took_s)
            while arrival is not None and arrival[0] <= done_s:
                compute_s += _deliver(arrival)
                arrival = next(arrivals, None)
            now_s = done_s
            room.keep(room.listener.accept(job, hypothesis, now_s), now_s)
        elif arrival is not None:
            now_s = max(now_s, arrival[0])
            compute_s += _deliver(arrival)
            arrival = next(arrivals, None)
        else:
            break
    for room in rooms:
        room.keep(room.listener.finish(), now_s)
    sound_s = sum(len(room.sound) for room in rooms) / SAMPLE_RATE_HZ
    return Effort(compute_s, cpu_s, sound_s, stopped_s)


_Arrival = tuple[float, SimulatedRoom, AudioChunk | None]


def _arrivals(rooms: Sequence[SimulatedRoom]) -> Iterator[_Arrival]:
    """Every chunk at the time at which its last sample was spoken; None when a room's sound has ended."""
    size = int(CHUNK_S * SAMPLE_RATE_HZ)
    pending: list[tuple[float, int, SimulatedRoom, int]] = []
    for number, room in enumerate(rooms):
        pending.append((room.starts_s + CHUNK_S, number, room, 0))
    while pending:
        pending.sort(key=lambda entry: entry[:2])
        at_s, number, room, position = pending.pop(0)
        samples = room.sound[position : position + size]
        if not len(samples):
            yield at_s, room, None
            continue
        yield at_s, room, AudioChunk(to_pcm(samples), position / SAMPLE_RATE_HZ, "simulated")
        pending.append((at_s + CHUNK_S, number, room, position + size))


def _deliver(arrival: _Arrival) -> float:
    """Hands over one chunk; returns the seconds that it took."""
    at_s, room, chunk = arrival
    began = time.perf_counter()
    if chunk is None:
        room.keep(room.listener.flush(at_s), at_s)
    else:
        room.keep(room.listener.feed(chunk, at_s), at_s)
    return time.perf_counter() - began
