"""Chat over HTTP: what was said before, and taking something back. Speaking goes over the gateway."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app.chat import service
from app.chat.schemas import History
from app.core.http import BusDep, ClockDep, CurrentUser, DatabaseDep

router = APIRouter(prefix="/api", tags=["chat"])


@router.get("/rooms/{room_id}/messages")
async def room_messages(
    room_id: UUID,
    db: DatabaseDep,
    before: UUID | None = None,
    q: Annotated[str | None, Query(min_length=1, max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = service.HISTORY_LIMIT,
) -> History:
    async with db.transaction() as tx:
        return History(items=await service.history(tx, room_id, before=before, words=q, limit=limit))


@router.delete("/messages/{message_id}", status_code=204)
async def delete_message(
    message_id: UUID, user: CurrentUser, db: DatabaseDep, bus: BusDep, clock: ClockDep
) -> None:
    await service.delete(db, bus, clock, user, message_id)
