"""Whose utterance is recognized next when rooms share a recognizer."""

from typing import Generic, Protocol, TypeVar

from ai.transcription.recognizer import Effort
from ai.transcription.stream import RecognitionJob, TranscriptionStream


class HasStream(Protocol):
    @property
    def stream(self) -> TranscriptionStream: ...


Room = TypeVar("Room", bound=HasStream)


class Schedule(Generic[Room]):
    """Final text goes first, then partial text that a decision waits for, then other partial text.

    Among equals the room that was served longest ago.

    So under load every room gets its finals in turn, and partials become rarer for all alike.
    """

    def __init__(self) -> None:
        self._rooms: list[Room] = []
        self.waiting = 0
        """Jobs that were due at the last `next` and were not the next."""

    def join(self, room: Room) -> None:
        self._rooms.append(room)

    def leave(self, room: Room) -> None:
        if room in self._rooms:
            self._rooms.remove(room)

    def next(self) -> tuple[Room, RecognitionJob] | None:
        """The next job, started; None when nothing is due."""
        best: tuple[Room, RecognitionJob] | None = None
        due = 0
        for room in self._rooms:
            job = room.stream.due()
            due += job is not None
            if job is not None and (best is None or _rank(job) > _rank(best[1])):
                best = (room, job)
        self.waiting = max(0, due - 1)
        if best is not None:
            room, job = best
            room.stream.start(job)
            self._rooms.remove(room)
            self._rooms.append(room)
        return best


def _rank(job: RecognitionJob) -> int:
    return 2 if job.effort is Effort.FINAL else int(job.urgent)
