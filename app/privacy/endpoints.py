"""/api/account: what is stored about oneself, and the end of it."""

import orjson
from fastapi import APIRouter, Request, Response

from app.core.http import CurrentUser, DatabaseDep, ServicesDep
from app.identity.endpoints import network_address
from app.identity.guard import LoginGuard
from app.identity.service import COOKIE
from app.privacy import repository, service
from app.privacy.schemas import Deletion, DeletionIn
from commerce.deps import CommerceDep

router = APIRouter(prefix="/api/account", tags=["identity"])


@router.get("/export")
async def export(user: CurrentUser, db: DatabaseDep, commerce: CommerceDep) -> Response:
    """A JSON file of everything that is stored about who asks."""
    async with db.transaction() as tx:
        document = await service.export(tx, commerce.vault, user.user_id)
    return Response(
        orjson.dumps(document, option=orjson.OPT_INDENT_2),
        media_type="application/json",
        headers={"Content-Disposition": 'attachment; filename="shopcast-data.json"'},
    )


@router.get("/deletion")
async def may_delete(user: CurrentUser, db: DatabaseDep) -> Deletion:
    """What stands in the way of deleting the account."""
    async with db.transaction() as tx:
        return Deletion.model_validate({"obstacles": await repository.obstacles(tx, user.user_id)})


@router.post("/deletion", status_code=204)
async def delete(
    form: DeletionIn, user: CurrentUser, request: Request, response: Response, services: ServicesDep
) -> None:
    """Delete the account: it cannot be undone."""
    guard = LoginGuard(services.redis, str(user.user_id), network_address(request))
    await service.delete(services, user.user_id, form.password, guard)
    response.delete_cookie(COOKIE, path="/")
