"""The jobs role: Procrastinate workers on PostgreSQL."""

from ai.assistant.tasks import assistant
from app.adapters.shop import open_shop
from app.core.jobs import create_jobs_app
from app.core.tasks import core
from app.engagement.notices.service import Notices
from app.engagement.tasks import engagement
from app.insights.tasks import insights
from app.roles import heartbeat
from app.runtime import open_services
from app.settings import Settings
from commerce.addresses.tasks import addresses
from commerce.aftersales.tasks import aftersales
from commerce.catalog.tasks import catalog
from commerce.orders.tasks import orders
from commerce.payments.tasks import payments
from commerce.shipping.tasks import shipping

BLUEPRINTS = {
    "addresses": addresses,
    "aftersales": aftersales,
    "assistant": assistant,
    "catalog": catalog,
    "core": core,
    "engagement": engagement,
    "insights": insights,
    "orders": orders,
    "payments": payments,
    "shipping": shipping,
}
CONCURRENCY = 10
POLL_S = 1.0
STOP_TIMEOUT_S = 5


async def run(settings: Settings) -> None:
    """Work until cancelled; a job under way is given 5 s to end, and runs again otherwise."""
    assert settings.database_url is not None
    async with (
        open_services(settings, pool_size=CONCURRENCY) as services,
        open_shop(services, settings) as shop,
        create_jobs_app(settings.database_url, BLUEPRINTS).open_async() as app,
        heartbeat.beating(services.redis, "jobs"),
    ):
        await app.run_worker_async(
            concurrency=CONCURRENCY,
            fetch_job_polling_interval=POLL_S,
            shutdown_graceful_timeout=STOP_TIMEOUT_S,
            install_signal_handlers=False,
            delete_jobs="successful",
            additional_context={"services": services, "commerce": shop, "notices": Notices.of(settings)},
        )
