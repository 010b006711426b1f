"""The web role: the API and the web client."""

from app.adapters.shop import open_shop
from app.roles import heartbeat
from app.roles.process import serve
from app.runtime import open_services
from app.settings import Settings
from app.web.app import create_app

POOL_SIZE = 20


async def run(settings: Settings) -> None:
    """Serve until cancelled."""
    async with (
        open_services(settings, pool_size=POOL_SIZE) as services,
        open_shop(services, settings) as shop,
    ):
        app = create_app(services, settings, shop)
        await serve(app, settings.bind, settings.web_port, heartbeat.beating(services.redis, "web"))
