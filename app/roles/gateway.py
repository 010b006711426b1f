"""The gateway role: chat, pins and counters to every viewer."""

import asyncio
import resource

from app.adapters.moderation import ChatScreener, text_screen
from app.chat.posting import Chat
from app.gateway.server import Gateway, GatewayOptions
from app.roles import heartbeat
from app.runtime import open_services
from app.settings import Settings


async def run(settings: Settings) -> None:
    """Serve until cancelled, then send everybody away in good order."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    options = GatewayOptions(
        host=settings.bind,
        port=settings.gateway_port,
        origins=settings.allowed_origins,
        chat_per_s=settings.chat_per_s,
    )
    screen = await asyncio.to_thread(text_screen)
    async with (
        open_services(settings) as services,
        Chat.open(services.db, services.bus, services.clock, ChatScreener(screen, services.clock)) as chat,
        Gateway.open(services.bus, services.db, services.tokens, chat, options),
        heartbeat.beating(services.redis, "gateway"),
    ):
        await asyncio.Event().wait()
