"""Insights over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from starlette.requests import HTTPConnection

from app.core.http import CurrentUser, OptionalUser, ServicesDep
from app.insights import service
from app.insights.schemas import Insights, Reported
from app.insights.service import Collector

router = APIRouter(prefix="/api/rooms", tags=["insights"])


def _collector(connection: HTTPConnection) -> Collector:
    found: Collector = connection.app.state.collector
    return found


@router.post("/{room_id}/audience-events", status_code=202)
async def report(
    room_id: UUID,
    form: Reported,
    user: OptionalUser,
    collector: Annotated[Collector, Depends(_collector)],
) -> None:
    await collector.collect(room_id, user, form)


@router.get("/{room_id}/insights")
async def insights(room_id: UUID, user: CurrentUser, services: ServicesDep) -> Insights:
    return await service.get(services.db, services.clock, user, room_id)


@router.get("/{room_id}/insights/windows.csv", response_class=Response)
async def windows_csv(room_id: UUID, user: CurrentUser, services: ServicesDep) -> Response:
    found = await service.get(services.db, services.clock, user, room_id)
    return Response(
        service.windows_csv(found),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": 'attachment; filename="windows.csv"'},
    )
