"""Appeals over HTTP: by whom a decision concerns, and to moderators."""

from typing import Literal
from uuid import UUID

from fastapi import APIRouter

from app.core.http import CurrentUser

from ..deps import ModerationDep, Moderator
from . import service
from .schemas import Appeal, AppealDecision, AppealIn, Appeals, AppealWithContext, Mine

router = APIRouter(prefix="/api", tags=["moderation"])


@router.get("/moderation/mine")
async def mine(user: CurrentUser, moderation: ModerationDep) -> Mine:
    """What stands against me, and my appeals."""
    async with moderation.db.transaction() as tx:
        return await service.mine(tx, moderation.clock, user)


@router.post("/appeals", status_code=201)
async def appeal(form: AppealIn, user: CurrentUser, moderation: ModerationDep) -> Appeal:
    async with moderation.db.transaction() as tx:
        return await service.appeal(tx, moderation.clock, user, form)


@router.get("/moderation/appeals")
async def list_appeals(
    moderation: ModerationDep,
    moderator: Moderator,
    status: Literal["open", "granted", "denied"] = "open",
) -> Appeals:
    async with moderation.db.transaction() as tx:
        return await service.listed(tx, moderation.clock, status)


@router.post("/moderation/appeals/{appeal_id}/decide")
async def decide_appeal(
    appeal_id: UUID, form: AppealDecision, moderation: ModerationDep, moderator: Moderator
) -> AppealWithContext:
    async with moderation.db.transaction() as tx:
        return await service.decide(
            tx,
            moderation.clock,
            moderation.effects,
            moderation.sanctions,
            moderator,
            appeal_id,
            form.grant,
            form.reason,
        )
