"""Jobs that keep what the audience did."""

from datetime import timedelta
from uuid import UUID

from procrastinate import Blueprint, JobContext

from app.core.http import Services
from app.engagement import counters, repository
from app.engagement.flash_sales import service as flash_sales
from app.engagement.follows import service as follows
from app.engagement.fortune_bags import service as fortune_bags
from app.engagement.notices import service as notices
from app.engagement.notices.service import Notices
from app.engagement.red_packets import service as red_packets
from app.rooms import covers
from commerce.runtime import Commerce

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


@engagement.task(name="expire_red_packet", pass_context=True)
async def expire_red_packet(context: JobContext, *, packet_id: str) -> None:
    """The time to claim is over."""
    services: Services = context.additional_context["services"]
    await red_packets.expire(services.db, services.clock, UUID(packet_id))


@engagement.task(name="draw_fortune_bag", pass_context=True)
async def draw_fortune_bag(context: JobContext, *, bag_id: str) -> None:
    """The time to enter is over."""
    services: Services = context.additional_context["services"]
    await fortune_bags.draw_bag(services.db, services.clock, UUID(bag_id))


@engagement.task(name="end_flash_sale", pass_context=True)
async def end_flash_sale(context: JobContext, *, sale_id: str) -> None:
    """A flash sale is over."""
    services: Services = context.additional_context["services"]
    await flash_sales.tell_ended(services.db, services.clock, UUID(sale_id))


@engagement.task(name="tell_followers", pass_context=True)
async def tell_followers(context: JobContext, *, room_id: str) -> None:
    """A show has begun."""
    services: Services = context.additional_context["services"]
    await follows.tell_live(services.db, services.bus, UUID(room_id))


@engagement.task(name="send_notices", pass_context=True)
async def send_notices(context: JobContext, *, room_id: str, user_ids: list[str]) -> None:
    """The followers who are elsewhere."""
    services: Services = context.additional_context["services"]
    found: Notices = context.additional_context["notices"]
    await notices.tell(services.db, found, UUID(room_id), [UUID(user_id) for user_id in user_ids])


@engagement.periodic(cron="* * * * * */15")
@engagement.task(name="take_covers", pass_context=True, queueing_lock="engagement:take_covers")
async def take_covers(context: JobContext, timestamp: int) -> None:
    """A show without a cover is shown by a picture of its stream."""
    services: Services = context.additional_context["services"]
    shop: Commerce = context.additional_context["commerce"]
    await covers.from_streams(services.db, services.redis, shop.pictures)
