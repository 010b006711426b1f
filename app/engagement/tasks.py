"""Jobs that keep what the audience did."""

from datetime import timedelta

from procrastinate import Blueprint, JobContext

from app.core.http import Services
from app.engagement import counters, repository

AFTER_THE_SHOW = timedelta(hours=1)

engagement = Blueprint()


@engagement.periodic(cron="* * * * * */15")
@engagement.task(name="store_likes", pass_context=True, queueing_lock="engagement:store_likes")
async def store_likes(context: JobContext, timestamp: int) -> None:
    """Likes go to PostgreSQL now and then, while a show runs and a while after it."""
    services: Services = context.additional_context["services"]
    async with services.db.transaction() as tx:
        room_ids = await repository.watched_rooms(tx, services.clock.now() - AFTER_THE_SHOW)
    await counters.store_likes(services.redis, services.db, room_ids)
