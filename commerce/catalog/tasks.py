"""Jobs of the catalogue."""

from procrastinate import Blueprint, JobContext

from app.core.http import Services
from commerce.catalog.meaning import learn
from commerce.runtime import Commerce

catalog = Blueprint()


@catalog.periodic(cron="* * * * *")
@catalog.task(name="learn", pass_context=True, queueing_lock="catalog:learn")
async def learn_meanings(context: JobContext, timestamp: int) -> None:
    """New and changed products can be found by what they mean within a minute."""
    services: Services = context.additional_context["services"]
    commerce: Commerce = context.additional_context["commerce"]
    if commerce.meanings is not None:
        await learn(services.db, commerce.meanings)
