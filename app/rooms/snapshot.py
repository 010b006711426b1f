"""A room as it stands: what late joiners get at once."""

from uuid import UUID

from pydantic import BaseModel

from app.chat import rules as chat_rules
from app.chat import service as chat
from app.chat.schemas import ChatMessage, ChatRules
from app.core.auth import Principal
from app.core.events import room_topic, staff_topic, user_topic
from app.core.http import Services
from app.engagement.coupon_drops import service as coupon_drops
from app.engagement.coupon_drops.schemas import ClaimedCoupon, CouponDrop
from app.engagement.flash_sales import service as flash_sales
from app.engagement.flash_sales.schemas import FlashSale
from app.engagement.fortune_bags import service as fortune_bags
from app.engagement.fortune_bags.schemas import FortuneBag
from app.engagement.polls import service as polls
from app.engagement.polls.service import Poll
from app.engagement.red_packets import service as red_packets
from app.engagement.red_packets.schemas import RedPacket
from app.rooms import heard, repository, service
from app.rooms.schemas import Cue, Pin, Room, RoomProduct, Stats, Suggestion

MESSAGES = 50


class Snapshot(BaseModel):
    """Everything a client needs to show a room; `cursors` says from where each topic goes on.

    `coupons` are the user's own.
    """

    room: Room
    products: list[RoomProduct]
    pins: list[Pin]
    suggestions: list[Suggestion]
    cues: list[Cue]
    messages: list[ChatMessage]
    chat_rules: ChatRules
    red_packets: list[RedPacket]
    fortune_bags: list[FortuneBag]
    polls: list[Poll]
    coupon_drops: list[CouponDrop]
    coupons: list[ClaimedCoupon]
    flash_sales: list[FlashSale]
    stats: Stats
    cursors: dict[str, int]
    staff: bool


async def take(services: Services, room_id: UUID, user: Principal | None) -> Snapshot:
    """The whole state for `user`, or a guest; raises RoomNotFound.

    The cursors are read first: what happens while the rest is read comes once more as an event,
    and applying an event twice changes nothing.
    """
    async with services.db.transaction() as tx:
        room = await service.get(tx, room_id)
    staff = service.is_staff(user, room["host_id"])
    topics = [room_topic(room_id)]
    if staff:
        topics.append(staff_topic(room_id))
    if user:
        topics.append(user_topic(user.user_id))
    cursors = await services.bus.heads(topics)
    async with services.db.transaction() as tx:
        room = await service.get(tx, room_id)
        products = await service.queue(tx, services.clock, room_id)
        pins = await repository.current_pins(tx, room_id)
        suggestions = await repository.open_suggestions(tx, room_id) if staff else []
        cues = await heard.open_cues(tx, services.clock, room_id) if staff else []
        messages = await chat.history(tx, room_id, limit=MESSAGES)
        rules = await chat_rules.get(tx, room_id)
        given = {
            "red_packets": await red_packets.of_room(tx, room_id),
            "fortune_bags": await fortune_bags.of_room(tx, room_id),
            "polls": await polls.of_room(tx, room_id),
            "coupon_drops": await coupon_drops.of_room(tx, room_id),
            "coupons": await coupon_drops.mine(tx, room_id, user.user_id) if user else [],
            "flash_sales": await flash_sales.of_room(tx, services.clock, room_id),
        }
    [shown] = await service.present(services.redis, [room])
    return Snapshot.model_validate(
        {
            "room": shown,
            "products": products,
            "pins": [Pin.model_validate(pin | ({} if staff else {"evidence": None})) for pin in pins],
            "suggestions": [Suggestion.model_validate(row) for row in suggestions],
            "cues": cues,
            "messages": messages,
            "chat_rules": rules if staff else rules.model_copy(update={"muted_words": []}),
            "stats": shown.stats,
            "cursors": cursors,
            "staff": staff,
        }
        | given
    )
