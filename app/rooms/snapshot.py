"""A room as it stands: what late joiners get at once."""

from uuid import UUID

from app.chat import service as chat
from app.core.auth import Principal
from app.core.events import room_topic, staff_topic, user_topic
from app.core.http import Services
from app.rooms import heard, repository, service
from app.rooms.schemas import Pin, Snapshot, Suggestion

MESSAGES = 50


async def take(services: Services, room_id: UUID, user: Principal | None) -> Snapshot:
    """The whole state for `user`, or a guest; raises RoomNotFound.

    The cursors are read first: what happens while the rest is read comes once more as an event,
    and applying an event twice changes nothing.
    """
    async with services.db.transaction() as tx:
        room = await service.get(tx, room_id)
    staff = service.is_staff(user, room["host_id"])
    topics = [room_topic(room_id)]
    if staff:
        topics.append(staff_topic(room_id))
    if user:
        topics.append(user_topic(user.user_id))
    cursors = {topic: await services.bus.head(topic) for topic in topics}
    async with services.db.transaction() as tx:
        room = await service.get(tx, room_id)
        products = await service.queue(tx, services.clock, room_id)
        pins = await repository.current_pins(tx, room_id)
        suggestions = await repository.open_suggestions(tx, room_id) if staff else []
        cues = await heard.open_cues(tx, services.clock, room_id) if staff else []
        messages = await chat.history(tx, room_id, limit=MESSAGES)
    [shown] = await service.present(services.redis, [room])
    return Snapshot(
        room=shown,
        products=products,
        pins=[Pin.model_validate(pin | ({} if staff else {"evidence": None})) for pin in pins],
        suggestions=[Suggestion.model_validate(row) for row in suggestions],
        cues=cues,
        messages=messages,
        stats=shown.stats,
        cursors=cursors,
        staff=staff,
    )
