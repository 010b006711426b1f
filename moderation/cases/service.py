"""Opening, claiming and deciding cases."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from psycopg.rows import DictRow

from app.core.auth import Principal
from app.core.clock import Clock
from app.core.db import Tx
from app.core.errors import Problem
from app.core.ids import new_id

from .. import examples
from ..audit import repository as audit
from ..findings import Finding
from ..policy import Action
from . import repository
from .effects import CaseEffects
from .errors import CaseClaimed, CaseDecided, CaseNotFound, NoReview, OwnCase
from .schemas import BulkDecided, Case, CasePage, Decision, FindingOut, Person, Refused, Subject
from .urgency import grave, target, urgency

CLAIM_FOR = timedelta(minutes=10)
TEXT_LIMIT = 4000
_STATUS: dict[Decision, str] = {"release": "released", "uphold": "upheld"}


async def open_case(
    tx: Tx,
    clock: Clock,
    *,
    surface: str,
    room_id: UUID | None,
    subject: tuple[str, str],
    author_id: UUID | None,
    text: str,
    findings: Sequence[Finding],
    action: Action,
    policy_version: int = 0,
    evidence: Mapping[str, Any] | None = None,
) -> UUID:
    """Put something into the queue, in the caller's transaction; its id.

    `subject` is (type, id), such as `("message", "…")`. While a case about it is open, findings join that case.
    """
    now = clock.now()
    value = urgency(findings, visible=action is not Action.BLOCK)
    return await repository.add(
        tx,
        case_id=new_id(),
        surface=surface,
        room_id=room_id,
        subject_type=subject[0],
        subject_id=subject[1],
        author_id=author_id,
        text=storable(text)[:TEXT_LIMIT],
        findings=[f.as_json() | {"evidence": storable(f.evidence)[:200]} for f in findings],
        evidence=evidence or {},
        action=action,
        policy_version=policy_version,
        urgency=value,
        now=now,
        due_at=now + target(value),
    )


def storable(text: str) -> str:
    """What PostgreSQL can hold, position for position: no NUL and no unpaired surrogates."""
    return "".join("\ufffd" if c == "\x00" or "\ud800" <= c <= "\udfff" else c for c in text)


async def queue(
    tx: Tx,
    status: str = "open",
    *,
    surface: str | None = None,
    category: str | None = None,
    author_id: UUID | None = None,
    limit: int = 100,
    offset: int = 0,
) -> CasePage:
    """A page of cases: `open` by urgency, `decided` (or `released`, `upheld`) by date, `review` for a second look."""
    rows, total = await repository.page(
        tx, status, surface=surface, category=category, author_id=author_id, limit=limit, offset=offset
    )
    return CasePage(items=[present(row) for row in rows], total=total)


async def get(tx: Tx, case_id: UUID) -> Case:
    """Raises CaseNotFound."""
    row = await repository.get(tx, case_id)
    if row is None:
        raise CaseNotFound
    return present(row)


async def claim(tx: Tx, clock: Clock, moderator: Principal, case_id: UUID) -> Case:
    """Work on a case alone for ten minutes; claiming again prolongs. Raises CaseClaimed, CaseDecided, OwnCase."""
    row = await _open(tx, clock, moderator, case_id)
    await repository.claim(tx, row["id"], moderator.user_id, clock.now() + CLAIM_FOR)
    return await get(tx, case_id)


async def unclaim(tx: Tx, clock: Clock, moderator: Principal, case_id: UUID) -> Case:
    """Give a claimed case back to the queue."""
    await _open(tx, clock, moderator, case_id)
    await repository.release_claim(tx, case_id)
    return await get(tx, case_id)


async def decide(
    tx: Tx,
    clock: Clock,
    effects: CaseEffects,
    moderator: Principal,
    case_id: UUID,
    decision: Decision,
    reason: str,
) -> Case:
    """Release or uphold a case: effects, audit entry and labelled example in one transaction.

    The same decision by the same moderator again changes nothing. Raises CaseClaimed, CaseDecided, OwnCase.
    """
    row = await repository.lock(tx, case_id)
    if row is not None and row["status"] == _STATUS[decision] and row["decided_by"] == moderator.user_id:
        return present(row)
    row = await _open(tx, clock, moderator, case_id)
    case = present(row)
    wanted = decision == "uphold" and grave([_finding(f) for f in case.findings])
    await repository.decide(
        tx,
        case_id,
        status=_STATUS[decision],
        user_id=moderator.user_id,
        now=clock.now(),
        reason=reason,
        review="wanted" if wanted else "none",
    )
    await _apply(tx, effects, case, decision, moderator.user_id)
    await examples.learn(tx, clock, case, decision)
    await audit.append(
        tx,
        at=clock.now(),
        actor_id=moderator.user_id,
        action=f"case.{_STATUS[decision]}",
        subject=f"case:{case_id}",
        details=_record(case, reason),
    )
    return await get(tx, case_id)


async def review(
    tx: Tx,
    clock: Clock,
    effects: CaseEffects,
    moderator: Principal,
    case_id: UUID,
    confirm: bool,
    reason: str,
) -> Case:
    """A second look by somebody else at a grave decision; not confirmed, it is turned round.

    Raises NoReview, OwnCase.
    """
    row = await repository.lock(tx, case_id)
    if row is None:
        raise CaseNotFound
    if row["review"] != "wanted":
        raise NoReview
    if moderator.user_id in (row["decided_by"], row["author_id"]):
        raise OwnCase
    case = present(row)
    status = case.status if confirm else ("released" if case.status == "upheld" else "upheld")
    await repository.review(
        tx,
        case_id,
        review="confirmed" if confirm else "overturned",
        status=status,
        user_id=moderator.user_id,
        now=clock.now(),
    )
    if not confirm:
        await turn_round(tx, clock, effects, case, moderator.user_id)
    await audit.append(
        tx,
        at=clock.now(),
        actor_id=moderator.user_id,
        action="case.confirmed" if confirm else "case.overturned",
        subject=f"case:{case_id}",
        details=_record(case, reason) | {"status": status},
    )
    return await get(tx, case_id)


async def turn_round(tx: Tx, clock: Clock, effects: CaseEffects, case: Case, moderator_id: UUID) -> None:
    """Apply the opposite of a case's decision and unlearn its example."""
    decision: Decision = "release" if case.status == "upheld" else "uphold"
    await repository.set_status(tx, case.id, _STATUS[decision])
    await _apply(tx, effects, case, decision, moderator_id)
    await examples.learn(tx, clock, case, decision)


