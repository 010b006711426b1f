"""Show scripts over HTTP."""

from uuid import UUID

from fastapi import APIRouter

from app.core.http import CurrentUser, ServicesDep
from app.scripts import service
from app.scripts.schemas import Begin, Script, ScriptChange

router = APIRouter(prefix="/api/rooms", tags=["scripts"])


@router.get("/{room_id}/script")
async def script(room_id: UUID, user: CurrentUser, services: ServicesDep) -> Script:
    """What was planned, and beside it what really happened."""
    return await service.get(services, user, room_id)


@router.put("/{room_id}/script")
async def write_script(room_id: UUID, form: ScriptChange, user: CurrentUser, services: ServicesDep) -> Script:
    return await service.write(services, user, room_id, form.steps)


@router.post("/{room_id}/script/begin")
async def begin_step(room_id: UUID, form: Begin, user: CurrentUser, services: ServicesDep) -> Script:
    return await service.begin(services, user, room_id, form.step_id)
