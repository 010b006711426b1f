"""Following over HTTP."""

from uuid import UUID

from fastapi import APIRouter

from app.core.http import ClockDep, CurrentUser, DatabaseDep, OptionalUser
from app.engagement.follows import service
from app.engagement.follows.service import FollowChange, Following

router = APIRouter(prefix="/api/hosts", tags=["engagement"])


@router.get("/{host_id}/follow")
async def following(host_id: UUID, user: OptionalUser, db: DatabaseDep) -> Following:
    return await service.get(db, user.user_id if user else None, host_id)


@router.put("/{host_id}/follow")
async def follow(
    host_id: UUID, user: CurrentUser, db: DatabaseDep, clock: ClockDep, form: FollowChange | None = None
) -> Following:
    return await service.follow(db, clock, user.user_id, host_id, by_email=bool(form and form.by_email))


@router.delete("/{host_id}/follow")
async def unfollow(host_id: UUID, user: CurrentUser, db: DatabaseDep) -> Following:
    return await service.unfollow(db, user.user_id, host_id)
