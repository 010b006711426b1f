"""A gateway is killed under its viewers: how soon they are back at another one, and what they have seen then."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from app.benches.fanout import servers
from app.core.auth import Tokens
from app.core.bus import Bus
from app.core.events import Event, room_topic
from app.core.ids import new_id
from app.core.report import Report

KILL_AFTER_S = 2.0
PUBLISH_FOR_S = 7.0
BACK_WITHIN_S = 10.0
EVERY_S = 0.05
MOST_BACKOFF_S = 2.0
CONNECTS_AT_ONCE = 100
MATTERS = ("pin.set", "order.created", "red_packet.ended")


class Viewer(WSListener):
    """Resumes where it was, after a random wait, as the web client does."""

    def __init__(self, token: str, topic: str) -> None:
        self.token = token
        self.topic = topic
        self.cursor: int | None = None
        self.seen: Counter[str] = Counter()
        self.chat: Counter[str] = Counter()
        self.welcome = asyncio.Event()
        self.gone = asyncio.Event()
        self.dropped = 0

    def on_ws_connected(self, transport: WSTransport) -> None:
        cursors = {} if self.cursor is None else {self.topic: self.cursor}
        transport.send(WSMsgType.TEXT, orjson.dumps({"t": "hello", "cursors": cursors}))

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type != WSMsgType.TEXT:
            return
        body = orjson.loads(frame.get_payload_as_bytes())
        if body["t"] == "welcome":
            self.cursor = body["cursors"][self.topic]
            self.welcome.set()
        elif body["t"] == "batch":
            self.cursor = body["through"]
            for event in body["events"]:
                (self.chat if event["type"] == "chat.message" else self.seen)[event["id"]] += 1

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.dropped += 1
        self.welcome.clear()
        self.gone.set()

    async def connect(self, port: int) -> None:
        """Raises OSError or picows.WSError where nobody answers."""
        await ws_connect(lambda: self, f"ws://127.0.0.1:{port}/ws?token={self.token}")

    async def stay(self, ports: list[int], at_once: asyncio.Semaphore) -> None:
        """Come back to any gateway whenever the connection ends."""
        while True:
            await self.gone.wait()
            self.gone.clear()
            await asyncio.sleep(random.uniform(0, MOST_BACKOFF_S))
            try:
                async with at_once:
                    await self.connect(ports[0])
            except Exception:
                ports = [*ports[1:], ports[0]]
                self.gone.set()


async def kill_one(
    report: Report, bus: Bus, tokens: Tokens, variables: Mapping[str, str], *, viewers: int
) -> dict[str, Any]:
    """Kill one of two gateways with everybody on it; figures about who came back and what was missed."""
    room_id = new_id()
    topic = room_topic(room_id)
    async with servers.gateway(variables) as (first, doomed), servers.gateway(variables) as (second, _):
        crowd = [
            Viewer(tokens.issue("gateway", f"guest-{number}", room_id, ttl_s=600), topic)
            for number in range(viewers)
        ]
        at_once = asyncio.Semaphore(CONNECTS_AT_ONCE)

        async def come(viewer: Viewer) -> None:
            async with at_once:
                await viewer.connect(first)
                await viewer.welcome.wait()

        await asyncio.gather(*map(come, crowd))
        staying = [asyncio.create_task(viewer.stay([first, second], at_once)) for viewer in crowd]
        report.progress(f"kill: {viewers} viewers are on a gateway that dies now")
        publishing = asyncio.create_task(_publish(bus, room_id))
        await asyncio.sleep(KILL_AFTER_S)
        doomed.kill()
        back_s = await _all_back(crowd)
        important, last = await publishing
        await _caught_up(crowd, last)
        for task in staying:
            task.cancel()
        await asyncio.gather(*staying, return_exceptions=True)
    return {
        "killed_viewers": viewers,
        "back_s": back_s,
        "missed": sum(sum(viewer.seen[event_id] == 0 for event_id in important) for viewer in crowd),
        "doubled": sum(sum(count > 1 for count in (viewer.seen + viewer.chat).values()) for viewer in crowd),
    }


async def _publish(bus: Bus, room_id: UUID) -> tuple[list[str], int]:
    """Chat all the while and now and then what matters; the ids of that, and the last number."""
    loop = asyncio.get_running_loop()
    topic, began_s, number, seq = room_topic(room_id), loop.time(), 0, 0
    important = []
    while loop.time() - began_s < PUBLISH_FOR_S:
        author = {"id": str(new_id()), "display_name": "小雨"}
        events = [Event("chat.message", {"text": "好看", "kind": "viewer", "author": author})]
        if number % 4 == 0:
            events.append(Event(MATTERS[number // 4 % len(MATTERS)], {"number": number}))
            important.append(str(events[-1].id))
        seq = (await bus.publish_many([(topic, event) for event in events]))[-1]
        number += 1
        await asyncio.sleep(max(0.0, began_s + number * EVERY_S - loop.time()))
    return important, seq


async def _all_back(crowd: list[Viewer]) -> float | None:
    """Seconds until everybody was welcomed again; None: not within BACK_WITHIN_S."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    while any(viewer.dropped == 0 for viewer in crowd):
        await asyncio.sleep(0.005)
    while not all(viewer.welcome.is_set() for viewer in crowd):
        if loop.time() - began_s > BACK_WITHIN_S:
            return None
        await asyncio.sleep(0.02)
    return round(loop.time() - began_s, 2)


async def _caught_up(crowd: list[Viewer], last: int) -> None:
    """Wait until everybody has seen the last number, or it has taken too long."""
    for _ in range(200):
        if all(viewer.cursor is not None and viewer.cursor >= last for viewer in crowd):
            return
        await asyncio.sleep(0.05)
