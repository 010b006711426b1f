"""The gateway role: chat, pins and counters to every viewer."""

import asyncio
import resource

from app.adapters.bans import READ_EVERY_S, Bans
from app.adapters.chat_screening import ChatScreener
from app.adapters.meaning import open_aside
from app.adapters.moderation import open_moderation
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
        open_aside(settings, services.db) as aside,
        Bans.open(services.db, services.clock, services.tokens) as bans,
        Chat.open(
            services.db, services.bus, services.clock, ChatScreener(open_moderation(services), aside)
        ) as chat,
        Gateway.open(
            services.bus,
            services.db,
            services.clock,
            bans,
            chat,
            RedPacketDesk(services.db, services.clock),
            options,
        ) as gateway,
        heartbeat.beating(services.redis, "gateway"),
    ):
        while True:
            await asyncio.sleep(READ_EVERY_S)
            gateway.exclude(bans.forbids)
