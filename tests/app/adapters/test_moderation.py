"""Moderation within the platform: chat is screened by policy, decisions and sanctions reach the room."""

import threading
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from app.adapters.chat_screening import STANDING_FOR_S, ChatScreener
from app.adapters.speech_screening import speech_watch
from app.chat.posting import Chat
from app.chat.schemas import NewMessage
from app.core.auth import Role
from app.core.clock import ManualClock
from app.core.events import room_topic, staff_topic
from app.core.http import Services
from app.core.ids import new_id
from moderation.cases import service as cases
from moderation.findings import Finding, Surface
from moderation.policy import Action
from moderation.runtime import Moderation
from moderation.sanctions import service as sanctions
from moderation.sanctions.errors import Muted
from moderation.sanctions.schemas import SanctionIn
from moderation.speech import SpokenSegment
from moderation.text.aside import Aside
from tests.builders import AT, create_product, create_room
from tests.conftest import LogIn, User


@pytest.fixture
async def chat(services: Services, moderation: Moderation) -> AsyncIterator[Chat]:
    async with Chat.open(services.db, services.bus, services.clock, ChatScreener(moderation)) as opened:
        yield opened


async def seen(services: Services, room_id: UUID) -> list[str]:
    """The texts of the messages that everybody in the room has got."""
    events = await services.bus.read_after(room_topic(room_id), 0, 100)
    return [entry.event.data["text"] for entry in events if entry.event.type == "chat.message"]


async def test_a_held_message_appears_once_it_is_released(
    chat: Chat, services: Services, moderation: Moderation, room_id: UUID, log_in: LogIn
) -> None:
    viewer, moderator = await log_in(), await log_in(Role.MODERATOR)
    message = NewMessage(client_id=new_id(), text="加我微信 mimi_8866 更便宜")
    posted = await chat.post(room_id, viewer.principal.user_id, message)
    assert posted.status == "held"
    assert await seen(services, room_id) == []
    async with moderation.db.transaction() as tx:
        case = (await cases.queue(tx)).items[0]
    assert (case.text, case.subject.id, case.room_title) == (
        message.text,
        str(posted.message_id),
        "小美的直播间",
    )
    answer = await moderator.client.post(
        f"/api/moderation/cases/{case.id}/decide", json={"decision": "release", "reason": "ok"}
    )
    assert answer.status_code == 200
    assert await seen(services, room_id) == [message.text]


async def test_who_is_muted_is_told_and_who_is_muted_in_the_shadow_is_not(
    chat: Chat,
    services: Services,
    moderation: Moderation,
    room_id: UUID,
    log_in: LogIn,
    clock: ManualClock,
) -> None:
    loud, sly = (await log_in(name="甲")).principal, (await log_in(name="乙")).principal
    async with moderation.db.transaction() as tx:
        for user, kind in ((loud, "mute"), (sly, "shadow_mute")):
            form = SanctionIn.model_validate(
                {"kind": kind, "user_id": user.user_id, "rule": "spam", "reason": "刷屏", "duration_s": 60}
            )
            await sanctions.impose(tx, clock, moderation.sanctions, None, form)
    with pytest.raises(Muted):
        await chat.post(room_id, loud.user_id, NewMessage(client_id=new_id(), text="有人吗"))
    posted = await chat.post(room_id, sly.user_id, NewMessage(client_id=new_id(), text="有人吗"))
    assert posted.status == "sent"
    assert await seen(services, room_id) == []
    clock.advance(60 + STANDING_FOR_S)
    await chat.post(room_id, loud.user_id, NewMessage(client_id=new_id(), text="你好"))
    await chat.post(room_id, sly.user_id, NewMessage(client_id=new_id(), text="大家好"))
    assert await seen(services, room_id) == ["你好", "大家好"]


