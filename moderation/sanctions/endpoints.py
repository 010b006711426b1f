"""Sanctions over HTTP."""

from uuid import UUID

from fastapi import APIRouter

from ..deps import ModerationDep, Moderator
from . import service
from .schemas import Lift, Offender, Sanction, SanctionIn, Sanctions

router = APIRouter(prefix="/api/moderation", tags=["moderation"])


@router.get("/sanctions")
async def list_sanctions(
    moderation: ModerationDep, moderator: Moderator, user_id: UUID | None = None, active: bool = True
) -> Sanctions:
    async with moderation.db.transaction() as tx:
        return await service.listed(tx, moderation.clock, user_id=user_id, only_active=active)


@router.post("/sanctions", status_code=201)
async def impose_sanction(form: SanctionIn, moderation: ModerationDep, moderator: Moderator) -> Sanction:
    async with moderation.db.transaction() as tx:
        return await service.impose(tx, moderation.clock, moderation.sanctions, moderator, form)


@router.post("/sanctions/{sanction_id}/lift")
async def lift_sanction(
    sanction_id: UUID, form: Lift, moderation: ModerationDep, moderator: Moderator
) -> Sanction:
    async with moderation.db.transaction() as tx:
        return await service.lift(
            tx, moderation.clock, moderation.sanctions, moderator, sanction_id, form.reason
        )


@router.get("/users/{user_id}")
async def get_offender(user_id: UUID, moderation: ModerationDep, moderator: Moderator) -> Offender:
    async with moderation.db.transaction() as tx:
        return await service.offender(tx, moderation.clock, user_id)
