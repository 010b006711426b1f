"""Time, passed in wherever it matters, so that tests can move it."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time of day and a time that never jumps."""

    def now(self) -> datetime:
        """The time of day, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds since an arbitrary point; never goes back."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class ManualClock:
    """A clock that stands until it is advanced."""

    def __init__(self, start: datetime) -> None:
        """`start` must be aware; a naive one raises ValueError."""
        self._now = aware(start)
        self._monotonic = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Move both times forward; a negative step raises ValueError."""
        if seconds < 0:
            raise ValueError("time does not go back")
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds


def aware(moment: datetime) -> datetime:
    """`moment` itself; raises ValueError where it is naive."""
    if moment.tzinfo is None:
        raise ValueError("a naive datetime has no place here")
    return moment
