"""Who is excluded from the platform cannot log in, and yet appeals."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import StringConstraints

from app.core.errors import NotFound
from app.core.http import ServicesDep
from app.identity.endpoints import network_address
from app.identity.guard import LoginGuard
from app.identity.schemas import Credentials
from app.identity.service import check_password, principal
from moderation.appeals import service as appeals
from moderation.appeals.schemas import Appeal, AppealIn
from moderation.sanctions import service as sanctions

router = APIRouter(prefix="/api/auth", tags=["identity"])


class BannedAppeal(Credentials):
    """What somebody says against being excluded, with the password that would have let them in."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class NotBanned(NotFound):
    code = "not_banned"
    title = "This account is not excluded"


@router.post("/appeal", status_code=201)
async def appeal_ban(form: BannedAppeal, request: Request, services: ServicesDep) -> Appeal:
    guard = LoginGuard(services.redis, form.email, network_address(request))
    user = await check_password(services.db, guard, form)
    async with services.db.transaction() as tx:
        standing = await sanctions.active(tx, services.clock, user["id"])
        if standing.ban is None:
            raise NotBanned
        against = AppealIn(sanction_id=standing.ban.id, text=form.text)
        return await appeals.appeal(tx, services.clock, principal(user), against)
