"""Watches what hosts say: warns at once, opens a case for the grave and the repeated, mutes or stops by policy."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from app.core.clock import Clock
from app.core.db import Database

from ..cases import service as cases
from ..cases.evidence import keep
from ..findings import Surface
from ..policy import Effect, Policy, Subject, action_of
from ..tally import Tally
from ..text import Screen
from ..text.aside import Aside
from .claims import Claim, as_claims, claims


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


class Sound(Protocol):
    """Where a sentence can still be heard."""

    async def of(self, segment: SpokenSegment) -> bytes | None:
        """WAV, or None where it is gone."""
        ...


class NoSound:
    """A Sound that has kept nothing."""

    async def of(self, segment: SpokenSegment) -> bytes | None:
        return None


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
        aside: Aside | None = None,
        sound: Sound | None = None,
    ) -> None:
        self._db = db
        self._clock = clock
        self._screen = screen
        self._policy = policy
        self._warnings = warnings
        self._streams = streams
        self._aside = aside
        self._sound = sound or NoSound()
        self._tally = Tally()

    async def heard(self, segment: SpokenSegment) -> list[Claim]:
        """Screen a sentence and do what policy says; the claims it makes."""
        policy = await self._policy()
        found = claims(self._screen, segment.text, policy.patterns)
        if not found and self._aside is not None:
            found = as_claims(await self._aside.find(segment.text, Surface.SPEECH), segment.text)
        if not found:
            return []
        categories = {c.finding.category for c in found}
        counts = self._tally.count(segment.room_id, categories, self._clock.now())
        subject = Subject(Surface.SPEECH, "host", str(segment.room_id), counts)
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
        self._tally.forget(room_id)

    async def _open_case(
        self, segment: SpokenSegment, found: Sequence[Claim], effects: frozenset[Effect], version: int
    ) -> None:
        sound = await self._sound.of(segment)
        async with self._db.transaction() as tx:
            case_id = await cases.open_case(
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
            if sound is not None:
                await keep(tx, case_id, "audio/wav", sound, self._clock.now())


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
