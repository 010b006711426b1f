"""Insights over HTTP."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from starlette.requests import HTTPConnection

from app.core.http import CurrentUser, OptionalUser, ServicesDep
from app.insights import service
from app.insights.schemas import Form, Insights, ReportedEvents, Table
from app.insights.service import Collector

router = APIRouter(prefix="/api/rooms", tags=["insights"])


def _collector(connection: HTTPConnection) -> Collector:
    found: Collector = connection.app.state.collector
    return found


@router.post("/{room_id}/audience-events", status_code=202)
async def report(
    room_id: UUID,
    form: ReportedEvents,
    user: OptionalUser,
    collector: Annotated[Collector, Depends(_collector)],
) -> None:
    await collector.collect(room_id, user, form)


@router.get("/{room_id}/insights")
async def insights(room_id: UUID, user: CurrentUser, services: ServicesDep) -> Insights:
    return await service.get(services.db, services.clock, user, room_id)


@router.get("/{room_id}/insights/{table}.{form}", response_class=Response)
async def export(
    room_id: UUID, table: Table, form: Form, user: CurrentUser, services: ServicesDep
) -> Response:
    """One table of the report as CSV or Parquet."""
    from app.insights import exports  # brings polars, which no other request needs

    frame = await exports.table(services.db, services.clock, user, room_id, table)
    body, media_type = await asyncio.to_thread(exports.encode, frame, form)
    name = f"{table}-{room_id}.{form}"
    return Response(
        body, media_type=media_type, headers={"content-disposition": f'attachment; filename="{name}"'}
    )
