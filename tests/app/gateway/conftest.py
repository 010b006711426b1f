"""Gateways on real sockets, and the people of a room."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import pytest

from app.chat.limits import ChatPace
from app.chat.posting import Chat
from app.chat.screening import WordScreener
from app.core.auth import Role
from app.core.events import room_topic
from app.core.http import Services
from app.core.ids import new_id
from app.core.pace import Pace
from app.engagement.red_packets.service import RedPacketDesk
from app.gateway.server import Gateway, GatewayOptions
from tests.builders import create_room
from tests.conftest import LogIn, User

FAST = Pace(interval_ms=1, burst=1_000)
OpenGateway = Callable[..., AbstractAsyncContextManager[Gateway]]


@dataclass(frozen=True)
class Room:
    id: UUID
    host: User
    services: Services

    @property
    def topic(self) -> str:
        return room_topic(self.id)

    def token(self, subject: UUID | str | None = None, *, staff: bool = False) -> str:
        """A gateway token for `subject`, or a new guest."""
        subject = str(subject or f"guest-{new_id()}")
        return self.services.tokens.issue("gateway", subject, self.id, ttl_s=60, staff=staff)


@pytest.fixture
async def room(services: Services, log_in: LogIn) -> Room:
    host = await log_in(Role.HOST, name="小美")
    return Room(await create_room(services, host.principal, []), host, services)


@pytest.fixture
def open_gateway(services: Services) -> OpenGateway:
    """Opens a gateway on a free port; several may run at once over the same Redis."""

    @asynccontextmanager
    async def opened(pace: Pace = FAST, **options: object) -> AsyncIterator[Gateway]:
        screener = WordScreener(held=["微信"], flagged=["便宜"])
        settings = GatewayOptions(port=0, drain_s=0.0, **options)  # type: ignore[arg-type]
        async with (
            Chat.open(
                services.db, services.bus, services.clock, screener, ChatPace(services.redis, pace)
            ) as chat,
            Gateway.open(
                services.bus,
                services.db,
                services.clock,
                services.tokens,
                chat,
                RedPacketDesk(services.db, services.clock),
                settings,
            ) as gateway,
        ):
            yield gateway

    return opened
