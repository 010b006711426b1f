"""Watches what hosts say: warns at once, opens a case for the grave and the repeated, mutes or stops by policy."""

from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from app.core.clock import Clock
from app.core.db import Database

from ..cases import service as cases
from ..findings import Surface
from ..policy import Effect, Policy, Subject, action_of
from ..text import Screen
from .claims import Claim, claims

COUNTED_FOR = timedelta(minutes=10)
_ROOMS = 10_000


@dataclass(frozen=True, slots=True)
class SpokenSegment:
    """A final sentence of the transcript; times in seconds since the stream began."""

    id: UUID
    room_id: UUID
    host_id: UUID
    text: str
    language: str
    start_s: float
    end_s: float


class HostWarnings(Protocol):
    """How the host is told, on screen, within the time a sentence takes."""

    async def warn(self, segment: SpokenSegment, claims: Sequence[Claim]) -> None: ...


class StreamControl(Protocol):
    """What policy may do to a stream; the reason is shown to the host."""

    async def mute(self, room_id: UUID, reason: str) -> None: ...

    async def stop(self, room_id: UUID, reason: str) -> None: ...


class SpeechWatch:
    """One per process that hears hosts. Counts of the last ten minutes live in memory: a restart forgives."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        screen: Screen,
        policy: Callable[[], Awaitable[Policy]],
        warnings: HostWarnings,
        streams: StreamControl,
    ) -> None:
        self._db = db
        self._clock = clock
        self._screen = screen
        self._policy = policy
        self._warnings = warnings
        self._streams = streams
        self._counted: dict[UUID, deque[tuple[datetime, str]]] = {}

    async def heard(self, segment: SpokenSegment) -> list[Claim]:
        """Screen a sentence and do what policy says; the claims it makes."""
        policy = await self._policy()
        found = claims(self._screen, segment.text, policy.patterns)
        if not found:
            return []
        subject = Subject(Surface.SPEECH, "host", str(segment.room_id), self._count(segment.room_id, found))
        effects = policy.effects([c.finding for c in found], subject)
        if Effect.WARN in effects:
            await self._warnings.warn(segment, found)
        if Effect.CASE in effects:
            await self._open_case(segment, found, effects, policy.version)
        if effects & {Effect.MUTE, Effect.STOP}:
            control = self._streams.stop if Effect.STOP in effects else self._streams.mute
            await control(segment.room_id, found[0].wording.advice_zh)
        return found

    def forget(self, room_id: UUID) -> None:
        """The show is over."""
        self._counted.pop(room_id, None)

    def _count(self, room_id: UUID, found: Sequence[Claim]) -> dict[str, int]:
        if room_id not in self._counted and len(self._counted) >= _ROOMS:
            self._counted.pop(next(iter(self._counted)))
        recent = self._counted.setdefault(room_id, deque(maxlen=200))
        now = self._clock.now()
        while recent and now - recent[0][0] > COUNTED_FOR:
            recent.popleft()
        recent.extend((now, category) for category in {c.finding.category for c in found})
        counts: dict[str, int] = defaultdict(int)
        for _, category in recent:
            counts[category] += 1
        return counts

    async def _open_case(
        self, segment: SpokenSegment, found: Sequence[Claim], effects: frozenset[Effect], version: int
    ) -> None:
        async with self._db.transaction() as tx:
            await cases.open_case(
                tx,
                self._clock,
                surface=Surface.SPEECH,
                room_id=segment.room_id,
                subject=("segment", str(segment.id)),
                author_id=segment.host_id,
                text=segment.text,
                findings=[c.finding for c in found],
                action=action_of(effects),
                policy_version=version,
                evidence={
                    "start_s": segment.start_s,
                    "end_s": segment.end_s,
                    "language": segment.language,
                    "effects": sorted(effects),
                },
            )


class RecordedSpeech:
    """HostWarnings and StreamControl for tests: keeps the calls."""

    def __init__(self) -> None:
        self.warned: list[tuple[UUID, list[str]]] = []
        self.controlled: list[tuple[str, UUID]] = []

    async def warn(self, segment: SpokenSegment, claims: Sequence[Claim]) -> None:
        self.warned.append((segment.id, [c.finding.evidence for c in claims]))

    async def mute(self, room_id: UUID, reason: str) -> None:
        self.controlled.append(("mute", room_id))

    async def stop(self, room_id: UUID, reason: str) -> None:
        self.controlled.append(("stop", room_id))
