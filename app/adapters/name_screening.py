"""Names of accounts and titles of rooms, screened by the policy in force, and what a decision does to them."""

import asyncio
from uuid import UUID

from app.adapters.past_texts import NAMED_BY
from app.core.clock import Clock
from app.core.db import Tx
from app.core.naming import Name, NameRefused
from app.identity import service as identity
from app.rooms import service as rooms
from moderation import names
from moderation.audit.repository import append as audit
from moderation.cases import repository as case_rows
from moderation.cases import service as cases
from moderation.cases.schemas import Case
from moderation.findings import Surface
from moderation.policy import Effect, Subject
from moderation.runtime import Moderation
from moderation.text import Verdict, default_screen


class ModeratedNames:
    """An `app.core.naming.NameScreener`: what policy holds is refused, what it wants looked at makes a case."""

    def __init__(self, moderation: Moderation) -> None:
        self._moderation = moderation

    async def check(self, name: Name) -> Verdict:
        policy = await self._moderation.policies.current()
        screen = await asyncio.to_thread(default_screen)  # takes a second at its first use
        findings = tuple(screen.find(cases.storable(name.text), Surface.PROFILE, policy.patterns))
        effects = policy.effects(findings, Subject(Surface.PROFILE, NAMED_BY[name.kind]))
        async with self._moderation.db.transaction() as tx:
            await names.asked(tx, self._moderation.clock, name.kind, cases.storable(name.text))
            decided = await case_rows.decided(
                tx, (name.kind, str(name.subject_id)), name.owner_id, cases.storable(name.text)
            )
        if Effect.HOLD in effects:
            raise NameRefused(categories=sorted({f.category for f in findings}))
        if decided == "upheld":
            raise NameRefused(categories=[])
        if decided == "released":
            effects -= {Effect.CASE}
        return Verdict(effects, findings, policy.version)

    async def follow_up(self, tx: Tx, name: Name, verdict: Verdict) -> None:
        """A case where policy wants one; an open one about an earlier name speaks of this one then."""
        if Effect.CASE not in verdict.effects:
            return
        subject = name.kind, str(name.subject_id)
        await case_rows.renew(tx, subject, name.text)
        await cases.open_case(
            tx,
            self._moderation.clock,
            surface=Surface.PROFILE,
            room_id=name.subject_id if name.kind == "room_title" else None,
            subject=subject,
            author_id=name.owner_id,
            text=name.text,
            findings=verdict.findings,
            action=verdict.action,
            policy_version=verdict.policy_version,
            evidence={"effects": sorted(verdict.effects)},
        )


async def reset(tx: Tx, clock: Clock, case: Case, moderator_id: UUID) -> None:
    """The name that the case is about gives way to a neutral one; a name chosen since then stays."""
    subject_id = UUID(case.subject.id)
    if case.subject.type == "user":
        done = await identity.neutralise_name(tx, subject_id, case.text)
    else:
        done = await rooms.neutralise_title(tx, subject_id, case.text)
    if done:
        await _record(tx, clock, case, moderator_id, "name.reset")


async def restore(tx: Tx, clock: Clock, case: Case, moderator_id: UUID) -> None:
    """The name comes back if the neutral one stands."""
    subject_id = UUID(case.subject.id)
    if case.subject.type == "user":
        done = await identity.restore_name(tx, subject_id, case.text)
    else:
        done = await rooms.restore_title(tx, subject_id, case.text)
    if done:
        await _record(tx, clock, case, moderator_id, "name.restored")


async def _record(tx: Tx, clock: Clock, case: Case, moderator_id: UUID, action: str) -> None:
    await audit(
        tx,
        at=clock.now(),
        actor_id=moderator_id,
        action=action,
        subject=f"{case.subject.type}:{case.subject.id}",
        details={"case_id": case.id},
    )
