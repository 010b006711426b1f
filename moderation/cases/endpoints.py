"""The moderators' queue over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from app.core.errors import Problem

from ..deps import ModerationDep, Moderator
from . import service
from .schemas import BulkDecided, BulkDecisionIn, Case, CasePage, DecisionIn, ReviewIn

router = APIRouter(prefix="/api/moderation/cases", tags=["moderation"])

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
