"""The gateway role: WebSocket connections of a room's viewers, on picows."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import orjson
import psycopg
import structlog
from picows import (
    WSCloseCode,
    WSUpgradeRequest,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
    ws_create_server,
)
from prometheus_client import Gauge
from psycopg_pool import PoolTimeout
from redis.exceptions import RedisError

from app.chat.posting import Chat as ChatDesk
from app.chat.schemas import NewMessage
from app.core.auth import TokenVerifier
from app.core.background import stop
from app.core.bus import Bus
from app.core.clock import Clock
from app.core.db import Database
from app.core.errors import Problem
from app.core.ids import new_id
from app.engagement.red_packets.service import RedPacketDesk
from app.gateway.connection import GOODBYE_WITHIN_S, Connection, Viewer
from app.gateway.feed import Subscription
from app.gateway.hub import Hub
from app.gateway.presence import Presence
from app.gateway.protocol import HARD_FRAME_LIMIT_BYTES, Chat, Claim, Refused, frame
from app.gateway.stats import StatsKeeper

BACKLOG = 4_096
SWEEP_EVERY_S = 2.0
SWEPT_PER_TURN = 1_000
READ_BUFFER_BYTES = 2_048

CONNECTIONS = Gauge("shopcast_gateway_connections", "WebSocket connections that are open.")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    """`origins`: those that browsers may come from; None: any. `chat_per_s`: shown of a flood.

    `drain_s`: over how long connections are sent away when the gateway stops.
    """

    host: str = "127.0.0.1"
    port: int = 8001
    origins: Collection[str] | None = None
    chat_per_s: float = 30.0
    drain_s: float = 5.0


class Gateway:
    """Accepts viewers, hands what they send to chat, draws and counters, and delivers the feeds."""

    def __init__(
        self,
        bus: Bus,
        db: Database,
        clock: Clock,
        tokens: TokenVerifier,
        chat: ChatDesk,
        red_packets: RedPacketDesk,
        options: GatewayOptions,
    ) -> None:
        self.id = str(new_id())
        self.port = options.port
        self.hub = Hub(bus, chat_per_s=options.chat_per_s)
        self._bus = bus
        self._db = db
        self._tokens = tokens
        self._chat = chat
        self._red_packets = red_packets
        self._options = options
        self.presence = Presence(bus.redis, self.id)
        self.stats = StatsKeeper(bus.redis, db, clock, self.hub, self.presence)
        self._connections: dict[Connection, None] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._draining = False
        self._left = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        bus: Bus,
        db: Database,
        clock: Clock,
        tokens: TokenVerifier,
        chat: ChatDesk,
        red_packets: RedPacketDesk,
        options: GatewayOptions,
    ) -> AsyncIterator[Self]:
        """Serve while the block lasts, then send everybody away; `port` is the one listened on."""
        gateway = cls(bus, db, clock, tokens, chat, red_packets, options)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(gateway.hub)
            stack.push_async_callback(gateway._cancel_tasks)
            gateway._start(gateway.stats.run())
            gateway._start(gateway._sweep())
            server = await ws_create_server(
                gateway._upgrade,
                options.host,
                options.port,
                max_frame_size=HARD_FRAME_LIMIT_BYTES,
                read_buffer_init_size=READ_BUFFER_BYTES,
                logger_name=logging.LoggerAdapter(logging.getLogger("picows.gateway")),
                backlog=BACKLOG,
            )
            gateway.port = server.sockets[0].getsockname()[1]
            try:
                yield gateway
            finally:
                server.close()
                await gateway._drain()

    @property
    def connections(self) -> Sequence[Connection]:
        return list(self._connections)

    # --- coming and going

    def _upgrade(self, request: WSUpgradeRequest) -> WSUpgradeResponseWithListener | Connection:
        """Who asks for a WebSocket gets one if the token is good and the origin is ours."""
        url = urlsplit(request.path.decode("latin-1"))
        if url.path == "/health":
            return WSUpgradeResponseWithListener(WSUpgradeResponse.create_ok_response(b"ok"), None)
        if url.path != "/ws":
            return _refusal(HTTPStatus.NOT_FOUND, "not_found")
        if self._draining:
            return _refusal(HTTPStatus.SERVICE_UNAVAILABLE, "draining")
        origin = request.headers.get("Origin")
        origins = self._options.origins
        if origin is not None and origins is not None and origin not in origins:
            return _refusal(HTTPStatus.FORBIDDEN, "foreign_origin")
        try:
            viewer = self._identify(parse_qs(url.query).get("token", [""])[0])
        except Problem as problem:
            return _refusal(HTTPStatus(problem.status), problem.code)
        return Connection(self, viewer)

    def _identify(self, token: str) -> Viewer:
        claims = self._tokens.verify(token, "gateway")
        user_id = None
        if not claims.subject.startswith("guest-"):
            with suppress(ValueError):
                user_id = UUID(claims.subject)
        return Viewer(claims.subject, claims.room_id, claims.extra.get("staff") is True, user_id)

    def connected(self, connection: Connection) -> None:
        self._connections[connection] = None
        CONNECTIONS.set(len(self._connections))
        viewer = connection.viewer
        self.hub.arrive(viewer.subject, connection)
        self.presence.enter(viewer.room_id, viewer.subject, staff=viewer.staff)

    def disconnected(self, connection: Connection) -> None:
        self._connections.pop(connection, None)
        CONNECTIONS.set(len(self._connections))
        self._left.set()
        viewer = connection.viewer
        self.hub.depart(viewer.subject, connection)
        self.presence.leave(viewer.room_id, viewer.subject, staff=viewer.staff)
        for subscription in connection.subscriptions:
            self.hub.release(subscription)

    def exclude(self, forbidden: Callable[[str, UUID], bool]) -> None:
        """Send away whom `forbidden(subject, room_id)` names."""
        for connection in list(self._connections):
            viewer = connection.viewer
            if not connection.closed and forbidden(viewer.subject, viewer.room_id):
                connection.send(frame({"t": "error", "code": "banned", "detail": "You are excluded here."}))
                connection.close(WSCloseCode.POLICY_VIOLATION, b"banned")

    # --- what a viewer sends

    def greet(self, connection: Connection, cursors: dict[str, int]) -> None:
        topics = connection.viewer.topics()
        for topic in cursors:
            if topic not in topics:
                connection.refuse("topic_forbidden", topic)
        places = {topic: cursors.get(topic) for topic in topics}
        subscriptions = self.hub.subscribe_now(connection, places)
        if subscriptions is None:
            self._start(self._welcome(connection, places))
        else:
            self._admit(connection, subscriptions, [])

    async def _welcome(self, connection: Connection, cursors: dict[str, int | None]) -> None:
        try:
            subscriptions, lost = await self.hub.subscribe(connection, cursors)
        except (RedisError, OSError):
            connection.close(WSCloseCode.TRY_AGAIN_LATER, b"try again")
            return
        if connection.closed:
            for subscription in subscriptions:
                self.hub.release(subscription)
            return
        self._admit(connection, subscriptions, lost)

    def _admit(
        self, connection: Connection, subscriptions: Sequence[Subscription], lost: Sequence[str]
    ) -> None:
        connection.subscriptions = tuple(subscriptions)
        places = {subscription.feed.topic: subscription.position for subscription in subscriptions}
        connection.send(frame({"t": "welcome", "connection": str(new_id()), "cursors": places}))
        for topic in lost:
            connection.send(frame({"t": "reset", "topic": topic}))
        for subscription in subscriptions:
            self.hub.start(subscription)

    def like(self, connection: Connection, count: int) -> None:
        self.stats.like(connection.viewer.room_id, count)

    def ask(self, connection: Connection, message: Chat | Claim) -> None:
        """Post a message or claim a share; the answer comes when it is stored."""
        user_id = connection.viewer.user_id
        if user_id is None:
            raise Refused("login_required", "Guests look on; log in to take part.")
        connection.asked()
        self._start(self._answer(connection, user_id, message))

    async def _answer(self, connection: Connection, user_id: UUID, message: Chat | Claim) -> None:
        named = (
            {"client_id": str(message.client_id)}
            if isinstance(message, Chat)
            else {"packet_id": str(message.packet_id)}
        )
        answer: dict[str, Any]
        try:
            if isinstance(message, Chat):
                answer = await self._post(connection.viewer, user_id, message)
            else:
                claimed = await self._red_packets.claim(user_id, message.packet_id)
                answer = {"t": "claimed", "amount_cents": claimed.amount_cents, "currency": claimed.currency}
        except Problem as problem:
            answer = {"t": "error", "code": problem.code, "detail": problem.detail or problem.title}
        except (RedisError, psycopg.Error, PoolTimeout, OSError):
            log.warning("not stored", exc_info=True)
            answer = {"t": "error", "code": "unavailable", "detail": "Try again in a moment."}
        finally:
            connection.answered()
        connection.send(frame(answer | named))

    async def _post(self, viewer: Viewer, user_id: UUID, message: Chat) -> dict[str, str]:
        new = NewMessage.model_construct(
            client_id=message.client_id,
            text=message.text,
            reply_to=message.reply_to,
            mentions=list(message.mentions),
        )
        posted = await self._chat.post(viewer.room_id, user_id, new, staff=viewer.staff)
        return {"t": "ack", "status": posted.status, "message_id": str(posted.message_id)}

    # --- upkeep

    def _start(self, job: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("a task of the gateway failed", exc_info=error)

    async def _cancel_tasks(self) -> None:
        await stop(self._tasks)

    async def _sweep(self) -> None:
        """Now and then: ping the silent, cut off who is gone, stalled or has never said hello."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            for index, connection in enumerate(list(self._connections)):
                if index % SWEPT_PER_TURN == SWEPT_PER_TURN - 1:
                    await asyncio.sleep(0)
                if not connection.closed:
                    connection.check(loop.time())
            with suppress(RedisError, OSError):
                await self.hub.sweep()

    async def _drain(self) -> None:
        """Send everybody to another gateway, each told when to come so that they do not come at once."""
        self._draining = True
        leaving = list(self._connections)
        spread_ms = int(self._options.drain_s * 1_000) if len(leaving) > 1 else 0
        for connection in leaving:
            delay_ms = random.randint(0, spread_ms)
            connection.send(frame({"t": "drain", "reconnect_after_ms": delay_ms}))
            connection.close(WSCloseCode.SERVICE_RESTART, b"restart")
        await self._wait_for_goodbyes()
        with suppress(RedisError, psycopg.Error, PoolTimeout, OSError):
            await self.stats.store_likes()
            await self.presence.leave_all()

    async def _wait_for_goodbyes(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_WITHIN_S):
                while self._connections:
                    self._left.clear()
                    await self._left.wait()
        for connection in list(self._connections):
            connection.abort()


def _refusal(status: HTTPStatus, code: str) -> WSUpgradeResponseWithListener:
    body = {"type": f"urn:shopcast:problem:{code}", "title": status.phrase, "status": status, "code": code}
    response = WSUpgradeResponse.create_error_response(
        status, orjson.dumps(body), {"Content-Type": "application/problem+json"}
    )
    return WSUpgradeResponseWithListener(response, None)
