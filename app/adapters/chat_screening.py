"""Chat screened by the policy in force, and what follows on a message by policy."""

import asyncio
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from app.chat.schemas import ChatMessage
from app.chat.screening import AuthorRole, Screened
from app.core.db import Tx
from app.core.events import Event, user_topic
from app.core.outbox import emit
from moderation.cases import service as cases
from moderation.findings import Category, Finding, Surface
from moderation.policy import Action, Effect, Policy, Subject
from moderation.runtime import Moderation
from moderation.sanctions import service as sanctions
from moderation.sanctions.schemas import SanctionIn
from moderation.sanctions.service import Standing
from moderation.tally import Repeats, Tally
from moderation.text import Verdict
from moderation.text.aside import Aside
from moderation.text.meaning import SURE_SCORE
from moderation.text.screen import ranked

STANDING_FOR_S = 3.0
STANDINGS_KEPT = 50_000
TEXTS_KEPT = 2_000
TEXT_KEPT_CHARACTERS = 60
MUTED_FOR_S = 600
STOPPED_FOR_S = 24 * 3600
_EFFECTS: dict[Action, Literal["allow", "flag", "hold"]] = {
    Action.ALLOW: "allow",
    Action.FLAG: "flag",
    Action.BLOCK: "hold",
}


@dataclass(frozen=True, slots=True)
class _Judged:
    """A verdict with what it rests on; `later`: what the slow layers are still about to find."""

    verdict: Verdict
    role: AuthorRole
    policy: Policy
    findings: tuple[Finding, ...]
    later: asyncio.Task[list[Finding]] | None = None


