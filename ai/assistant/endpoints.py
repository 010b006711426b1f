"""/api/assistant: the hand-over inbox, traces, feedback, what could not be answered"""

from dataclasses import asdict, dataclass
from typing import Annotated, Any, Protocol
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.requests import HTTPConnection

from ai.assistant import desk, repository, status, worker
from ai.assistant.desk import AnswerChannel, QuestionNotFound
from ai.assistant.schemas import (
    AssistantStatus,
    FaqIn,
    FaqOut,
    Feedback,
    Handover,
    Handovers,
    HandoverStatus,
    ProcessStatusOut,
    RoomSettings,
    StaffReply,
    Trace,
    Unanswered,
    UnansweredPage,
    Viewer,
)
from app.core.auth import Principal, Role
from app.core.db import Tx
from app.core.errors import Forbidden
from app.core.http import ClockDep, CurrentUser, DatabaseDep, RedisDep, require
from app.core.ids import new_id

router = APIRouter(prefix="/api/assistant", tags=["assistant"])

Staff = Annotated[Principal, Depends(require(Role.MODERATOR, Role.MERCHANT))]
PAGE = 100


class RoomStaff(Protocol):
    async def may_manage(self, tx: Tx, user: Principal, room_id: UUID) -> bool:
        """Whether `user` is the room's host or staff of the shop."""
        ...


@dataclass(frozen=True, slots=True)
class AssistantPorts:
    """What the platform supplies, on `app.state.assistant`."""

    channel: AnswerChannel
    staff: RoomStaff


async def _ports(connection: HTTPConnection) -> AssistantPorts:
    found: AssistantPorts = connection.app.state.assistant
    return found


Ports = Annotated[AssistantPorts, Depends(_ports)]


async def _require(ports: AssistantPorts, tx: Tx, user: Principal, room_id: UUID) -> None:
    if not await ports.staff.may_manage(tx, user, room_id):
        raise Forbidden


@router.get("/handovers")
async def list_handovers(
    db: DatabaseDep,
    user: CurrentUser,
    ports: Ports,
    room_id: UUID | None = None,
    status: HandoverStatus = "open",
    limit: Annotated[int, Query(ge=1, le=PAGE)] = PAGE,
) -> Handovers:
    """Of one room for its host; of every room for moderators and merchants."""
    async with db.transaction() as tx:
        if room_id is not None:
            await _require(ports, tx, user, room_id)
        elif not user.has(Role.MODERATOR, Role.MERCHANT):
            raise Forbidden
        rows = await repository.handovers(tx, room_id, status, limit)
    return Handovers(items=[_handover(row) for row in rows])


@router.post("/handovers/{handover_id}/reply")
async def reply(
    handover_id: UUID, body: StaffReply, db: DatabaseDep, user: CurrentUser, clock: ClockDep, ports: Ports
) -> Handover:
    """Answer a viewer in one's own name; closes the question."""
    async with db.transaction() as tx:
        await _require(ports, tx, user, (await desk.open_handover(tx, handover_id))["room_id"])
        row = await desk.reply(tx, ports.channel, handover_id, user.user_id, body.text, clock.now())
    return _handover(row)


@router.post("/handovers/{handover_id}/dismiss")
async def dismiss(
    handover_id: UUID, db: DatabaseDep, user: CurrentUser, clock: ClockDep, ports: Ports
) -> Handover:
    async with db.transaction() as tx:
        await _require(ports, tx, user, (await desk.open_handover(tx, handover_id))["room_id"])
        row = await desk.dismiss(tx, handover_id, user.user_id, clock.now())
    return _handover(row)


@router.get("/questions/{message_id}")
async def trace(message_id: UUID, db: DatabaseDep, user: CurrentUser, ports: Ports) -> Trace:
    """What was said to a message, from which facts, by which steps; for the host and staff."""
    async with db.transaction() as tx:
        row = await repository.question(tx, message_id)
        if row is None:
            raise QuestionNotFound
        await _require(ports, tx, user, row["room_id"])
    return Trace.model_validate(row)


@router.put("/questions/{message_id}/feedback", status_code=204)
async def feedback(
    message_id: UUID, body: Feedback, db: DatabaseDep, user: CurrentUser, clock: ClockDep
) -> None:
    """Helpful or not; of a private answer only its asker can tell."""
    async with db.transaction() as tx:
        row = await repository.question(tx, message_id)
        if row is None or (row["private"] and row["viewer_id"] != user.user_id):
            raise QuestionNotFound
        await repository.add_feedback(tx, message_id, user.user_id, body.helpful, clock.now())


@router.get("/status")
async def assistant_status(
    redis: RedisDep,
    user: Annotated[Principal, Depends(require(Role.MODERATOR, Role.MERCHANT, Role.ADMIN))],
) -> AssistantStatus:
    """Who answers, whether its language model works, and how many questions wait."""
    rows = [ProcessStatusOut.model_validate(asdict(row)) for row in await status.processes(redis)]
    return AssistantStatus(processes=rows, waiting=await worker.waiting(redis))


@router.get("/unanswered")
async def list_unanswered(
    db: DatabaseDep, user: Staff, limit: Annotated[int, Query(ge=1, le=PAGE)] = PAGE
) -> UnansweredPage:
    async with db.transaction() as tx:
        rows = await repository.unanswered(tx, limit)
    return UnansweredPage(items=[Unanswered.model_validate(row) for row in rows])


@router.post("/faq", status_code=201)
async def add_faq(body: FaqIn, db: DatabaseDep, user: Staff, clock: ClockDep) -> FaqOut:
    """From now on this question is answered so."""
    faq_id = new_id()
    async with db.transaction() as tx:
        if body.from_message_id and await repository.question(tx, body.from_message_id) is None:
            raise QuestionNotFound
        await repository.add_faq(
            tx,
            faq_id,
            body.question,
            body.answer,
            body.product_id,
            body.from_message_id,
            user.user_id,
            clock.now(),
        )
    return FaqOut(id=faq_id, **body.model_dump())


@router.get("/rooms/{room_id}/settings")
async def room_settings(room_id: UUID, db: DatabaseDep, user: CurrentUser, ports: Ports) -> RoomSettings:
    async with db.transaction() as tx:
        await _require(ports, tx, user, room_id)
        return RoomSettings.model_validate({"mode": await repository.mode(tx, room_id)})


@router.put("/rooms/{room_id}/settings")
async def change_room_settings(
    room_id: UUID, body: RoomSettings, db: DatabaseDep, user: CurrentUser, ports: Ports
) -> RoomSettings:
    async with db.transaction() as tx:
        await _require(ports, tx, user, room_id)
        await repository.set_mode(tx, room_id, body.mode)
    return body


def _handover(row: dict[str, Any]) -> Handover:
    viewer = Viewer(id=row["viewer_id"], display_name=row["viewer_name"])
    return Handover.model_validate({**row, "viewer": viewer})
