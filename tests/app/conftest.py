"""A room and who hosts it."""

from uuid import UUID

import pytest

from app.core.auth import Role
from app.core.http import Services
from tests.builders import create_room
from tests.conftest import LogIn, User


@pytest.fixture
async def host(log_in: LogIn) -> User:
    return await log_in(Role.HOST, name="小美")


@pytest.fixture
async def room_id(services: Services, host: User) -> UUID:
    return await create_room(services, host.principal, [])
