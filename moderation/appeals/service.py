"""Appealing, and deciding appeals."""

from uuid import UUID

from psycopg.rows import DictRow

from app.core.auth import Principal
from app.core.clock import Clock
from app.core.db import Tx
from app.core.errors import Conflict, Forbidden, NotFound
from app.core.ids import new_id

from ..audit import repository as audit
from ..cases import repository as case_repository
from ..cases import service as cases
from ..cases.effects import CaseEffects
from ..cases.schemas import Person
from ..sanctions import repository as sanction_repository
from ..sanctions import service as sanctions
from ..sanctions.effects import SanctionEffects
from . import repository
from .schemas import Appeal, AppealIn, Appeals, AppealWithContext, Mine, OwnCase


class AppealNotFound(NotFound):
    code = "appeal_not_found"
    title = "There is no such appeal, or nothing to appeal against"


class AlreadyAppealed(Conflict):
    code = "already_appealed"
    title = "This decision has been appealed against before"


class AppealDecided(Conflict):
    code = "appeal_decided"
    title = "This appeal has been decided"


class NotImpartial(Forbidden):
    code = "not_impartial"
    title = "Whoever decided first, or is concerned, does not decide the appeal"


async def appeal(tx: Tx, clock: Clock, user: Principal, form: AppealIn) -> Appeal:
    """Against an upheld case about one's own words or a sanction on oneself, once.

    Raises AppealNotFound, AlreadyAppealed.
    """
    if not await _concerns(tx, clock, user.user_id, form):
        raise AppealNotFound
    appeal_id = new_id()
    added = await repository.add(
        tx,
        appeal_id=appeal_id,
        case_id=form.case_id,
        sanction_id=form.sanction_id,
        appellant_id=user.user_id,
        text=cases.storable(form.text),
        now=clock.now(),
    )
    if not added:
        raise AlreadyAppealed
    row = await repository.lock(tx, appeal_id)
    assert row is not None
    return _present(row)


async def _concerns(tx: Tx, clock: Clock, user_id: UUID, form: AppealIn) -> bool:
    if form.case_id is not None:
        case = await case_repository.get(tx, form.case_id)
        return case is not None and case["author_id"] == user_id and case["status"] == "upheld"
    assert form.sanction_id is not None
    row = await sanction_repository.lock(tx, form.sanction_id)
    return row is not None and row["concerns"] == user_id and sanctions.present(row, clock.now()).active


async def listed(tx: Tx, clock: Clock, status: str | None = "open") -> Appeals:
    """Appeals with what they speak against, the oldest first."""
    items = []
    for row in await repository.listed(tx, status=status):
        items.append(await _with_context(tx, clock, row))
    return Appeals(items=items)


async def decide(
    tx: Tx,
    clock: Clock,
    case_effects: CaseEffects,
    sanction_effects: SanctionEffects,
    moderator: Principal,
    appeal_id: UUID,
    grant: bool,
    reason: str,
) -> AppealWithContext:
    """Grant: the case is turned round and its sanctions lifted, or the sanction is lifted. Deny: all stays.

    Raises AppealNotFound, AppealDecided, NotImpartial.
    """
    row = await repository.lock(tx, appeal_id)
    if row is None:
        raise AppealNotFound
    if row["status"] != "open":
        raise AppealDecided
    await _require_impartial(tx, moderator, row)
    await repository.decide(
        tx,
        appeal_id,
        status="granted" if grant else "denied",
        user_id=moderator.user_id,
        now=clock.now(),
        reason=reason,
    )
    if grant:
        await _grant(tx, clock, case_effects, sanction_effects, moderator, row, reason)
    await audit.append(
        tx,
        at=clock.now(),
        actor_id=moderator.user_id,
        action="appeal.granted" if grant else "appeal.denied",
        subject=f"appeal:{appeal_id}",
        details={"reason": reason, "case_id": row["case_id"], "sanction_id": row["sanction_id"]},
    )
    decided = await repository.lock(tx, appeal_id)
    assert decided is not None
    return await _with_context(tx, clock, decided)


async def _require_impartial(tx: Tx, moderator: Principal, row: DictRow) -> None:
    concerned = {row["appellant_id"]}
    if row["case_id"] is not None:
        case = await case_repository.lock(tx, row["case_id"])
        assert case is not None
        concerned |= {case["decided_by"], case["reviewed_by"]}
    else:
        sanction = await sanction_repository.lock(tx, row["sanction_id"])
        assert sanction is not None
        concerned.add(sanction["imposed_by"])
    if moderator.user_id in concerned:
        raise NotImpartial


async def _grant(
    tx: Tx,
    clock: Clock,
    case_effects: CaseEffects,
    sanction_effects: SanctionEffects,
    moderator: Principal,
    row: DictRow,
    reason: str,
) -> None:
    lifted = [row["sanction_id"]] if row["sanction_id"] else []
    if row["case_id"] is not None:
        case = await cases.get(tx, row["case_id"])
        if case.status == "upheld":
            await cases.turn_round(tx, clock, case_effects, case, moderator.user_id)
        lifted = [s["id"] for s in await sanction_repository.of_case(tx, case.id, clock.now())]
    for sanction_id in lifted:
        sanction = await sanction_repository.lock(tx, sanction_id)
        if sanction is not None and sanctions.present(sanction, clock.now()).active:
            await sanctions.lift(tx, clock, sanction_effects, moderator, sanction_id, reason)


async def mine(tx: Tx, clock: Clock, user: Principal) -> Mine:
    """What stands against oneself and what one has said against it."""
    rows, _ = await case_repository.page(tx, "upheld", author_id=user.user_id, limit=50, offset=0)
    appeals = [_present(row) for row in await repository.listed(tx, appellant_id=user.user_id)]
    appealed = {appeal.case_id for appeal in appeals}
    standing = await sanctions.listed(tx, clock, user_id=user.user_id, only_active=True)
    return Mine(
        cases=[
            OwnCase(
                id=case.id,
                surface=case.surface,
                room_title=case.room_title,
                text=case.text,
                categories=sorted({f.category for f in case.findings}),
                reason=case.reason,
                decided_at=case.decided_at,
                appealable=case.id not in appealed,
            )
            for case in map(cases.present, rows)
        ],
        sanctions=[
            s.model_copy(update={"imposed_by": None}) for s in standing.items if s.kind != "shadow_mute"
        ],
        appeals=appeals,
    )


async def _with_context(tx: Tx, clock: Clock, row: DictRow) -> AppealWithContext:
    case = await cases.get(tx, row["case_id"]) if row["case_id"] else None
    sanction = await sanction_repository.lock(tx, row["sanction_id"]) if row["sanction_id"] else None
    return AppealWithContext(
        **_present(row).model_dump(),
        case=case,
        sanction=sanctions.present(sanction, clock.now()) if sanction else None,
    )


def _present(row: DictRow) -> Appeal:
    return Appeal(
        id=row["id"],
        case_id=row["case_id"],
        sanction_id=row["sanction_id"],
        appellant=Person(id=row["appellant_id"], display_name=row["appellant_name"]),
        text=row["text"],
        status=row["status"],
        created_at=row["created_at"],
        decided_at=row["decided_at"],
        reason=row["reason"],
    )
