"""What policy and sanctions do reaches chat, accounts, connections and streams."""

from uuid import UUID

import pytest

from app.adapters.bans import Bans
from app.adapters.chat_screening import MUTED_FOR_S, STANDING_FOR_S, ChatScreener
from app.adapters.speech_screening import RoomStreams, speech_watch
from app.chat.posting import Chat
from app.chat.schemas import NewMessage
from app.core.auth import Principal, Role
from app.core.clock import ManualClock
from app.core.door import DEVICE_COOKIE
from app.core.events import room_topic, staff_topic, user_topic
from app.core.http import Services
from app.core.ids import new_id
from media.control import StreamControl
from media.engines.base import StreamOrder
from moderation.cases import service as cases
from moderation.policies import service as policies
from moderation.policies.schemas import PolicyBody, PolicyChange, RuleBody
from moderation.policy import default_policy
from moderation.runtime import Moderation
from moderation.sanctions import service as sanctions
from moderation.sanctions.errors import Banned, Muted
from moderation.sanctions.schemas import Kind, SanctionIn
from moderation.speech import SpokenSegment
from tests.conftest import LogIn, User

INSULT = "你真是个智障"
FLOOD = "有没有优惠券呀主播"


def new(text: str) -> NewMessage:
    return NewMessage(client_id=new_id(), text=text)


async def with_rule(moderation: Moderation, admin: Principal, rule: RuleBody) -> None:
    """The default table with one row before it."""
    body = PolicyBody.of(default_policy())
    form = PolicyChange(rules=[rule, *body.rules], patterns=body.patterns, based_on=0, note="test")
    async with moderation.db.transaction() as tx:
        await policies.change(tx, moderation.clock, admin, form)


async def impose(moderation: Moderation, kind: Kind, **form: object) -> UUID:
    whole = SanctionIn.model_validate({"kind": kind, "rule": "test", "reason": "test", **form})
    async with moderation.db.transaction() as tx:
        return (await sanctions.impose(tx, moderation.clock, moderation.sanctions, None, whole)).id


async def events(services: Services, topic: str, kind: str) -> list[dict[str, object]]:
    return [e.event.data for e in await services.bus.read_after(topic, 0, 100) if e.event.type == kind]


async def test_masked_words_are_stars_for_all_and_whole_in_the_case(
    services: Services, moderation: Moderation, room_id: UUID, log_in: LogIn
) -> None:
    admin, viewer = await log_in(Role.ADMIN), await log_in()
    rule = RuleBody.model_validate(
        {"category": "abuse", "effects": ["mask", "case", "warn"], "surface": "chat"}
    )
    await with_rule(moderation, admin.principal, rule)
    async with Chat.open(services.db, services.bus, services.clock, ChatScreener(moderation)) as chat:
        posted = await chat.post(room_id, viewer.principal.user_id, new(INSULT))
    assert posted.status == "sent"
    shown = await events(services, room_topic(room_id), "chat.message")
    assert [message["text"] for message in shown] == ["你真是个**"]
    async with moderation.db.transaction() as tx:
        assert [case.text for case in (await cases.queue(tx)).items] == [INSULT]
    warned = await events(services, user_topic(viewer.principal.user_id), "chat.warned")
    assert [(w["categories"], w["words"]) for w in warned] == [(["abuse"], ["智障"])]


async def test_a_row_that_mutes_speaks_once_it_was_too_often_and_spares_the_host(
    services: Services, moderation: Moderation, room_id: UUID, host: User, log_in: LogIn, clock: ManualClock
) -> None:
    admin, viewer = await log_in(Role.ADMIN), (await log_in()).principal
    rule = {"category": "abuse", "effects": ["hold", "mute"], "role": "viewer", "repeats": 2}
    await with_rule(moderation, admin.principal, RuleBody.model_validate(rule))
    async with Chat.open(services.db, services.bus, services.clock, ChatScreener(moderation)) as chat:
        for author in (viewer, viewer, host.principal, host.principal):
            await chat.post(room_id, author.user_id, new(INSULT))
        with pytest.raises(Muted):
            await chat.post(room_id, viewer.user_id, new("在吗"))
        clock.advance(MUTED_FOR_S + STANDING_FOR_S)
        assert (await chat.post(room_id, viewer.user_id, new("在吗"))).status == "sent"
        assert (await chat.post(room_id, host.principal.user_id, new("欢迎"))).status == "sent"


