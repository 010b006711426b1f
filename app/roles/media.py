"""The media role: WHIP in, WHEP out, the tap."""

from app.adapters.stream_events import RoomStreamEvents
from app.roles import heartbeat
from app.roles.process import serve
from app.runtime import open_services
from app.settings import Settings
from media.engines.embedded.engine import EmbeddedConfig
from media.server import MediaConfig, create_app
from media.signalling import IceServer


async def run(settings: Settings) -> None:
    """Serve until cancelled."""
    async with open_services(settings, pool_size=3) as services:
        config = MediaConfig(
            engine=EmbeddedConfig(udp_port=settings.media_port, advertised_hosts=settings.media_hosts),
            ice_servers=[IceServer(url) for url in settings.ice_servers],
        )
        app = create_app(
            config,
            tokens=services.tokens,
            redis=services.redis,
            events=RoomStreamEvents(services.db, services.clock),
        )
        async with heartbeat.beating(services.redis, "media"):
            await serve(app, settings.bind, settings.media_port)
