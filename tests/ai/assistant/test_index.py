"""The passage index in PostgreSQL says the same as the one in memory."""

from datetime import timedelta

import pytest

from ai.assistant import tasks
from ai.assistant.index import MemoryIndex, PgIndex
from ai.assistant.models import Fact, Source
from ai.embeddings import Embedder
from app.core.clock import ManualClock
from app.core.db import Database
from app.core.http import Services

FACTS = [
    Fact("a", Source.ATTRIBUTE, "保质期", "18个月"),
    Fact("b", Source.ATTRIBUTE, "颜色", "白色、黑色"),
    Fact("c", Source.POLICY, "发货", "付款后48小时内发货。"),
]


async def test_both_indexes_agree(db: Database, embedder: Embedder, clock: ManualClock) -> None:
    stored, memory = PgIndex(db, embedder, clock), MemoryIndex(embedder)
    for question in ("能放多久", "有什么颜色", "几天发货"):
        assert await stored.near(question, FACTS) == pytest.approx(
            await memory.near(question, FACTS), abs=1e-3
        )


async def test_only_what_is_new_or_changed_is_embedded(
    db: Database, embedder: Embedder, clock: ManualClock
) -> None:
    assert await PgIndex(db, embedder, clock).sync(FACTS) == 3
    another = PgIndex(db, embedder, clock)
    assert await another.sync(FACTS) == 0
    changed = [Fact("a", Source.ATTRIBUTE, "保质期", "24个月"), *FACTS[1:]]
    assert await another.sync(changed) == 1
    assert (
        max(await another.near("保质期", changed), key=(await another.near("保质期", changed)).__getitem__)
        == "a"
    )


async def test_what_no_catalogue_has_said_for_a_month_is_forgotten(
    services: Services, embedder: Embedder, clock: ManualClock
) -> None:
    await PgIndex(services.db, embedder, clock).sync(FACTS)
    clock.advance(days(29))
    await PgIndex(services.db, embedder, clock).sync(FACTS[:1])
    assert await tasks.forget(services) == 0
    clock.advance(days(2))
    assert await tasks.forget(services) == 2
    assert await PgIndex(services.db, embedder, clock).sync(FACTS) == 2


def days(count: int) -> float:
    return timedelta(days=count).total_seconds()