async def test_who_says_the_same_over_and_over_comes_before_a_moderator(
    services: Services, moderation: Moderation, room_id: UUID, log_in: LogIn
) -> None:
    viewer = (await log_in()).principal
    screener = ChatScreener(moderation)
    effects = [(await screener.check(FLOOD, room_id, viewer.user_id)).effect for _ in range(6)]
    assert effects == ["allow"] * 4 + ["flag"] * 2


async def test_a_ban_shuts_login_tokens_and_open_connections_also_for_another_account_of_the_device(
    services: Services, moderation: Moderation, room_id: UUID, log_in: LogIn
) -> None:
    first, second, other = await log_in(name="甲"), await log_in(name="乙"), await log_in(name="丙")
    path = f"/api/rooms/{room_id}/tokens"
    granted = await first.client.post(path)
    second.client.cookies.set(DEVICE_COOKIE, granted.cookies[DEVICE_COOKIE])
    token = (await second.client.post(path)).json()["whep"]["token"]
    await impose(moderation, "ban", user_id=first.principal.user_id, room_id=room_id, devices=True)
    refused = await second.client.post(path)
    assert (refused.status_code, refused.json()["code"]) == (403, "banned")
    assert (await other.client.post(path)).status_code == 200
    async with Bans.open(services.db, services.clock, services.tokens) as bans:
        assert bans.forbids(str(first.principal.user_id), room_id)
        assert not bans.forbids(str(first.principal.user_id), new_id())
        with pytest.raises(Banned):
            bans.verify(token, "whep")


async def test_who_is_banned_from_the_platform_is_logged_out(moderation: Moderation, log_in: LogIn) -> None:
    viewer = await log_in()
    assert (await viewer.client.get("/api/auth/me")).status_code == 200
    await impose(moderation, "ban", user_id=viewer.principal.user_id)
    assert (await viewer.client.get("/api/auth/me")).status_code == 401


async def test_a_streams_order_follows_its_sanctions(
    services: Services, moderation: Moderation, room_id: UUID, log_in: LogIn
) -> None:
    control, moderator = StreamControl(services.redis), await log_in(Role.MODERATOR)
    await RoomStreams(moderation).mute(room_id, "乱说")
    stopped = await impose(moderation, "stream_stopped", room_id=room_id, duration_s=600)
    assert await control.current(str(room_id)) == StreamOrder(stopped=True, reason="test")
    async with moderation.db.transaction() as tx:
        await sanctions.lift(tx, moderation.clock, moderation.sanctions, moderator.principal, stopped, "误判")
    assert await control.current(str(room_id)) == StreamOrder(muted=True, reason="乱说")
    told = await services.bus.read_after(staff_topic(room_id), 0, 10)
    kinds = [e.event.type for e in told if e.event.type.startswith("stream.")]
    assert kinds == ["stream.muted", "stream.stopped", "stream.freed"]
    cues = [e.event.data["data"]["advice"]["en"] for e in told if e.event.type == "cue.warning"]
    assert cues == ["Your stream was muted: 乱说", "Your stream was stopped: test"]
    assert (await moderator.client.get(f"/api/rooms/{room_id}")).json()["status"] != "ended"


async def test_a_sentence_comes_with_its_sound_and_its_neighbours(
    services: Services, moderation: Moderation, room_id: UUID, host: User, log_in: LogIn
) -> None:
    moderator = await log_in(Role.MODERATOR)
    for at_ms in range(0, 5_000, 100):
        await services.redis.xadd(f"tap:{room_id}", {"pcm": bytes(3200), "at_ms": at_ms, "session": "s"})
    said = SpokenSegment(new_id(), room_id, host.principal.user_id, "大家加我微信私下付款", "zh", 2.0, 3.0)
    await speech_watch(services).heard(said)
    async with moderation.db.transaction() as tx:
        case = (await cases.queue(tx)).items[0]
    context = (await moderator.client.get(f"/api/moderation/cases/{case.id}/context")).json()
    (clip,) = context["clips"]
    sound = await moderator.client.get(f"/api/moderation/evidence/{clip['id']}")
    assert sound.headers["content-type"] == "audio/wav"
    assert len(sound.content) == 44 + 31 * 3200
    assert (await host.client.get(f"/api/moderation/evidence/{clip['id']}")).status_code == 403
