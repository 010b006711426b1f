"""The watch over hosts: warned at once, a case for the grave and the repeated, muted by policy."""

from collections.abc import Awaitable, Callable

import pytest

from app.core.clock import ManualClock
from app.core.http import Services
from app.core.ids import new_id
from moderation.cases import service as cases
from moderation.policy import Policy, default_policy
from moderation.runtime import Moderation
from moderation.speech import SpeechWatch, SpokenSegment
from moderation.speech.watch import RecordedSpeech
from moderation.text import Screen
from tests.builders import create_room
from tests.moderation.conftest import People

Say = Callable[[str], Awaitable[SpokenSegment]]


@pytest.fixture
def told() -> RecordedSpeech:
    return RecordedSpeech()


@pytest.fixture
async def say(
    moderation: Moderation,
    services: Services,
    people: People,
    screen: Screen,
    clock: ManualClock,
    told: RecordedSpeech,
) -> Say:
    room_id = await create_room(services, people.viewer.principal, [])

    async def policy() -> Policy:
        return default_policy()

    watch = SpeechWatch(moderation.db, clock, screen, policy, told, told)

    async def heard(text: str) -> SpokenSegment:
        segment = SpokenSegment(new_id(), room_id, people.viewer.principal.user_id, text, "zh", 1.0, 3.5)
        await watch.heard(segment)
        return segment

    return heard


async def queue(moderation: Moderation) -> list[tuple[str, str]]:
    async with moderation.db.transaction() as tx:
        page = await cases.queue(tx)
    return [(case.subject.id, case.text) for case in page.items]


async def test_a_claim_warns_and_the_third_in_ten_minutes_opens_a_case(
    say: Say, moderation: Moderation, told: RecordedSpeech, clock: ManualClock
) -> None:
    first = await say("这是全网最低价")
    await say("今天天气不错")
    second = await say("销量第一的品牌")
    assert told.warned == [(first.id, ["全网最低价"]), (second.id, ["销量第一"])]
    assert await queue(moderation) == []
    clock.advance(599)
    third = await say("能抗癌")
    assert await queue(moderation) == [(str(third.id), "能抗癌")]


async def test_old_claims_are_forgotten(say: Say, moderation: Moderation, clock: ManualClock) -> None:
    await say("这是全网最低价")
    await say("这是全网最低价")
    clock.advance(601)
    await say("这是全网最低价")
    assert await queue(moderation) == []


async def test_luring_away_is_a_case_at_once_with_its_sound(
    say: Say, moderation: Moderation, people: People
) -> None:
    segment = await say("加我微信私下付款更便宜")
    async with moderation.db.transaction() as tx:
        case = (await cases.queue(tx)).items[0]
    assert case.subject.id == str(segment.id)
    assert case.author is not None
    assert case.author.id == people.viewer.principal.user_id
    assert case.visible
    assert (case.evidence["start_s"], case.evidence["end_s"]) == (1.0, 3.5)


async def test_the_grave_and_repeated_mutes_the_stream(say: Say, told: RecordedSpeech) -> None:
    for _ in range(2):
        await say("出售冰毒大麻")
    assert told.controlled == []
    segment = await say("出售冰毒大麻")
    assert told.controlled == [("mute", segment.room_id)]
