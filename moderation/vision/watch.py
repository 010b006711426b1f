"""Frames of a live stream: looked at now and then, within a share of one core for all rooms together.

A picture that took `t` seconds of the detectors is followed by a rest of `t / share - t`. Rooms take turns, the one
looked at longest ago first, so that more rooms mean fewer looks at each and never more work.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from app.core.clock import Clock
from app.core.db import Database

from ..cases import service as cases
from ..cases.evidence import keep
from ..findings import Finding, Surface
from ..policies.service import PolicyBook
from ..policy import Effect, Subject, action_of
from ..tally import Tally
from .worker import PictureWorker

EVERY_S = 6.0
SHARE = 0.25
SAME_LOOKS = 4


@dataclass(frozen=True, slots=True)
class Frame:
    """The newest picture of a room's stream, as JPEG; `at_ms`: media time."""

    room_id: UUID
    host_id: UUID
    jpeg: bytes
    at_ms: int


class Frames(Protocol):
    """Where the newest frames are."""

    async def rooms(self) -> Sequence[tuple[UUID, UUID]]:
        """Rooms that stream now, each with its host."""
        ...

    async def newest(self, room_id: UUID, host_id: UUID) -> Frame | None: ...


class PictureEffects(Protocol):
    """What policy may do about a frame."""

    async def warn(self, frame: Frame, problem: str, findings: Sequence[Finding]) -> None:
        """Tell the host. `problem`: a category, or `black`, `flat`, `frozen`."""
        ...

    async def mute(self, room_id: UUID, reason: str) -> None: ...

    async def stop(self, room_id: UUID, reason: str) -> None: ...


class FrameWatch:
    """One per process that looks at frames."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        frames: Frames,
        worker: PictureWorker,
        policies: PolicyBook,
        effects: PictureEffects,
        *,
        every_s: float = EVERY_S,
        share: float = SHARE,
    ) -> None:
        self._db = db
        self._clock = clock
        self._frames = frames
        self._worker = worker
        self._policies = policies
        self._effects = effects
        self._every_s = every_s
        self._share = share
        self._looked: dict[UUID, float] = {}
        self._before: dict[UUID, tuple[bytes, int]] = {}
        self._tally = Tally()
        self.looked = 0

    async def turn(self) -> float:
        """Look at the frame of the room whose turn it is; for how many seconds to rest then."""
        rooms = dict(await self._frames.rooms())
        self._looked = {room: at for room, at in self._looked.items() if room in rooms}
        self._before = {room: seen for room, seen in self._before.items() if room in rooms}
        now = self._clock.monotonic()
        due = [room for room in rooms if now - self._looked.get(room, -self._every_s) >= self._every_s]
        if not due:
            return min(1.0, self._every_s)
        room_id = min(due, key=lambda room: self._looked.get(room, float("-inf")))
        self._looked[room_id] = now
        frame = await self._frames.newest(room_id, rooms[room_id])
        if frame is None:
            return 0.1
        await self._look(frame)
        took_s = self._clock.monotonic() - now
        return took_s / self._share - took_s

    async def _look(self, frame: Frame) -> None:
        if self._frozen(frame):
            await self._effects.warn(frame, "frozen", [])
        screened = await self._worker.screen(frame.jpeg)
        self.looked += not screened.dropped
        blank = [f.evidence for f in screened.findings if f.detector in ("picture.black", "picture.flat")]
        if blank:
            await self._effects.warn(frame, blank[0], [])
        await self._judge(frame, [f for f in screened.findings if f.evidence not in ("black", "flat")])

    def _frozen(self, frame: Frame) -> bool:
        """Whether the same bytes came `SAME_LOOKS` times: an encoder never makes two alike of a moving picture."""
        jpeg, times = self._before.get(frame.room_id, (b"", 0))
        times = times + 1 if jpeg == frame.jpeg else 1
        self._before[frame.room_id] = (frame.jpeg, times)
        return times == SAME_LOOKS

    async def _judge(self, frame: Frame, findings: Sequence[Finding]) -> None:
        if not findings:
            return
        policy = await self._policies.current()
        counts = self._tally.count(frame.room_id, {f.category for f in findings}, self._clock.now())
        subject = Subject(Surface.PICTURE, "host", str(frame.room_id), counts)
        effects = policy.effects(findings, subject)
        gravest = max(findings, key=lambda f: f.score)
        if Effect.WARN in effects:
            await self._effects.warn(frame, gravest.category, findings)
        if Effect.CASE in effects:
            await self._open_case(frame, findings, effects, policy.version)
        if Effect.STOP in effects:
            await self._effects.stop(frame.room_id, gravest.category)
        elif Effect.MUTE in effects:
            await self._effects.mute(frame.room_id, gravest.category)

    async def _open_case(
        self, frame: Frame, findings: Sequence[Finding], effects: frozenset[Effect], version: int
    ) -> None:
        """One open case for each room: what is seen again joins it, with the newest frames."""
        async with self._db.transaction() as tx:
            case_id = await cases.open_case(
                tx,
                self._clock,
                surface=Surface.PICTURE,
                room_id=frame.room_id,
                subject=("frame", str(frame.room_id)),
                author_id=frame.host_id,
                text="; ".join(dict.fromkeys(f.evidence for f in findings if f.evidence)),
                findings=findings,
                action=action_of(effects - {Effect.HOLD}),
                policy_version=version,
                evidence={"at_ms": frame.at_ms, "effects": sorted(effects)},
            )
            await keep(tx, case_id, "image/jpeg", frame.jpeg, self._clock.now())


class RecordedPictures:
    """A PictureEffects for tests: keeps the calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []

    async def warn(self, frame: Frame, problem: str, findings: Sequence[Finding]) -> None:
        self.calls.append(("warn", problem))

    async def mute(self, room_id: UUID, reason: str) -> None:
        self.calls.append(("mute", reason))

    async def stop(self, room_id: UUID, reason: str) -> None:
        self.calls.append(("stop", reason))
