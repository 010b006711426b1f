"""The gateway role: chat, pins and counters to every viewer."""

import asyncio

from app.chat.posting import Chat
from app.chat.screening import WordScreener
from app.gateway.server import Gateway, GatewayOptions
from app.roles import heartbeat
from app.runtime import open_services
from app.settings import Settings


async def run(settings: Settings) -> None:
    """Serve until cancelled, then send everybody away in good order."""
    options = GatewayOptions(host=settings.bind, port=settings.gateway_port)
    async with (
        open_services(settings) as services,
        Chat.open(services.db, services.bus, services.clock, WordScreener()) as chat,
        Gateway.open(services.bus, services.db, services.tokens, chat, options),
        heartbeat.beating(services.redis, "gateway"),
    ):
        await asyncio.Event().wait()
