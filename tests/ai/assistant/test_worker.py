"""From the stream to the sink, with the real Redis."""

from typing import Any
from uuid import UUID

import orjson
import pytest
from psycopg import OperationalError
from redis.asyncio import Redis

from ai.assistant.assistant import Assistant
from ai.assistant.facts import StaticFacts
from ai.assistant.models import Answer, Facts, Outcome, Question
from ai.assistant.recent import RedisRecent
from ai.assistant.repository import Asker
from ai.assistant.worker import GROUP, STREAM, MemorySink, QuestionWorker, waiting
from ai.embeddings import Embedder
from app.core.clock import ManualClock
from app.core.ids import new_id

ROOM = new_id()


@pytest.fixture
def sink() -> MemorySink:
    return MemorySink()


@pytest.fixture
def worker(
    redis: Redis, embedder: Embedder, shop: StaticFacts, sink: MemorySink, clock: ManualClock
) -> QuestionWorker:
    assistant = Assistant(embedder, recent=RedisRecent(redis))
    return QuestionWorker(redis, assistant, shop, sink, clock, consumer="one")


async def ask(
    redis: Redis, clock: ManualClock, text: str, *, kind: str = "viewer", room: UUID = ROOM
) -> None:
    message = {
        "id": str(new_id()),
        "room_id": str(room),
        "kind": kind,
        "author": {"id": str(new_id()), "display_name": "小雨"},
        "text": text,
        "created_at": clock.now().isoformat(),
    }
    await redis.xadd(STREAM, {"e": orjson.dumps(message)})


async def drain(worker: QuestionWorker) -> None:
    await worker.join()
    while entries := await worker.next(block_ms=1):
        await worker.handle(entries)


async def test_equal_questions_get_one_answer_that_names_the_askers(
    redis: Redis, worker: QuestionWorker, sink: MemorySink, clock: ManualClock
) -> None:
    for text in ("烧水壶多少钱", "烧水壶多少钱？", "烧水壶多少钱!", "保修多久", "666"):
        await ask(redis, clock, text)
    await drain(worker)
    answers = [outcome for _, outcome in sink.delivered]
    assert [a.text for a in answers if isinstance(a, Answer)] == [
        "3位观众在问：便携式烧水壶现在189元。",
        "便携式烧水壶的保修：一年。",
    ]
    assert (await redis.xpending(STREAM, GROUP))["pending"] == 0


async def test_own_orders_are_never_answered_together(
    redis: Redis, worker: QuestionWorker, sink: MemorySink, clock: ManualClock
) -> None:
    for _ in range(2):
        await ask(redis, clock, "我的订单到哪了")
    await drain(worker)
    assert [(type(o), o.private) for _, o in sink.delivered if isinstance(o, Answer)] == [(Answer, True)] * 2


async def test_what_is_no_question_of_a_viewer_is_passed_over(
    redis: Redis, worker: QuestionWorker, sink: MemorySink, clock: ManualClock
) -> None:
    await redis.xadd(STREAM, {"e": b"not json"})
    await redis.xadd(STREAM, {"other": b"field"})
    await ask(redis, clock, "这个多少钱", kind="host")
    await ask(redis, clock, "这个多少钱")
    clock.advance(61)
    await drain(worker)
    assert sink.delivered == []
    assert worker.dropped == 1


async def test_one_failing_question_does_not_stop_the_others(
    redis: Redis, embedder: Embedder, shop: StaticFacts, sink: MemorySink, clock: ManualClock
) -> None:
    class Failing:
        async def read(self, question: Question) -> Facts:
            if "发货" in question.text:
                raise ConnectionError
            return await shop.read(question)

    worker = QuestionWorker(redis, Assistant(embedder), Failing(), sink, clock, consumer="one")
    await ask(redis, clock, "什么时候发货")
    await ask(redis, clock, "烧水壶多少钱")
    await drain(worker)
    assert [o.text for _, o in sink.delivered if isinstance(o, Answer)] == ["便携式烧水壶现在189元。"]


