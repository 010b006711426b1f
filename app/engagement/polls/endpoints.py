"""Polls over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from starlette.requests import HTTPConnection

from app.core.http import CurrentUser, DatabaseDep, ServicesDep
from app.engagement.polls import service
from app.engagement.polls.service import NewPoll, Poll, PollDesk, PollList

router = APIRouter(prefix="/api", tags=["engagement"])


class Choice(BaseModel):
    option: int


def _desk(connection: HTTPConnection) -> PollDesk:
    found: PollDesk = connection.app.state.polls
    return found


@router.post("/rooms/{room_id}/polls", status_code=201)
async def ask(room_id: UUID, form: NewPoll, user: CurrentUser, services: ServicesDep) -> Poll:
    return await service.ask(services.db, services.clock, user, room_id, form)


@router.get("/rooms/{room_id}/polls")
async def polls(room_id: UUID, db: DatabaseDep) -> PollList:
    async with db.transaction() as tx:
        return PollList(items=await service.of_room(tx, room_id))


@router.post("/polls/{poll_id}/vote")
async def vote(
    poll_id: UUID, form: Choice, user: CurrentUser, desk: Annotated[PollDesk, Depends(_desk)]
) -> Poll:
    return await desk.vote(user, poll_id, form.option)