class ChatScreener:
    """An `app.chat.screening.Screener`. `aside`: the layers that take milliseconds, if there are any."""

    def __init__(self, moderation: Moderation, aside: Aside | None = None) -> None:
        self._moderation = moderation
        self._aside = aside
        self._standings: dict[tuple[UUID, UUID], tuple[float, Standing]] = {}
        self._tally = Tally()
        self._repeats = Repeats()
        self._found: dict[tuple[int, str], list[Finding]] = {}

    async def check(
        self, text: str, room_id: UUID, author_id: UUID, *, role: AuthorRole = "viewer"
    ) -> Screened:
        standing = await self._standing(room_id, author_id)
        standing.require_voice()
        if standing.shadow_mute is not None:
            return Screened("shadow")
        policy = await self._moderation.policies.current()
        findings = self._find(text, policy)
        if role != "host":
            findings = [*findings, *self._repeats.find(author_id, text, self._moderation.clock.now())]
        later = None
        if self._aside is not None and all(f.score < SURE_SCORE for f in findings):
            read = await self._aside.read(text, Surface.CHAT)
            findings, later = [*findings, *read.findings], read.later
        verdict, masked = self._verdict(text, room_id, author_id, role, policy, findings)
        judged = _Judged(verdict, role, policy, tuple(findings), later)
        return Screened(_EFFECTS[verdict.action], judged, masked, more_to_come=later is not None)

    async def second_look(self, message: ChatMessage, screened: Screened) -> Screened | None:
        judged: _Judged = screened.verdict
        assert judged.later is not None
        assert message.author.id is not None
        found = await judged.later
        new = [f for f in found if f not in judged.findings]
        if not new:
            return None
        verdict, _ = self._verdict(
            message.text,
            message.room_id,
            message.author.id,
            judged.role,
            judged.policy,
            [*judged.findings, *new],
            {f.category for f in judged.findings},
        )
        if verdict.effects <= judged.verdict.effects:
            return None
        return Screened(_EFFECTS[verdict.action], replace(judged, verdict=verdict, later=None))

    def _verdict(
        self,
        text: str,
        room_id: UUID,
        author_id: UUID,
        role: AuthorRole,
        policy: Policy,
        findings: Sequence[Finding],
        counted: AbstractSet[str] = frozenset(),
    ) -> tuple[Verdict, str | None]:
        if not findings:
            return Verdict(frozenset(), (), policy.version), None
        findings = ranked(findings)
        new = {f.category for f in findings} - counted
        counts = self._tally.count(author_id, new, self._moderation.clock.now())
        subject = Subject(Surface.CHAT, role, str(room_id), counts)
        verdict = Verdict(policy.effects(findings, subject), tuple(findings), policy.version)
        return verdict, policy.masked(text, findings, subject) if Effect.MASK in verdict.effects else None

    def _find(self, text: str, policy: Policy) -> list[Finding]:
        """What the layers of words find; of short texts it is remembered, for a chat repeats itself."""
        if len(text) > TEXT_KEPT_CHARACTERS:
            return self._moderation.screen.find(text, Surface.CHAT, policy.patterns)
        key = policy.version, text
        if (known := self._found.get(key)) is not None:
            return known
        found = self._moderation.screen.find(text, Surface.CHAT, policy.patterns)
        if all(f.category != Category.UNSCREENED for f in found):
            if len(self._found) >= TEXTS_KEPT:
                self._found.clear()
            self._found[key] = found
        return found

    async def _standing(self, room_id: UUID, author_id: UUID) -> Standing:
        """What holds for the author here, at most `STANDING_FOR_S` old."""
        clock, key = self._moderation.clock, (room_id, author_id)
        known = self._standings.get(key)
        if known is not None and clock.monotonic() - known[0] < STANDING_FOR_S:
            return known[1]
        async with self._moderation.db.transaction() as tx:
            standing = await sanctions.active(tx, clock, author_id, room_id)
        if len(self._standings) >= STANDINGS_KEPT:
            self._standings.clear()
        self._standings[key] = (clock.monotonic(), standing)
        return standing

    async def follow_up(self, tx: Tx, message: ChatMessage, screened: Screened) -> UUID | None:
        """Case, warning, mute for ten minutes or exclusion from the room for a day, as the verdict says."""
        verdict: Verdict = screened.verdict.verdict
        case_id = await self._open_case(tx, message, verdict) if Effect.CASE in verdict.effects else None
        if Effect.WARN in verdict.effects:
            await self._warn(tx, message, verdict)
        if verdict.effects & {Effect.MUTE, Effect.STOP}:
            await self._sanction(tx, message, verdict, case_id)
        return case_id

    async def _open_case(self, tx: Tx, message: ChatMessage, verdict: Verdict) -> UUID:
        return await cases.open_case(
            tx,
            self._moderation.clock,
            surface=Surface.CHAT,
            room_id=message.room_id,
            subject=("message", str(message.id)),
            author_id=message.author.id,
            text=message.text,
            findings=verdict.findings,
            action=verdict.action,
            policy_version=verdict.policy_version,
            evidence={"effects": sorted(verdict.effects)},
        )

    async def _warn(self, tx: Tx, message: ChatMessage, verdict: Verdict) -> None:
        assert message.author.id is not None
        told = {
            "message_id": str(message.id),
            "client_id": str(message.client_id),
            "categories": sorted({f.category for f in verdict.findings}),
            "words": [f.evidence for f in verdict.findings[:3]],
        }
        await emit(tx, user_topic(message.author.id), Event("chat.warned", told))

    async def _sanction(self, tx: Tx, message: ChatMessage, verdict: Verdict, case_id: UUID | None) -> None:
        stop = Effect.STOP in verdict.effects
        form = SanctionIn(
            kind="ban" if stop else "mute",
            user_id=message.author.id,
            room_id=message.room_id,
            case_id=case_id,
            duration_s=STOPPED_FOR_S if stop else MUTED_FOR_S,
            rule=f"policy {verdict.policy_version}",
            reason=", ".join(sorted({f.category for f in verdict.findings})),
        )
        await sanctions.impose(tx, self._moderation.clock, self._moderation.sanctions, None, form)
        assert message.author.id is not None
        self._standings.pop((message.room_id, message.author.id), None)
