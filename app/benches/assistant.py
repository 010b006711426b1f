"""`shopcast bench assistant`: hundreds of questions a second in one room, over the sockets of its viewers."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing import active_children
from typing import Any
from uuid import UUID

import orjson
from picows import WSFrame, WSListener, WSMsgType, WSTransport

from app.benches.draws import connect, register
from app.benches.fanout import servers
from app.benches.fanout.generator import cost
from app.benches.shop import bench_platform
from app.core.auth import Tokens
from app.core.db import Database, fetch_one
from app.core.ids import new_id
from app.core.report import Report
from app.demo import seed
from app.supervisor import environment

OF_GOODS = (
    ("price", "{}多少钱"),
    ("price", "{}怎么卖"),
    ("price", "请问{}现在什么价"),
    ("stock", "{}还有货吗"),
    ("stock", "{}还有没有"),
)
OF_SHOP = (
    ("ship", "什么时候发货"),
    ("ship", "几天能发货"),
    ("fee", "包邮吗"),
    ("fee", "满多少包邮"),
    ("return", "可以退货吗"),
    ("courier", "发什么快递"),
    ("invoice", "能开发票吗"),
)
GREETINGS = ("来了来了", "主播好漂亮", "哈哈哈", "晚上好", "第一次来")
TALK_PER_S = 20
"""Chat that asks nothing, all along: what its delivery takes shows whether chat is slowed."""
AS_MANY_WORDS = 60
"""How many different messages that ask nothing stand in for the questions: about as many as there are of these."""
BATCH = b'{"t":"batch"'
"""How a batch begins. Only the one who watches reads it: four hundred readers would cost a core."""
SETTLE_S = 3.0
WARM_WITHIN_S = 90


@dataclass(frozen=True, slots=True)
class Load:
    """`questions_per_s` for `seconds`, by `viewers` in turn, whether or not those before are answered."""

    questions_per_s: int
    seconds: float
    viewers: int


@dataclass(frozen=True, slots=True)
class Asked:
    """Words, and what they ask for: one answer serves all words of one `fact`."""

    fact: str
    words: str


@dataclass(slots=True)
class Seen:
    """What the one who watches saw; times of the running loop."""

    said_at_s: dict[str, float] = field(default_factory=dict)
    delivery_ms: list[float] = field(default_factory=list)
    words_by_client: dict[str, Asked] = field(default_factory=dict)
    asked: dict[str, Asked] = field(default_factory=dict)
    """By message id."""
    first_asked_s: dict[str, float] = field(default_factory=dict)
    answered_s: dict[str, float] = field(default_factory=dict)
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    answers: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    def forget(self) -> None:
        """The warming question is no part of the figures."""
        for kept in (self.words_by_client, self.asked, self.first_asked_s, self.answered_s):
            kept.clear()


def percentile(values: Sequence[float], percent: int) -> float:
    """0 where there are none."""
    ordered = sorted(values)
    return round(ordered[max(-(-len(ordered) * percent // 100) - 1, 0)], 1) if ordered else 0.0


class Viewer(WSListener):
    """Writes when told to; one of them watches."""

    def __init__(self, seen: Seen, *, watches: bool) -> None:
        self._seen = seen
        self._watches = watches
        self._transport: WSTransport | None = None

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        transport.send(WSMsgType.TEXT, b'{"t":"hello"}')

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type != WSMsgType.TEXT:
            return
        raw = frame.get_payload_as_bytes()
        if not self._watches and raw.startswith(BATCH):
            return
        body = orjson.loads(raw)
        if body["t"] == "error":
            self._seen.refused[body["code"]] += 1
        elif body["t"] == "batch":
            for event in body["events"]:
                if event["type"] == "chat.message":
                    self._message(event["data"])

    def _message(self, data: dict[str, Any]) -> None:
        now_s, seen = asyncio.get_running_loop().time(), self._seen
        if (said_s := seen.said_at_s.pop(data["client_id"], None)) is not None:
            seen.delivery_ms.append((now_s - said_s) * 1_000)
        elif data["kind"] == "assistant":
            seen.answers += 1
            if (asked := seen.asked.get(data["reply_to"])) is not None:
                seen.answered_s.setdefault(asked.fact, now_s)
            seen.answered.set()
        elif (words := seen.words_by_client.get(data["client_id"])) is not None:
            seen.asked[data["id"]] = words

    def say(self, text: str, due_s: float) -> None:
        self._seen.said_at_s[self._write(text)] = due_s

    def ask(self, asked: Asked, due_s: float) -> None:
        self._seen.words_by_client[self._write(asked.words)] = asked
        self._seen.first_asked_s.setdefault(asked.fact, due_s)

    def _write(self, text: str) -> str:
        assert self._transport is not None
        client_id = str(new_id())
        message = {"t": "chat", "client_id": client_id, "text": text}
        self._transport.send(WSMsgType.TEXT, orjson.dumps(message))
        return client_id


async def run(load: Load) -> None:
    """Print how many of the different questions were answered, how fast, and what chat took meanwhile."""
    report = Report("bench assistant")
    report.progress("starting PostgreSQL, Redis, the gateway and the role ai")
    async with (
        bench_platform(roles=("ai",)) as bench,
        servers.gateway(environment(bench.settings)) as (port, gateway),
    ):
        await seed.seed(bench.settings)
        room_id, names = await _room(bench.db)
        people = await register(bench.db, load.viewers)
        tokens = Tokens(bench.settings.signing_secret())
        seen = Seen()
        viewers = [Viewer(seen, watches=number == 0) for number in range(load.viewers)]
        issued = [tokens.issue("gateway", str(one), room_id, ttl_s=600) for one in people]
        await connect(viewers, port, issued)
        report.progress("one question, until the assistant is warm")
        await _warm(viewers[0], seen)
        report.progress(
            f"{load.seconds:g} s of chat alone, as much chat that asks nothing, {load.questions_per_s} questions/s"
        )
        await _talk(viewers, [], load, seen)
        alone, seen.delivery_ms = seen.delivery_ms, []
        await _talk(viewers, [None], load, seen)
        await asyncio.sleep(SETTLE_S)
        as_many, seen.delivery_ms = seen.delivery_ms, []
        before, answering = seen.answers, _pid_of("ai")
        ai_s, gateway_s = cost([answering]).cpu_s, cost([gateway.pid]).cpu_s
        await _talk(viewers, _questions(names), load, seen)
        await asyncio.sleep(SETTLE_S)
        ai_s, gateway_s = cost([answering]).cpu_s - ai_s, cost([gateway.pid]).cpu_s - gateway_s
    waits = [(at_s - seen.first_asked_s[words]) * 1_000 for words, at_s in seen.answered_s.items()]
    figures = {
        "offered_per_s": load.questions_per_s,
        "asked": len(seen.words_by_client),
        "delivered": len(seen.asked),
        "distinct_facts": len(seen.first_asked_s),
        "answered_facts": len(seen.answered_s),
        "answers_sent": seen.answers - before,
        "answer_p50_ms": percentile(waits, 50),
        "answer_p95_ms": percentile(waits, 95),
        "chat_alone_p95_ms": percentile(alone, 95),
        "chat_as_many_p95_ms": percentile(as_many, 95),
        "chat_p95_ms": percentile(seen.delivery_ms, 95),
        "ai_ms_a_question": round(ai_s * 1_000 / max(1, len(seen.words_by_client)), 2),
        "gateway_ms_a_question": round(gateway_s * 1_000 / max(1, len(seen.words_by_client)), 2),
        "refused": dict(seen.refused),
    }
    report.table("bench assistant", ["figure", "value"], figures.items())
    report.finish(figures)


def _pid_of(role: str) -> int:
    """The process of a role that the bench has started."""
    return next(child.pid for child in active_children() if child.name == role and child.pid)


async def _room(db: Database) -> tuple[UUID, list[str]]:
    """The demo's room, and the names of what is sold in it."""
    async with db.transaction() as tx:
        row = await fetch_one(tx, "SELECT id FROM rooms ORDER BY created_at DESC LIMIT 1", {})
        assert row is not None
        rows = await (
            await tx.execute(
                """SELECT p.name FROM room_products r JOIN products p ON p.id = r.product_id
                   WHERE r.room_id = %s ORDER BY r.position""",
                (row["id"],),
            )
        ).fetchall()
    return row["id"], [one["name"] for one in rows]


