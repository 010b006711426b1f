"""Red packets over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import HTTPConnection

from app.core.http import CurrentUser, DatabaseDep, ServicesDep
from app.engagement.red_packets import service
from app.engagement.red_packets.schemas import (
    Claimed,
    NewRedPacket,
    RedPacket,
    RedPacketDetail,
    RedPacketList,
)
from app.engagement.red_packets.service import RedPacketDesk

router = APIRouter(prefix="/api", tags=["engagement"])


def _desk(connection: HTTPConnection) -> RedPacketDesk:
    found: RedPacketDesk = connection.app.state.red_packets
    return found


@router.post("/rooms/{room_id}/red-packets", status_code=201)
async def give_red_packet(
    room_id: UUID, form: NewRedPacket, user: CurrentUser, services: ServicesDep
) -> RedPacket:
    return await service.give(services.db, services.clock, user, room_id, form)


@router.get("/rooms/{room_id}/red-packets")
async def red_packets(room_id: UUID, db: DatabaseDep) -> RedPacketList:
    async with db.transaction() as tx:
        return RedPacketList(items=await service.of_room(tx, room_id))


@router.get("/red-packets/{packet_id}")
async def red_packet(packet_id: UUID, db: DatabaseDep) -> RedPacketDetail:
    async with db.transaction() as tx:
        return await service.detail(tx, packet_id)


@router.post("/red-packets/{packet_id}/claim")
async def claim_red_packet(
    packet_id: UUID, user: CurrentUser, desk: Annotated[RedPacketDesk, Depends(_desk)]
) -> Claimed:
    return await desk.claim(user.user_id, packet_id)