def present(row: DictRow) -> Case:
    """A row as the API shows it."""
    return Case(
        id=row["id"],
        surface=row["surface"],
        room_id=row["room_id"],
        room_title=row["room_title"],
        subject=Subject(type=row["subject_type"], id=row["subject_id"]),
        author=_person(row["author_id"], row["author_name"]),
        text=row["text"],
        findings=[FindingOut(**finding) for finding in row["findings"]],
        evidence=row["evidence"],
        status=row["status"],
        visible=row["action"] != Action.BLOCK,
        urgency=row["urgency"],
        reports=row["reports"],
        created_at=row["created_at"],
        due_at=row["due_at"],
        claimed_by=_person(row["claimed_by"], row["claimer_name"]),
        claimed_until=row["claimed_until"],
        decided_by=_person(row["decided_by"], row["decider_name"]),
        decided_at=row["decided_at"],
        reason=row["reason"],
        review=row["review"],
    )


def refusal(case_id: UUID, problem: Problem) -> Refused:
    """A case that a bulk decision left out."""
    return Refused(id=case_id, code=problem.code)


def bulk(decided: Sequence[UUID], refused: Sequence[Refused]) -> BulkDecided:
    """The outcome of a bulk decision."""
    return BulkDecided(decided=list(decided), refused=list(refused))


async def _open(tx: Tx, clock: Clock, moderator: Principal, case_id: UUID) -> DictRow:
    """The open case, locked, if `moderator` may work on it."""
    row = await repository.lock(tx, case_id)
    if row is None:
        raise CaseNotFound
    if row["status"] != "open":
        raise CaseDecided(status=row["status"])
    if row["author_id"] == moderator.user_id:
        raise OwnCase
    if row["claimed_by"] not in (None, moderator.user_id) and row["claimed_until"] > clock.now():
        raise CaseClaimed(claimed_by=row["claimer_name"], claimed_until=row["claimed_until"].isoformat())
    return row


async def _apply(tx: Tx, effects: CaseEffects, case: Case, decision: Decision, moderator_id: UUID) -> None:
    if decision == "release":
        await effects.released(tx, case, moderator_id)
    else:
        await effects.upheld(tx, case, moderator_id)


def _record(case: Case, reason: str) -> dict[str, Any]:
    """What the audit log keeps of a case: its content by hash, so that the log holds no personal data."""
    content = orjson.dumps({"text": case.text, "findings": [f.model_dump() for f in case.findings]})
    return {
        "reason": reason,
        "surface": case.surface,
        "categories": sorted({f.category for f in case.findings}),
        "content_sha256": hashlib.sha256(content).hexdigest(),
    }


def _finding(finding: FindingOut) -> Finding:
    return Finding(**finding.model_dump())


def _person(user_id: UUID | None, name: str | None) -> Person | None:
    return Person(id=user_id, display_name=name or "") if user_id else None
