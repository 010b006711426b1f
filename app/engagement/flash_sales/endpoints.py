"""Flash sales of a room over HTTP."""

from uuid import UUID

from fastapi import APIRouter

from app.core.http import CurrentUser, ServicesDep
from app.engagement.flash_sales import service
from app.engagement.flash_sales.schemas import FlashSale, FlashSaleList, NewFlashSale

router = APIRouter(prefix="/api", tags=["engagement"])


@router.post("/rooms/{room_id}/flash-sales", status_code=201)
async def begin_flash_sale(
    room_id: UUID, form: NewFlashSale, user: CurrentUser, services: ServicesDep
) -> FlashSale:
    return await service.begin(services.db, services.clock, user, room_id, form)


@router.get("/rooms/{room_id}/flash-sales")
async def flash_sales(room_id: UUID, services: ServicesDep) -> FlashSaleList:
    async with services.db.transaction() as tx:
        return FlashSaleList(items=await service.of_room(tx, services.clock, room_id))


@router.post("/flash-sales/{sale_id}/end")
async def end_flash_sale(sale_id: UUID, user: CurrentUser, services: ServicesDep) -> FlashSale:
    return await service.stop(services.db, services.clock, user, sale_id)
