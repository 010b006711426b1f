"""Reports over HTTP."""

from fastapi import APIRouter

from app.core.http import CurrentUser

from ..deps import ModerationDep
from . import service
from .service import Reported, ReportIn

router = APIRouter(prefix="/api/reports", tags=["moderation"])


@router.post("", status_code=201)
async def report(form: ReportIn, user: CurrentUser, moderation: ModerationDep) -> Reported:
    async with moderation.db.transaction() as tx:
        return await service.report(tx, moderation.clock, moderation.reportables, user, form)
