"""Rooms over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, UploadFile

from app.core.auth import Principal, Role
from app.core.door import EntryDep
from app.core.http import CurrentUser, OptionalUser, ServicesDep, require
from app.core.naming import NamesDep
from app.rooms import access, covers, heard, here, pins, repository, sales, service, snapshot
from app.rooms.here import People
from app.rooms.schemas import (
    Cue,
    Explanation,
    Explanations,
    NewRoom,
    Pin,
    PinRequest,
    Queue,
    QueueChange,
    Room,
    RoomChange,
    RoomList,
    RoomStatus,
    RoomTokens,
    Segment,
    Transcript,
)
from app.rooms.snapshot import Snapshot
from commerce.catalog import pictures
from commerce.deps import CommerceDep

router = APIRouter(prefix="/api/rooms", tags=["rooms"])

HostUser = Annotated[Principal, Depends(require(Role.HOST))]


@router.get("")
async def list_rooms(
    services: ServicesDep,
    status: Annotated[list[RoomStatus], Query()] = ["live", "scheduled"],  # noqa: B006
) -> RoomList:
    async with services.db.transaction() as tx:
        rows = await repository.rooms(tx, statuses=status)
    return RoomList(items=await service.present(services.redis, rows))


@router.post("", status_code=201)
async def create_room(form: NewRoom, user: HostUser, services: ServicesDep, names: NamesDep) -> Room:
    row = await service.create(services.db, services.clock, user, form, names=names)
    return (await service.present(services.redis, [row]))[0]


@router.get("/mine")
async def my_rooms(user: CurrentUser, services: ServicesDep) -> RoomList:
    async with services.db.transaction() as tx:
        rows = await repository.rooms(tx, statuses=["live", "scheduled", "ended"], host_id=user.user_id)
    return RoomList(items=await service.present(services.redis, rows))


@router.get("/{room_id}")
async def get_room(room_id: UUID, services: ServicesDep) -> Room:
    async with services.db.transaction() as tx:
        row = await service.get(tx, room_id)
    return (await service.present(services.redis, [row]))[0]


@router.patch("/{room_id}")
async def change_room(
    room_id: UUID, form: RoomChange, user: CurrentUser, services: ServicesDep, names: NamesDep
) -> Room:
    row = await service.change(services.db, user, room_id, form, names=names)
    return (await service.present(services.redis, [row]))[0]


@router.put("/{room_id}/cover")
async def change_cover(
    room_id: UUID, picture: UploadFile, user: CurrentUser, services: ServicesDep, commerce: CommerceDep
) -> Room:
    """JPEG, PNG or WebP up to 10 MB; without one a picture of the stream is taken."""
    content = await picture.read(pictures.MAX_BYTES + 1)
    row = await covers.upload(services.db, commerce.pictures, user, room_id, content)
    return (await service.present(services.redis, [row]))[0]


@router.get("/{room_id}/orders")
async def room_orders(room_id: UUID, user: CurrentUser, services: ServicesDep) -> list[sales.OrderSummary]:
    """The newest orders, for the room's host and staff."""
    return await sales.newest_orders(services.db, user, room_id)


@router.get("/{room_id}/people")
async def people_here(room_id: UUID, services: ServicesDep) -> People:
    """Who is in the room now: some of those with an account, and how many there are in all."""
    return await here.people(services.db, services.redis, room_id)


@router.post("/{room_id}/start")
async def start_room(room_id: UUID, user: CurrentUser, services: ServicesDep) -> Room:
    row = await service.start(services.db, services.clock, user, room_id)
    return (await service.present(services.redis, [row]))[0]


@router.post("/{room_id}/end")
async def end_room(room_id: UUID, user: CurrentUser, services: ServicesDep) -> Room:
    row = await service.end(services.db, services.clock, user, room_id)
    return (await service.present(services.redis, [row]))[0]


@router.get("/{room_id}/snapshot")
async def room_snapshot(room_id: UUID, user: OptionalUser, services: ServicesDep) -> Snapshot:
    return await snapshot.take(services, room_id, user)


@router.put("/{room_id}/products")
async def set_queue(room_id: UUID, form: QueueChange, user: CurrentUser, services: ServicesDep) -> Queue:
    return Queue(
        products=await service.set_queue(services.db, services.clock, user, room_id, form.product_ids)
    )


@router.post("/{room_id}/pins", status_code=201)
async def pin(room_id: UUID, form: PinRequest, user: CurrentUser, services: ServicesDep) -> Pin:
    return await pins.pin_by_hand(services.db, services.clock, user, room_id, form.product_id)


@router.delete("/{room_id}/pins/{product_id}", status_code=204)
async def unpin(room_id: UUID, product_id: UUID, user: CurrentUser, services: ServicesDep) -> None:
    await pins.unpin(services.db, services.clock, user, room_id, product_id)


@router.post("/{room_id}/suggestions/{suggestion_id}/accept")
async def accept_suggestion(
    room_id: UUID, suggestion_id: UUID, user: CurrentUser, services: ServicesDep
) -> Pin:
    return await pins.accept(services.db, services.clock, user, room_id, suggestion_id)


@router.post("/{room_id}/suggestions/{suggestion_id}/dismiss", status_code=204)
async def dismiss_suggestion(
    room_id: UUID, suggestion_id: UUID, user: CurrentUser, services: ServicesDep
) -> None:
    await pins.dismiss(services.db, services.clock, user, room_id, suggestion_id)


@router.post("/{room_id}/cues/{cue_id}/apply")
async def apply_cue(room_id: UUID, cue_id: UUID, user: CurrentUser, services: ServicesDep) -> Cue:
    """The spoken price becomes the product's price in this room."""
    return await heard.apply_price(services.db, services.clock, user, room_id, cue_id)


@router.post("/{room_id}/cues/{cue_id}/dismiss", status_code=204)
async def dismiss_cue(room_id: UUID, cue_id: UUID, user: CurrentUser, services: ServicesDep) -> None:
    async with services.db.transaction() as tx:
        await heard.decide(tx, services.clock, user, room_id, cue_id, "dismissed")


@router.get("/{room_id}/explanations")
async def explanations(room_id: UUID, services: ServicesDep) -> Explanations:
    """Which product was explained when, and in which words."""
    async with services.db.transaction() as tx:
        await service.get(tx, room_id)
        rows = await repository.explanations(tx, room_id)
    return Explanations(items=[Explanation.model_validate(row) for row in rows])


@router.post("/{room_id}/tokens")
async def room_tokens(
    room_id: UUID, request: Request, user: OptionalUser, services: ServicesDep, entry: EntryDep
) -> RoomTokens:
    await entry.enter(user.user_id if user else None, room_id)
    async with services.db.transaction() as tx:
        room = await service.get(tx, room_id)
    return access.grant(services, request.app.state.settings, room, user, str(request.base_url))


@router.get("/{room_id}/transcript")
async def transcript(
    room_id: UUID,
    services: ServicesDep,
    contains: Annotated[str | None, Query(max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
) -> Transcript:
    """What the host said, oldest first; `contains` searches it."""
    async with services.db.transaction() as tx:
        await service.get(tx, room_id)
        rows = await repository.transcript(tx, room_id, contains=contains, limit=limit)
    return Transcript(items=[Segment.model_validate(row) for row in rows])
