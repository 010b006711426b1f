"""The payment sandbox, for development and demos: it signs like the real companies."""

from app.adapters.shop import commerce_config
from app.roles import heartbeat
from app.roles.process import serve
from app.runtime import open_services
from app.settings import Settings
from commerce.payments.sandbox.app import create_sandbox_app


async def run(settings: Settings) -> None:
    """Serve until cancelled."""
    app = create_sandbox_app(commerce_config(settings))
    async with open_services(settings, pool_size=1) as services:
        await serve(app, settings.bind, settings.sandbox_port, heartbeat.beating(services.redis, "sandbox"))
