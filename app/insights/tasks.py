"""Jobs of insights."""

from datetime import timedelta

from procrastinate import Blueprint, JobContext

from app.core.http import Services
from app.engagement import counters
from app.engagement import repository as audience
from app.insights import repository
from app.insights.service import BUCKET_S

EVERY_S = BUCKET_S

insights = Blueprint()


@insights.periodic(cron="* * * * * */15")
@insights.task(name="sample", pass_context=True, queueing_lock="insights:sample")
async def sample(context: JobContext, timestamp: int) -> None:
    """How many are in each live room, for the trend."""
    await sample_rooms(context.additional_context["services"])


async def sample_rooms(services: Services) -> None:
    """One sample of each live room; at most one in EVERY_S."""
    now = services.clock.now()
    at = now - timedelta(seconds=now.second % EVERY_S, microseconds=now.microsecond)
    async with services.db.transaction() as tx:
        room_ids = await audience.watched_rooms(tx, now)
    stats = await counters.read(services.redis, room_ids)
    samples = [(room, stat.viewers, stat.likes) for room, stat in zip(room_ids, stats, strict=True)]
    async with services.db.transaction() as tx:
        await repository.add_samples(tx, samples, at)
