"""What becomes of outcomes, in the real database."""

import asyncio

import pytest

from ai.assistant import repository as assistant_rows
from ai.assistant.desk import Desk, MemoryChannel, MemoryNotes
from ai.assistant.models import Answer, Fact, Handoff, Language, Refusal, Source, TraceStep
from ai.assistant.repository import Asker
from app.core.bus import Bus
from app.core.clock import ManualClock
from app.core.db import Database
from app.core.events import staff_topic

ANSWER = Answer(
    "便携式烧水壶现在189元。",
    Language.ZH,
    (Fact("kettle:price", Source.PRICE, "价格", "189"),),
    trace=(TraceStep("classify", "question", 0.2),),
)
HANDOFF = Handoff("已转给工作人员。", Language.ZH, "no_fact", suggestion="建议：220V")


@pytest.fixture
def channel() -> MemoryChannel:
    return MemoryChannel()


@pytest.fixture
def notes() -> MemoryNotes:
    return MemoryNotes()


@pytest.fixture
def desk(db: Database, clock: ManualClock, channel: MemoryChannel, notes: MemoryNotes) -> Desk:
    return Desk(db, clock, channel, notes)


async def test_an_answer_delivered_twice_at_once_is_said_once(
    desk: Desk, channel: MemoryChannel, asker: Asker, db: Database
) -> None:
    await asyncio.gather(*(desk.deliver(asker, ANSWER) for _ in range(5)))
    assert channel.said == [(asker.message_id, "便携式烧水壶现在189元。", False, None)]
    async with db.transaction() as tx:
        row = await assistant_rows.question(tx, asker.message_id)
    assert row is not None
    assert (row["outcome"], row["facts"][0]["text"], row["trace"][0]["step"]) == ("answer", "189", "classify")


async def test_a_hand_over_waits_in_the_inbox_and_tells_the_staff(
    desk: Desk, channel: MemoryChannel, asker: Asker, db: Database, bus: Bus
) -> None:
    await desk.deliver(asker, HANDOFF)
    async with db.transaction() as tx:
        rows = await assistant_rows.handovers(tx, asker.room_id, "open", 10)
    assert [(row["text"], row["suggestion"], row["reason"]) for row in rows] == [
        ("烧水壶多少钱", "建议：220V", "no_fact")
    ]
    entries = await bus.read_after(staff_topic(asker.room_id), 0)
    events = [entry.event for entry in entries]
    assert [(e.type, e.data["message_id"]) for e in events] == [("assistant.handover", str(asker.message_id))]
    assert channel.said == [(asker.message_id, "已转给工作人员。", True, None)]


async def test_a_room_that_wants_suggestions_only_gets_no_answer_from_the_machine(
    desk: Desk, channel: MemoryChannel, asker: Asker, db: Database
) -> None:
    async with db.transaction() as tx:
        await assistant_rows.set_mode(tx, asker.room_id, "suggest")
    await desk.deliver(asker, ANSWER)
    async with db.transaction() as tx:
        rows = await assistant_rows.handovers(tx, asker.room_id, "open", 10)
    assert channel.said == []
    assert [row["suggestion"] for row in rows] == ["便携式烧水壶现在189元。"]


@pytest.mark.parametrize("attack", [True, False])
async def test_only_attacks_are_told_to_the_moderators(
    desk: Desk, notes: MemoryNotes, asker: Asker, attack: bool
) -> None:
    await desk.deliver(asker, Refusal("抱歉。", Language.ZH, "injection", attack=attack))
    assert notes.attacks == ([(asker.message_id, "injection")] if attack else [])