async def test_what_a_dead_consumer_left_is_taken_over(
    redis: Redis, worker: QuestionWorker, sink: MemorySink, clock: ManualClock
) -> None:
    await worker.join()
    await ask(redis, clock, "烧水壶多少钱")
    await redis.xreadgroup(GROUP, "dead", {STREAM: ">"})
    await worker.handle(await worker.left_behind(idle_ms=0))
    assert len(sink.delivered) == 1
    assert (await redis.xpending(STREAM, GROUP))["pending"] == 0


async def test_a_burst_is_answered_once_a_question(
    redis: Redis, worker: QuestionWorker, sink: MemorySink, clock: ManualClock
) -> None:
    distinct = ["烧水壶多少钱", "保修多久", "什么时候发货", "烧水壶容量多大", "满多少包邮"]
    for n in range(200):
        await ask(redis, clock, distinct[n % 5])
    await drain(worker)
    first = {outcome.text.split("：", 1)[1] for _, outcome in sink.delivered if isinstance(outcome, Answer)}
    assert len(first) == 5
    assert len(sink.delivered) <= 10


async def test_words_asked_again_at_once_wait_and_are_answered_together(
    redis: Redis, worker: QuestionWorker, sink: MemorySink, clock: ManualClock
) -> None:
    await ask(redis, clock, "烧水壶多少钱")
    await drain(worker)
    for _ in range(3):
        await ask(redis, clock, "烧水壶多少钱")
        await drain(worker)
    assert len(sink.delivered) == 1
    assert (await redis.xpending(STREAM, GROUP))["pending"] == 3
    clock.advance(1)
    await worker.handle([])
    assert [o.askers for _, o in sink.delivered if isinstance(o, Answer)] == [1, 4]
    assert (await redis.xpending(STREAM, GROUP))["pending"] == 0


async def test_a_delivery_that_fails_for_a_moment_is_tried_again(
    redis: Redis, embedder: Embedder, shop: StaticFacts, sink: MemorySink, clock: ManualClock
) -> None:
    class Flaky:
        tries = 0

        async def deliver(self, asker: Asker, outcome: Outcome) -> None:
            self.tries += 1
            if self.tries < 3:
                raise OperationalError
            await sink.deliver(asker, outcome)

    worker = QuestionWorker(
        redis, Assistant(embedder, recent=RedisRecent(redis)), shop, Flaky(), clock, consumer="one"
    )
    await ask(redis, clock, "烧水壶多少钱")
    await drain(worker)
    assert len(sink.delivered) == 1
    assert (await redis.xpending(STREAM, GROUP))["pending"] == 0


async def test_an_answer_that_did_not_get_through_is_given_by_who_takes_over(
    redis: Redis, embedder: Embedder, shop: StaticFacts, sink: MemorySink, clock: ManualClock
) -> None:
    class Gone:
        async def deliver(self, asker: Asker, outcome: Outcome) -> None:
            raise RuntimeError

    assistant = Assistant(embedder, recent=RedisRecent(redis))
    await ask(redis, clock, "烧水壶多少钱")
    await drain(QuestionWorker(redis, assistant, shop, Gone(), clock, consumer="gone"))
    other = QuestionWorker(redis, assistant, shop, sink, clock, consumer="other")
    await other.handle(await other.left_behind(idle_ms=0))
    assert [o.text for _, o in sink.delivered if isinstance(o, Answer)] == ["便携式烧水壶现在189元。"]


async def test_what_waits_is_counted_on_any_redis(redis: Redis) -> None:
    assert await waiting(redis) == 0
    await redis.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
    for number in range(4):
        await redis.xadd(STREAM, {"q": str(number)})
    assert await waiting(redis) == 4
    taken: Any = await redis.xreadgroup(GROUP, "one", {STREAM: ">"}, count=3)
    assert await waiting(redis) == 4
    [(_, entries)] = taken.items() if isinstance(taken, dict) else taken
    await redis.xack(STREAM, GROUP, entries[0][0])
    assert await waiting(redis) == 3
