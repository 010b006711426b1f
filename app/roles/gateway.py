"""The gateway role: chat, pins and counters to every viewer."""

import asyncio
import resource

from app.adapters.moderation import ChatScreener, open_moderation
from app.chat.posting import Chat
from app.engagement.red_packets.service import RedPacketDesk
from app.gateway.server import Gateway, GatewayOptions
from app.roles import heartbeat
from app.roles.process import calm_garbage_collection
from app.runtime import open_services
from app.settings import Settings
from moderation.text import default_screen


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
    await asyncio.to_thread(default_screen)  # takes a second: not while chat waits
    calm_garbage_collection()
    async with (
        open_services(settings) as services,
        Chat.open(services.db, services.bus, services.clock, ChatScreener(open_moderation(services))) as chat,
        Gateway.open(
            services.bus,
            services.db,
            services.clock,
            services.tokens,
            chat,
            RedPacketDesk(services.db, services.clock),
            options,
        ),
        heartbeat.beating(services.redis, "gateway"),
    ):
        await asyncio.Event().wait()