async def test_a_stopped_stream_ends_the_show_and_a_product_goes_off_sale(
    services: Services, moderation: Moderation, host: User, clock: ManualClock
) -> None:
    product = await create_product(services.db)
    room = await create_room(services, host.principal, [product])
    async with moderation.db.transaction() as tx:
        for form in (
            {"kind": "stream_stopped", "room_id": room},
            {"kind": "product_down", "product_id": product},
        ):
            await sanctions.impose(
                tx,
                clock,
                moderation.sanctions,
                None,
                SanctionIn.model_validate(form | {"rule": "illegal", "reason": "违禁品"}),
            )
    assert (await host.client.get(f"/api/rooms/{room}")).json()["status"] == "ended"
    assert (await host.client.get(f"/api/products/{product}")).json().get("status") != "on_sale"


async def test_a_forbidden_claim_is_a_cue_in_the_studio_with_words_to_say_instead(
    services: Services, room_id: UUID, host: User
) -> None:
    said = SpokenSegment(new_id(), room_id, host.principal.user_id, "这是全网最低价", "zh", 1.0, 2.5)
    await speech_watch(services).heard(said)
    entries = await services.bus.read_after(staff_topic(room_id), 0, 10)
    cues = [entry.event.data for entry in entries if entry.event.type == "cue.warning"]
    assert [(cue["kind"], cue["data"]["said"], cue["data"]["instead"]) for cue in cues] == [
        ("warning.claim", "全网最低价", "这是今天直播间的优惠价")
    ]


async def test_a_policy_is_tried_on_talk_products_and_pictures(
    chat: Chat, services: Services, moderation: Moderation, room_id: UUID, host: User, log_in: LogIn
) -> None:
    viewer = await log_in()
    await chat.post(room_id, viewer.principal.user_id, NewMessage(client_id=new_id(), text="这个多少钱"))
    await create_product(services.db, "顶级神器")
    seen = Finding("diversion", 0.7, "picture.qr", 0, 0, "qr")
    async with services.db.transaction() as tx:
        await cases.open_case(
            tx,
            services.clock,
            surface="picture",
            room_id=room_id,
            subject=("frame", str(room_id)),
            author_id=host.principal.user_id,
            text="qr",
            findings=[seen],
            action=Action.FLAG,
        )
        past = await moderation.past.since(tx, AT - timedelta(days=1), 100)
    assert {(one.surface, one.role, one.room_id, one.text, one.findings) for one in past} == {
        ("chat", "viewer", str(room_id), "这个多少钱", None),
        ("product", "merchant", "", "顶级神器", None),
        ("picture", "host", str(room_id), "qr", (seen,)),
    }


class HangingLayer:
    """A SlowLayer that answers only once `go` is set."""

    def __init__(self) -> None:
        self.go = threading.Event()

    def at_once(self, text: str, surface: Surface) -> list[Finding]:
        return []

    def suspects(self, text: str, surface: Surface) -> bool:
        return True

    def find(self, text: str, surface: Surface) -> list[Finding]:
        self.go.wait(60)
        return []


async def test_a_detector_that_hangs_has_one_message_withdrawn_and_chat_goes_on(
    services: Services, moderation: Moderation, room_id: UUID, log_in: LogIn
) -> None:
    viewer, layer = await log_in(), HangingLayer()
    screener = ChatScreener(moderation, Aside([layer], timeout_s=0.05))
    async with Chat.open(services.db, services.bus, services.clock, screener) as chat:
        statuses = [
            (
                await chat.post(room_id, viewer.principal.user_id, NewMessage(client_id=new_id(), text=text))
            ).status
            for text in ("这个多少钱", "包邮吗")
        ]
        await chat.settled()
    layer.go.set()
    async with services.db.transaction() as tx:
        opened = (await cases.queue(tx)).items
    assert statuses == ["sent", "sent"]
    assert await seen(services, room_id) == ["包邮吗"]
    assert [[f.detector for f in one.findings] for one in opened] == [["aside.timeout"]]
