"""The moderators' queue over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.core.errors import NotFound, Problem

from ..deps import ModerationDep, Moderator
from . import evidence, service
from .evidence import CaseContext
from .schemas import BulkDecided, BulkDecisionIn, Case, CasePage, DecisionIn, ReviewIn

router = APIRouter(prefix="/api/moderation/cases", tags=["moderation"])
clips = APIRouter(prefix="/api/moderation/evidence", tags=["moderation"])

QueueName = Literal["open", "decided", "released", "upheld", "review"]


@router.get("")
async def list_cases(
    moderation: ModerationDep,
    moderator: Moderator,
    status: QueueName = "open",
    surface: str | None = None,
    category: str | None = None,
    author_id: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> CasePage:
    async with moderation.db.transaction() as tx:
        return await service.queue(
            tx,
            status,
            surface=surface,
            category=category,
            author_id=author_id,
            limit=limit,
            offset=offset,
        )


@router.post("/decide")
async def decide_cases(form: BulkDecisionIn, moderation: ModerationDep, moderator: Moderator) -> BulkDecided:
    """One decision on many cases, each in its own transaction; those that cannot be decided are told."""
    decided, refused = [], []
    for case_id in dict.fromkeys(form.case_ids):
        try:
            async with moderation.db.transaction() as tx:
                await service.decide(
                    tx, moderation.clock, moderation.effects, moderator, case_id, form.decision, form.reason
                )
        except Problem as problem:
            refused.append(service.refusal(case_id, problem))
        else:
            decided.append(case_id)
    return service.bulk(decided, refused)


@router.get("/{case_id}")
async def get_case(case_id: UUID, moderation: ModerationDep, moderator: Moderator) -> Case:
    async with moderation.db.transaction() as tx:
        return await service.get(tx, case_id)


@router.get("/{case_id}/context")
async def case_context(case_id: UUID, moderation: ModerationDep, moderator: Moderator) -> CaseContext:
    """What stood around it, pictures and sound, what viewers said when they reported it."""
    async with moderation.db.transaction() as tx:
        case = await service.get(tx, case_id)
        return await evidence.context(tx, case_id, case.surface, (case.subject.type, case.subject.id))


@clips.get("/{evidence_id}", response_class=Response)
async def get_evidence(evidence_id: UUID, moderation: ModerationDep, moderator: Moderator) -> Response:
    """A picture (image/jpeg) or sound (audio/wav) of a case."""
    async with moderation.db.transaction() as tx:
        found = await evidence.body(tx, evidence_id)
    if found is None:
        raise NotFound
    return Response(found[1], media_type=found[0], headers={"Cache-Control": "private, max-age=3600"})


@router.post("/{case_id}/claim")
async def claim_case(case_id: UUID, moderation: ModerationDep, moderator: Moderator) -> Case:
    async with moderation.db.transaction() as tx:
        return await service.claim(tx, moderation.clock, moderator, case_id)


@router.delete("/{case_id}/claim")
async def unclaim_case(case_id: UUID, moderation: ModerationDep, moderator: Moderator) -> Case:
    async with moderation.db.transaction() as tx:
        return await service.unclaim(tx, moderation.clock, moderator, case_id)


@router.post("/{case_id}/decide")
async def decide_case(
    case_id: UUID, form: DecisionIn, moderation: ModerationDep, moderator: Moderator
) -> Case:
    async with moderation.db.transaction() as tx:
        return await service.decide(
            tx, moderation.clock, moderation.effects, moderator, case_id, form.decision, form.reason
        )


@router.post("/{case_id}/review")
async def review_case(case_id: UUID, form: ReviewIn, moderation: ModerationDep, moderator: Moderator) -> Case:
    async with moderation.db.transaction() as tx:
        return await service.review(
            tx, moderation.clock, moderation.effects, moderator, case_id, form.confirm, form.reason
        )
