"""Jobs of the address book."""

import structlog
from procrastinate import Blueprint, JobContext

from app.core.http import Services
from commerce.addresses.rotation import reseal_all
from commerce.runtime import Commerce

addresses = Blueprint()

log = structlog.get_logger()


# At four in the morning in China.
@addresses.periodic(cron="0 20 * * *")
@addresses.task(name="reseal", pass_context=True, queueing_lock="addresses:reseal")
async def reseal(context: JobContext, timestamp: int) -> None:
    """Names, phones and addresses come under the current key; nothing happens while there is one alone."""
    services: Services = context.additional_context["services"]
    commerce: Commerce = context.additional_context["commerce"]
    if count := await reseal_all(services.db, commerce.vault):
        log.info("resealed under the current key", records=count, key=commerce.vault.current)
