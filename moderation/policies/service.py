"""Reading, changing and trying out the policy."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from app.core.auth import Principal
from app.core.clock import Clock
from app.core.db import Database, Tx
from app.core.errors import Conflict, Invalid, NotFound

from ..audit import repository as audit
from ..findings import Finding, Surface
from ..policy import Policy, Subject, action_of, default_policy
from ..text import Screen
from ..text.custom import BadPattern, custom_rules
from . import repository
from .schemas import (
    ChangedText,
    DryRun,
    PolicyBody,
    PolicyChange,
    PolicyEdition,
    PolicyHistory,
    PolicyVersion,
)

FRESH_FOR_S = 5.0
DRY_RUN_OVER = timedelta(days=1)
DRY_RUN_TEXTS = 5_000
SAMPLES = 50

log = structlog.get_logger()


class PolicyChanged(Conflict):
    """`version` in `extra`: the newest one."""

    code = "policy_changed"
    title = "Somebody else has changed the policy meanwhile"


class InvalidPattern(Invalid):
    """`pattern` and `problem` in `extra`."""

    code = "invalid_pattern"
    title = "A pattern cannot be used"


class PolicyNotFound(NotFound):
    code = "policy_not_found"
    title = "There is no such version"


@dataclass(frozen=True, slots=True)
class PastText:
    """A text of the last day, as it was screened then.

    `findings`: what detectors saw, where that was kept and the thing itself was not (pictures); else the text is
    screened again.
    """

    surface: Surface
    role: str
    room_id: str
    text: str
    findings: tuple[Finding, ...] | None = None

    def found(self, screen: Screen, policy: Policy) -> Sequence[Finding]:
        """The findings under a policy, whose patterns are part of what is searched."""
        if self.findings is not None:
            return self.findings
        return screen.find(self.text, self.surface, policy.patterns)


class PastTexts(Protocol):
    """The platform's texts since `since`, the newest first, at most `limit`."""

    async def since(self, tx: Tx, since: datetime, limit: int) -> Sequence[PastText]: ...


class RememberedTexts:
    """A PastTexts for tests: gives what it was given."""

    def __init__(self) -> None:
        self.texts: list[PastText] = []

    async def since(self, tx: Tx, since: datetime, limit: int) -> Sequence[PastText]:
        return self.texts[:limit]


class PolicyBook:
    """The policy in force, re-read every few seconds; when the database does not answer, the last one known."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._policy: Policy | None = None
        self._read_at = 0.0
        self._reading = asyncio.Lock()

    async def current(self) -> Policy:
        """The newest version, at most five seconds old."""
        if self._policy is not None and self._clock.monotonic() - self._read_at < FRESH_FOR_S:
            return self._policy
        async with self._reading:
            if self._policy is None or self._clock.monotonic() - self._read_at >= FRESH_FOR_S:
                await self._read()
        assert self._policy is not None
        return self._policy

    async def _read(self) -> None:
        self._read_at = self._clock.monotonic()
        try:
            async with self._db.transaction() as tx:
                newest = await current(tx)
            if self._policy is None or newest.version != self._policy.version:
                policy = newest.as_policy(newest.version)
                custom_rules(policy.patterns)
                self._policy = policy
        except Exception:
            log.exception("the moderation policy could not be read")
            self._policy = self._policy or default_policy()


async def current(tx: Tx) -> PolicyVersion:
    """The newest version, or what comes with the platform."""
    row = await repository.newest(tx)
    if row is None:
        body = PolicyBody.of(default_policy())
        return PolicyVersion(**body.model_dump(), version=0, note="", created_by=None, created_at=None)
    return _version(row)


async def get(tx: Tx, number: int) -> PolicyVersion:
    """An earlier version. Raises PolicyNotFound."""
    row = await repository.version(tx, number)
    if row is None:
        raise PolicyNotFound
    return _version(row)


async def history(tx: Tx) -> PolicyHistory:
    rows = await repository.history(tx)
    return PolicyHistory(
        items=[
            PolicyEdition(
                version=r["version"], note=r["note"], created_by=r["created_by"], created_at=r["created_at"]
            )
            for r in rows
        ]
    )


async def change(tx: Tx, clock: Clock, admin: Principal, form: PolicyChange) -> PolicyVersion:
    """A new version. Raises PolicyChanged, InvalidPattern."""
    check_patterns(form)
    newest = await current(tx)
    body = form.model_dump(mode="json", include=set(PolicyBody.model_fields))
    added = newest.version == form.based_on and await repository.add(
        tx, form.based_on + 1, body, form.note, admin.user_id, clock.now()
    )
    if not added:
        raise PolicyChanged(version=(await current(tx)).version)
    await audit.append(
        tx,
        at=clock.now(),
        actor_id=admin.user_id,
        action="policy.changed",
        subject=f"policy:{form.based_on + 1}",
        details={"note": form.note, "body": body},
    )
    return await current(tx)


def check_patterns(body: PolicyBody) -> None:
    """Raises InvalidPattern for the first pattern that RE2 refuses or that matches everything."""
    for pattern in body.patterns:
        try:
            custom_rules((pattern.as_entry(),))
        except BadPattern as problem:
            raise InvalidPattern(pattern=pattern.text, problem=str(problem)) from None


async def dry_run(tx: Tx, clock: Clock, screen: Screen, past: PastTexts, body: PolicyBody) -> DryRun:
    """What `body` would have done to the last day's texts, compared with the policy in force."""
    check_patterns(body)
    before = (await current(tx)).as_policy()
    texts = await past.since(tx, clock.now() - DRY_RUN_OVER, DRY_RUN_TEXTS)
    return await asyncio.to_thread(compare, screen, texts, before, body.as_policy())


def compare(screen: Screen, texts: Sequence[PastText], before: Policy, after: Policy) -> DryRun:
    """The same texts under two policies."""
    changes: Counter[str] = Counter()
    samples: list[ChangedText] = []
    for past in texts:
        subject = Subject(past.surface, past.role, past.room_id)
        old = past.found(screen, before)
        new = old if after.patterns == before.patterns else past.found(screen, after)
        was, becomes = action_of(before.effects(old, subject)), action_of(after.effects(new, subject))
        if was is becomes:
            continue
        changes[f"{was}>{becomes}"] += 1
        if len(samples) < SAMPLES:
            because = sorted({f.detector for f in (*old, *new)})
            samples.append(
                ChangedText(
                    surface=past.surface, text=past.text[:200], before=was, after=becomes, because_of=because
                )
            )
    return DryRun(texts=len(texts), changes=dict(changes), samples=samples)


def _version(row: dict[str, object]) -> PolicyVersion:
    body = row["body"]
    assert isinstance(body, dict)
    return PolicyVersion.model_validate(
        body
        | {
            "version": row["version"],
            "note": row["note"],
            "created_by": row["created_by"],
            "created_at": row["created_at"],
        }
    )
