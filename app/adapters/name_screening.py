"""Names of accounts and titles of rooms, screened by the policy in force, and what a decision does to them."""

import asyncio
from typing import LiteralString
from uuid import UUID

from app.adapters.past_texts import NAMED_BY
from app.core.clock import Clock
from app.core.db import Database, Tx, fetch_all, fetch_one
from app.core.naming import Name, NameKind, NameRefused
from app.identity import service as identity
from app.rooms import service as rooms
from moderation import names
from moderation.audit.repository import append as audit
from moderation.cases import repository as case_rows
from moderation.cases import service as cases
from moderation.cases.schemas import Case
from moderation.findings import Category, Surface
from moderation.policies.service import PolicyBook
from moderation.policy import Effect, Subject
from moderation.text import Verdict, default_screen


class ModeratedNames:
    """An `app.core.naming.NameScreener`: what policy holds is refused, what it wants looked at makes a case."""

    def __init__(self, db: Database, clock: Clock, policies: PolicyBook) -> None:
        self._db = db
        self._clock = clock
        self._policies = policies

    async def check(self, name: Name) -> Verdict:
        async with self._db.transaction() as tx:
            await names.asked(tx, self._clock, name.kind, cases.storable(name.text))
            verdict, decided = await self._judge(tx, name)
        if Effect.HOLD in verdict.effects:
            raise NameRefused(categories=sorted({f.category for f in verdict.findings}))
        if decided == "upheld":
            raise NameRefused(categories=[])
        return verdict

    async def _judge(self, tx: Tx, name: Name) -> tuple[Verdict, str | None]:
        """What policy says, and how the last case about this name of this subject was decided."""
        policy = await self._policies.current()
        screen = await asyncio.to_thread(default_screen)  # takes a second at its first use
        findings = tuple(screen.find(cases.storable(name.text), Surface.PROFILE, policy.patterns))
        if any(f.category == Category.IMPERSONATION for f in findings) and await _is_staff(tx, name.owner_id):
            findings = tuple(f for f in findings if f.category != Category.IMPERSONATION)
        effects = policy.effects(findings, Subject(Surface.PROFILE, NAMED_BY[name.kind]))
        subject = name.kind, str(name.subject_id)
        decided = await case_rows.decided(tx, subject, name.owner_id, cases.storable(name.text))
        if decided == "released":
            effects -= {Effect.CASE}
        return Verdict(effects, findings, policy.version), decided

    async def look_back(self, tx: Tx, name: Name) -> bool:
        """A case about a name that stands and that policy would refuse or look at; whether there is one to make."""
        verdict, decided = await self._judge(tx, name)
        if decided is not None or not verdict.effects & {Effect.HOLD, Effect.CASE}:
            return False
        shown = Verdict(
            verdict.effects - {Effect.HOLD} | {Effect.CASE}, verdict.findings, verdict.policy_version
        )
        await self.follow_up(tx, name, shown)
        return True

    async def follow_up(self, tx: Tx, name: Name, verdict: Verdict) -> None:
        """A case where policy wants one; an open one about an earlier name speaks of this one then."""
        if Effect.CASE not in verdict.effects:
            return
        subject = name.kind, str(name.subject_id)
        await case_rows.renew(tx, subject, name.text)
        await cases.open_case(
            tx,
            self._clock,
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


_STAFF = frozenset({"moderator", "admin"})
_NAMES: dict[NameKind, LiteralString] = {
    "user": """SELECT id, id AS owner_id, display_name AS text FROM users
               WHERE id > %(after)s ORDER BY id LIMIT %(limit)s""",
    "room_title": """SELECT id, host_id AS owner_id, title AS text FROM rooms
                     WHERE id > %(after)s AND status <> 'ended' ORDER BY id LIMIT %(limit)s""",
}
AT_ONCE = 200


async def _is_staff(tx: Tx, user_id: UUID) -> bool:
    """Moderators and administrators may call themselves so."""
    row = await fetch_one(tx, "SELECT roles FROM users WHERE id = %(id)s", {"id": user_id})
    return row is not None and not _STAFF.isdisjoint(row["roles"])


async def screen_existing(db: Database, clock: Clock) -> tuple[int, int]:
    """Look once at every account's name and every open room's title: how many, and how many cases it made or joined."""
    screener = ModeratedNames(db, clock, PolicyBook(db, clock))
    looked = made = 0
    for kind, query in _NAMES.items():
        after = UUID(int=0)
        while True:
            async with db.transaction() as tx:
                rows = await fetch_all(tx, query, {"after": after, "limit": AT_ONCE})
                for row in rows:
                    name = Name(kind, row["id"], row["owner_id"], row["text"])
                    made += await screener.look_back(tx, name)
            looked += len(rows)
            if len(rows) < AT_ONCE:
                break
            after = rows[-1]["id"]
    return looked, made


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
