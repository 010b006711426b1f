"""Jobs of the assistant."""

from datetime import timedelta

from procrastinate import Blueprint, JobContext

from ai.assistant import repository
from app.core.http import Services

UNSEEN_FOR = timedelta(days=30)

assistant = Blueprint()


@assistant.periodic(cron="40 3 * * *")
@assistant.task(name="forget_passages", pass_context=True, queueing_lock="assistant:forget_passages")
async def forget_passages(context: JobContext, timestamp: int) -> int:
    return await forget(context.additional_context["services"])


async def forget(services: Services) -> int:
    """Drops what no catalogue has said for a month; says how many passages those were."""
    async with services.db.transaction() as tx:
        return await repository.forget_passages(tx, services.clock.now() - UNSEEN_FOR)
