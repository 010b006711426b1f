"""Dropped coupons over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import HTTPConnection

from app.core.http import CurrentUser, DatabaseDep, ServicesDep
from app.engagement.coupon_drops import service
from app.engagement.coupon_drops.schemas import ClaimedCoupon, CouponDrop, CouponDropList, NewCouponDrop
from app.engagement.coupon_drops.service import CouponDropDesk

router = APIRouter(prefix="/api", tags=["engagement"])


async def _desk(connection: HTTPConnection) -> CouponDropDesk:
    found: CouponDropDesk = connection.app.state.coupon_drops
    return found


@router.post("/rooms/{room_id}/coupon-drops", status_code=201)
async def drop_coupons(
    room_id: UUID, form: NewCouponDrop, user: CurrentUser, services: ServicesDep
) -> CouponDrop:
    return await service.drop(services.db, services.clock, user, room_id, form)


@router.get("/rooms/{room_id}/coupon-drops")
async def coupon_drops(room_id: UUID, db: DatabaseDep) -> CouponDropList:
    async with db.transaction() as tx:
        return CouponDropList(items=await service.of_room(tx, room_id))


@router.get("/rooms/{room_id}/coupon-drops/mine")
async def my_coupons(room_id: UUID, user: CurrentUser, db: DatabaseDep) -> list[ClaimedCoupon]:
    async with db.transaction() as tx:
        return await service.mine(tx, room_id, user.user_id)


@router.post("/coupon-drops/{drop_id}/claim")
async def claim_coupon(
    drop_id: UUID, user: CurrentUser, desk: Annotated[CouponDropDesk, Depends(_desk)]
) -> ClaimedCoupon:
    return await desk.claim(user.user_id, drop_id)
