"""The media role: WHIP in, WHEP out, the tap."""

import socket

from app.adapters.bans import Bans
from app.adapters.recordings import PinWindows, RecordingReports, SalesRetention
from app.adapters.stream_events import RoomStreamEvents
from app.core.http import Services
from app.roles import heartbeat
from app.roles.process import serve
from app.runtime import open_services
from app.settings import Settings
from media.config import HlsConfig, MediaConfig, RecordingConfig
from media.engines.embedded.engine import EmbeddedConfig
from media.engines.janus.engine import JanusConfig
from media.hls.live import Limits
from media.renditions.ladder import ladder
from media.server import create_app
from media.signalling import IceServer


async def run(settings: Settings) -> None:
    """Serve until cancelled."""
    async with (
        open_services(settings, pool_size=3) as services,
        Bans.open(services.db, services.clock, services.tokens) as bans,
    ):
        config = MediaConfig(
            engine=_engine(settings),
            ice_servers=[IceServer(url) for url in settings.ice_servers],
            rtmp=(settings.bind, settings.rtmp_port) if settings.rtmp_port is not None else None,
            hls=HlsConfig(limits=Limits(window_s=settings.hls_window_s)) if settings.hls else None,
            renditions=ladder(settings.renditions),
            frame_interval_s=settings.frame_interval_s,
            node=settings.media_node or f"{socket.gethostname()}:{settings.media_port}",
            node_url=settings.media_node_url,
        )
        app = create_app(
            config,
            tokens=bans,
            redis=services.redis,
            events=RoomStreamEvents(services.db, services.clock),
            recording=_recording(settings, services) if settings.hls and settings.record else None,
            forbids=bans.forbids,
        )
        await serve(app, settings.bind, settings.media_port, heartbeat.beating(services.redis, "media"))


def _engine(settings: Settings) -> EmbeddedConfig | JanusConfig:
    if settings.media_engine == "janus":
        secret = settings.janus_api_secret
        return JanusConfig(
            settings.janus_url,
            secret.get_secret_value() if secret is not None else None,
            tap_host=settings.janus_tap_host,
            max_viewers=settings.media_max_viewers,
        )
    return EmbeddedConfig(
        udp_port=settings.media_port,
        advertised_hosts=settings.media_hosts,
        max_viewers=settings.media_max_viewers,
    )


def _recording(settings: Settings, services: Services) -> RecordingConfig:
    return RecordingConfig(
        root=settings.data_dir / "recordings",
        windows=PinWindows(services.db),
        events=RecordingReports(services.bus),
        retention=SalesRetention(
            services.db,
            days=settings.recording_days,
            days_with_orders=settings.recording_days_with_orders,
        ),
    )