def _questions(names: Sequence[str]) -> list[Asked]:
    """Every wording of every thing to ask; wordings of one thing share its answer."""
    found = [Asked(f"{name} {fact}", words.format(name)) for name in names for fact, words in OF_GOODS]
    return found + [Asked(fact, words) for fact, words in OF_SHOP]


async def _warm(viewer: Viewer, seen: Seen) -> None:
    asked = Asked("warm", "可以用支付宝付款吗")
    viewer.ask(asked, asyncio.get_running_loop().time())
    async with asyncio.timeout(WARM_WITHIN_S):
        await seen.answered.wait()
    seen.forget()


async def _talk(viewers: Sequence[Viewer], questions: Sequence[Asked | None], load: Load, seen: Seen) -> None:
    """Chat all along, and questions in turn, each at its time; None: as much that asks nothing."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    every = [("chat", n / TALK_PER_S) for n in range(int(TALK_PER_S * load.seconds))]
    if questions:
        every += [("ask", n / load.questions_per_s) for n in range(int(load.questions_per_s * load.seconds))]
    for number, (what, at_s) in enumerate(sorted(every, key=lambda row: row[1])):
        due_s = began_s + at_s
        if due_s > loop.time():
            await asyncio.sleep(due_s - loop.time())
        viewer = viewers[number % len(viewers)]
        asked = questions[number * 7 % len(questions)] if what == "ask" else None
        if asked is None:
            words = number if what == "chat" else number % AS_MANY_WORDS
            viewer.say(f"{GREETINGS[number % len(GREETINGS)]} {words}", due_s)
        else:
            viewer.ask(asked, due_s)
    await asyncio.sleep(1)
