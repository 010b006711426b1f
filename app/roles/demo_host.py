"""The demo host's process."""

from app.demo import host
from app.roles import heartbeat
from app.runtime import open_services
from app.settings import Settings


async def run(settings: Settings) -> None:
    """Be live until cancelled."""
    async with (
        open_services(settings, pool_size=1) as services,
        heartbeat.beating(services.redis, "demo-host"),
    ):
        await host.run(settings)
