"""A live room and a crowd."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from app.core.auth import Principal, Role
from app.core.http import Services
from app.core.ids import new_id
from app.rooms import service as rooms
from tests.builders import create_room
from tests.conftest import User

Crowd = Callable[[int], Awaitable[list[Principal]]]


@pytest.fixture
async def room_id(services: Services, host: User) -> UUID:
    room_id = await create_room(services, host.principal, [])
    await rooms.start(services.db, services.clock, host.principal, room_id)
    return room_id


@pytest.fixture
def crowd(services: Services) -> Crowd:
    """Makes many users at once."""

    async def make(count: int) -> list[Principal]:
        people = [Principal(new_id(), f"观众{number}", frozenset({Role.VIEWER})) for number in range(count)]
        async with services.db.transaction() as tx:
            await tx.execute(
                """INSERT INTO users (id, email, display_name, password_hash, created_at)
                   SELECT id, id || '@shop.test', name, 'x', now()
                   FROM unnest(%s::uuid[], %s::text[]) AS made(id, name)""",
                ([person.user_id for person in people], [person.display_name for person in people]),
            )
        return people

    return make
