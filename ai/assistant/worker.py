"""Takes viewers' messages from Redis, answers them, and hands the results to the desk."""

import asyncio
import hashlib
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import orjson
import structlog
from psycopg import OperationalError
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from ai.assistant.assistant import Assistant
from ai.assistant.breaker import ModelHealth
from ai.assistant.facts import FactSource
from ai.assistant.intent import Intent, language_of, read
from ai.assistant.models import Outcome, Question, Silence
from ai.assistant.repository import Asker
from ai.assistant.text import normalize
from app.core.clock import Clock

STREAM = "assistant:questions"
GROUP = "assistant"
BATCH = 128
BLOCK_MS = 1000
TOO_OLD_S = 60.0
"""A question that waited longer than this is not answered any more."""
CLAIM_IDLE_MS = 30_000
HOLD_MS = 1_000
"""Words that were answered less than this ago wait, so that a busy room costs little."""
AT_ONCE = 8
RETRY_AFTER_S = (0.1, 0.5)
FOLLOW_UPS = 5_000

log = structlog.get_logger()


class Sink(Protocol):
    async def deliver(self, asker: Asker, outcome: Outcome) -> None:
        """Sends, stores or hands over; called at least once a message, so it must be idempotent."""
        ...


@dataclass(frozen=True, slots=True)
class Incoming:
    """A viewer's message with the id of its stream entry."""

    entry: str
    asker: Asker
    at: datetime


@dataclass
class MemorySink:
    """Keeps what was delivered, for tests."""

    delivered: list[tuple[Asker, Outcome]] = field(default_factory=list)

    async def deliver(self, asker: Asker, outcome: Outcome) -> None:
        self.delivered.append((asker, outcome))


async def waiting(redis: Redis) -> int:
    """Questions not taken yet, or taken and not finished; 0 before anybody listens."""
    try:
        groups: Any = await redis.xinfo_groups(STREAM)
    except ResponseError:
        return 0
    return sum([await _untaken(redis, row) + int(row["pending"]) for row in groups])


async def _untaken(redis: Redis, group: dict[str, Any]) -> int:
    if group.get("lag") is not None:
        return int(group["lag"])
    # Redis before 7 does not count them.
    untaken: Any = await redis.xrange(STREAM, min=b"(" + group["last-delivered-id"])
    return len(untaken)


