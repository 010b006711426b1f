"""Fortune bags over HTTP."""

from uuid import UUID

from fastapi import APIRouter

from app.core.http import CurrentUser, DatabaseDep, ServicesDep
from app.engagement.fortune_bags import service
from app.engagement.fortune_bags.schemas import (
    Entered,
    FortuneBag,
    FortuneBagDetail,
    FortuneBagList,
    NewFortuneBag,
)

router = APIRouter(prefix="/api", tags=["engagement"])


@router.post("/rooms/{room_id}/fortune-bags", status_code=201)
async def open_fortune_bag(
    room_id: UUID, form: NewFortuneBag, user: CurrentUser, services: ServicesDep
) -> FortuneBag:
    return await service.open_bag(services.db, services.clock, user, room_id, form)


@router.get("/rooms/{room_id}/fortune-bags")
async def fortune_bags(room_id: UUID, db: DatabaseDep) -> FortuneBagList:
    async with db.transaction() as tx:
        return FortuneBagList(items=await service.of_room(tx, room_id))


@router.get("/fortune-bags/{bag_id}")
async def fortune_bag(bag_id: UUID, db: DatabaseDep) -> FortuneBagDetail:
    async with db.transaction() as tx:
        return await service.detail(tx, bag_id)


@router.post("/fortune-bags/{bag_id}/enter")
async def enter_fortune_bag(bag_id: UUID, user: CurrentUser, services: ServicesDep) -> Entered:
    return await service.enter(services.db, services.redis, services.clock, user, bag_id)
