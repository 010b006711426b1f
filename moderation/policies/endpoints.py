"""The policy over HTTP: moderators read it, admins change it."""

from fastapi import APIRouter

from ..deps import Admin, ModerationDep, Moderator
from . import service
from .schemas import DryRun, PolicyBody, PolicyChange, PolicyHistory, PolicyVersion

router = APIRouter(prefix="/api/moderation/policy", tags=["moderation"])


@router.get("")
async def get_policy(moderation: ModerationDep, moderator: Moderator) -> PolicyVersion:
    async with moderation.db.transaction() as tx:
        return await service.current(tx)


@router.put("")
async def change_policy(form: PolicyChange, moderation: ModerationDep, admin: Admin) -> PolicyVersion:
    async with moderation.db.transaction() as tx:
        return await service.change(tx, moderation.clock, admin, form)


@router.get("/versions")
async def policy_versions(moderation: ModerationDep, moderator: Moderator) -> PolicyHistory:
    async with moderation.db.transaction() as tx:
        return await service.history(tx)


@router.get("/versions/{version}")
async def policy_version(version: int, moderation: ModerationDep, moderator: Moderator) -> PolicyVersion:
    async with moderation.db.transaction() as tx:
        return await service.get(tx, version)


@router.post("/dry-run")
async def dry_run(form: PolicyBody, moderation: ModerationDep, admin: Admin) -> DryRun:
    """What the table would have done to the last day's texts."""
    async with moderation.db.transaction() as tx:
        return await service.dry_run(tx, moderation.clock, moderation.screen, moderation.past, form)