def parse(entry: str, raw: bytes) -> Incoming | None:
    """A ChatMessage of a viewer; None for anything else."""
    try:
        body: dict[str, Any] = orjson.loads(raw)
        author = body["author"]
        asker = Asker(
            message_id=UUID(body["id"]),
            room_id=UUID(body["room_id"]),
            viewer_id=UUID(author["id"]) if author.get("id") else None,
            viewer_name=str(author.get("display_name", "")),
            text=str(body["text"]),
        )
        at = datetime.fromisoformat(body["created_at"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return Incoming(entry, asker, at) if body.get("kind") == "viewer" and at.tzinfo else None


class QuestionWorker:
    """One consumer of the group; start as many as there are processes of the role `ai`."""

    def __init__(
        self,
        redis: Redis,
        assistant: Assistant,
        facts: FactSource,
        sink: Sink,
        clock: Clock,
        *,
        consumer: str,
    ) -> None:
        self._redis = redis
        self._assistant = assistant
        self._facts = facts
        self._sink = sink
        self._clock = clock
        self.consumer = consumer
        self._asked_about: dict[tuple[UUID, UUID], str] = {}
        self._held: dict[str, list[Incoming]] = {}
        self._answered_at_s: dict[str, float] = {}
        self.dropped = 0

    @property
    def health(self) -> ModelHealth | None:
        return self._assistant.health

    async def run(self) -> None:
        """Works until cancelled. What another consumer left unfinished is taken over."""
        await self.join()
        while True:
            taken = await self.left_behind() or await self.next(HOLD_MS if self._held else BLOCK_MS)
            if taken or self._held:
                await self.handle(taken)

    async def join(self) -> None:
        """Creates the consumer group; what is in the stream already is answered, too."""
        try:
            await self._redis.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def next(self, block_ms: int = BLOCK_MS) -> list[tuple[str, bytes]]:
        """New entries, at most a batch; empty after `block_ms` without any."""
        found: Any = await self._redis.xreadgroup(
            GROUP, self.consumer, {STREAM: ">"}, count=BATCH, block=block_ms
        )
        return [_entry(row) for _, rows in found or [] for row in rows]

    async def left_behind(self, idle_ms: int = CLAIM_IDLE_MS) -> list[tuple[str, bytes]]:
        """Entries that some consumer took and did not finish within `idle_ms`."""
        found: Any = await self._redis.xautoclaim(
            STREAM, GROUP, self.consumer, min_idle_time=idle_ms, count=BATCH
        )
        return [_entry(row) for row in found[1] if row[1]]

    async def handle(self, entries: Sequence[tuple[str, bytes]]) -> None:
        """Answers a batch; equal questions of one room are answered once, naming how many asked.

        Words answered less than HOLD_MS ago wait and are answered together.
        """
        groups, self._held = self._held, {}
        for entry, raw in entries:
            incoming = parse(entry, raw)
            if incoming is None:
                continue
            if (self._clock.now() - incoming.at).total_seconds() > TOO_OLD_S:
                self.dropped += 1
                continue
            groups.setdefault(_group_key(incoming.asker), []).append(incoming)
        open_entries = await self._answer_all(groups)
        done = {entry for entry, _ in entries} | {one.entry for group in groups.values() for one in group}
        if done := done - open_entries:
            await self._redis.xack(STREAM, GROUP, *done)

    async def _answer_all(self, groups: dict[str, list[Incoming]]) -> set[str]:
        """Several at a time; says which entries are not finished: held for a moment, or failed."""
        now_s = self._clock.monotonic()
        at_once = asyncio.Semaphore(AT_ONCE)
        open_entries: set[str] = set()

        async def one(group: Sequence[Incoming]) -> None:
            async with at_once:
                if not await self._guarded(self._answer(group)):
                    open_entries.update(incoming.entry for incoming in group)

        due = {}
        for key, group in groups.items():
            if now_s - self._answered_at_s.get(key, -HOLD_MS) < HOLD_MS / 1000:
                self._held[key] = group
                open_entries.update(incoming.entry for incoming in group)
            else:
                due[key] = group
        self._answered_at_s = {
            key: at_s for key, at_s in self._answered_at_s.items() if now_s - at_s < HOLD_MS / 1000
        } | dict.fromkeys(due, now_s)
        await asyncio.gather(*map(one, due.values()))
        return open_entries

    async def _guarded(self, work: Awaitable[None]) -> bool:
        """One question that fails must not keep the others from their answers. Unacknowledged, it
        comes again once it has idled for CLAIM_IDLE_MS, until it is TOO_OLD_S."""
        try:
            await work
        except Exception:
            log.exception("assistant_failed")
            return False
        return True

    async def _answer(self, group: Sequence[Incoming]) -> None:
        first = group[0].asker
        question = Question(
            text=first.text,
            room_id=str(first.room_id),
            message_id=str(first.message_id),
            viewer_id=str(first.viewer_id) if first.viewer_id else None,
            previous_product=self._previous(first),
            askers=tuple(_name(row.asker) for row in group),
        )
        outcome = await self._assistant.answer(question, self._facts)
        if isinstance(outcome, Silence):
            return
        self._remember(first, getattr(outcome, "product_id", None))
        await self._deliver(first, outcome)

    async def _deliver(self, asker: Asker, outcome: Outcome) -> None:
        """Tries again where the database was away for a moment."""
        for wait_s in RETRY_AFTER_S:
            try:
                await self._sink.deliver(asker, outcome)
                return
            except (OperationalError, OSError) as error:
                log.warning("assistant_delivery_failed", why=type(error).__name__, retry_in_s=wait_s)
                await asyncio.sleep(wait_s)
        await self._sink.deliver(asker, outcome)

    def _previous(self, asker: Asker) -> str | None:
        return self._asked_about.get((asker.room_id, asker.viewer_id)) if asker.viewer_id else None

    def _remember(self, asker: Asker, product_id: str | None) -> None:
        if asker.viewer_id is None or product_id is None:
            return
        self._asked_about.pop((asker.room_id, asker.viewer_id), None)
        self._asked_about[(asker.room_id, asker.viewer_id)] = product_id
        while len(self._asked_about) > FOLLOW_UPS:
            self._asked_about.pop(next(iter(self._asked_about)))


def _name(asker: Asker) -> str:
    return str(asker.viewer_id or asker.message_id)


def _entry(row: tuple[Any, dict[Any, Any]]) -> tuple[str, bytes]:
    entry, fields = row
    raw = fields.get(b"e", fields.get("e", b""))
    return (entry.decode() if isinstance(entry, bytes) else entry), raw


def _group_key(asker: Asker) -> str:
    """Equal for messages that one answer serves: public ones of a room with the same words."""
    text = normalize(asker.text[:1000])
    words = "".join(c for c in text if c.isalnum())
    shared = read(text, language_of(text)).intent in (Intent.QUESTION, Intent.STATEMENT)
    own = "" if shared else str(asker.message_id)
    return hashlib.sha256(f"{asker.room_id}|{own}|{words}".encode()).hexdigest()
