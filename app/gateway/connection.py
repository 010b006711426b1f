"""One viewer's WebSocket."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from multidict import CIMultiDict
from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport
from prometheus_client import Counter

from app.core.events import room_topic, staff_topic, user_topic
from app.gateway.group import Write
from app.gateway.protocol import (
    HEADER_ROOM,
    Chat,
    Claim,
    ClientMessage,
    Hello,
    Like,
    Ping,
    Refused,
    frame,
    parse,
)

if TYPE_CHECKING:
    from app.gateway.feed import Subscription
    from app.gateway.server import Gateway

BUFFER_LIMIT_BYTES = 256 * 1024
"""With more than this unsent a connection is given nothing until it has drained."""
MESSAGES_PER_S = 20
MESSAGES_AT_ONCE = 60
FLOOD_LIMIT = 500
"""A connection whose refused messages come to this many more than it was let through is cut off."""
ANSWERS_AT_ONCE = 8
TELL_FLOOD_EVERY_S = 1.0
HELLO_WITHIN_S = 10.0
GOODBYE_WITHIN_S = 1.0
PING_AFTER_S = 45.0
GONE_AFTER_S = 75.0
STALLED_AFTER_S = 10.0

HELD_BACK = Counter(
    "shopcast_gateway_held_back_total",
    "Times that a connection took in too little and was given nothing until it had drained.",
)
CUT_OFF = Counter(
    "shopcast_gateway_cut_off_total", "Connections that the gateway ended, by reason.", ["reason"]
)

_NO_HEADERS: CIMultiDict[str] = CIMultiDict()
_PONG = frame({"t": "pong"})


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whom a connection serves. `subject`: a user's id or `guest-…`."""

    subject: str
    room_id: UUID
    staff: bool
    user_id: UUID | None

    def topics(self) -> list[str]:
        """Everything that this viewer may hear."""
        topics = [room_topic(self.room_id)]
        if self.staff:
            topics.append(staff_topic(self.room_id))
        if self.user_id:
            topics.append(user_topic(self.user_id))
        return topics


class Connection(WSListener):
    """Reads what its viewer sends and writes what the feeds deliver.

    Its memory is bounded: the transport's buffer by BUFFER_LIMIT_BYTES and one batch, everything
    else by what waits in the feeds' rings, which it shares.
    """

    __slots__ = (
        "_allowance",
        "_allowance_at_s",
        "_asked",
        "_gateway",
        "_greeted",
        "_refused",
        "_told_flood_s",
        "choked",
        "choked_at_s",
        "closed",
        "closing",
        "heard_s",
        "pinged",
        "subscriptions",
        "transport",
        "viewer",
    )

    def __init__(self, gateway: "Gateway", viewer: Viewer) -> None:
        self._gateway = gateway
        self.viewer = viewer
        self.transport: WSTransport | None = None
        self.subscriptions: tuple[Subscription, ...] = ()
        self.choked = False
        self.choked_at_s = 0.0
        self.closed = False
        self.closing = False
        self.heard_s = asyncio.get_running_loop().time()
        self.pinged = False
        self._greeted = False
        self._asked = 0
        self._allowance = float(MESSAGES_AT_ONCE)
        self._allowance_at_s = self.heard_s
        self._refused = 0
        self._told_flood_s = 0.0

    # --- picows calls these

    def on_ws_connected(self, transport: WSTransport) -> None:
        transport.underlying_transport.set_write_buffer_limits(high=BUFFER_LIMIT_BYTES)
        transport.request.headers = transport.response.headers = _NO_HEADERS
        self.transport = transport
        self._gateway.connected(self)

    def on_ws_frame(self, transport: WSTransport, ws_frame: WSFrame) -> None:
        if ws_frame.msg_type == WSMsgType.CLOSE:
            transport.send_close(WSCloseCode.OK)
            transport.disconnect()
        elif not self.closing:
            self._hear(ws_frame)

    def _hear(self, ws_frame: WSFrame) -> None:
        self.heard_s = asyncio.get_running_loop().time()
        self.pinged = False
        if ws_frame.msg_type == WSMsgType.TEXT and ws_frame.fin:
            self._take(ws_frame)
        elif ws_frame.msg_type not in (WSMsgType.PING, WSMsgType.PONG):
            self.close(WSCloseCode.UNSUPPORTED_DATA, b"whole text frames only")

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.closed = True
        self._gateway.disconnected(self)

    def pause_writing(self) -> None:
        HELD_BACK.inc()
        self.choked = True
        self.choked_at_s = asyncio.get_running_loop().time()
        for subscription in self.subscriptions:
            subscription.feed.hold(subscription)

    def resume_writing(self) -> None:
        self.choked = False
        if not self.closed:
            for subscription in self.subscriptions:
                self._gateway.hub.start(subscription)

    # --- sending

    def send(self, message: bytearray) -> None:
        """Write a frame that was built with room for its header."""
        if self.transport is not None and not self.closed:
            self.transport.send_reuse_external_bytearray(WSMsgType.TEXT, message, HEADER_ROOM)

    def writer(self) -> Write:
        """What `send` does, as one bound function; picows ignores what comes after the end."""
        assert self.transport is not None
        write: Write = self.transport.send_reuse_external_bytearray
        return write

    def refuse(self, code: str, detail: str = "", client_id: str | None = None) -> None:
        body = {"t": "error", "code": code, "detail": detail}
        self.send(frame(body | {"client_id": client_id} if client_id else body))

    def close(self, code: WSCloseCode, reason: bytes) -> None:
        """Say goodbye; the connection ends when the other side has answered, or soon after."""
        if self.transport is not None and not self.closed and not self.closing:
            self.transport.send_close(code, reason)
            self.closing = True
            self.heard_s = asyncio.get_running_loop().time()

    def abort(self) -> None:
        """End at once: the other side takes nothing in."""
        if self.transport is not None:
            self.transport.disconnect(False)

    def check(self, now_s: float) -> None:
        """Ping the silent; end a connection that is gone, takes nothing in or has never said hello."""
        silent_s = now_s - self.heard_s
        if self.closing:
            if silent_s > GOODBYE_WITHIN_S:
                self.abort()
        elif silent_s > GONE_AFTER_S:
            CUT_OFF.labels("gone").inc()
            self.abort()
        elif self.choked and now_s - self.choked_at_s > STALLED_AFTER_S:
            CUT_OFF.labels("stalled").inc()
            self.abort()
        elif not self._greeted and silent_s > HELLO_WITHIN_S:
            CUT_OFF.labels("no_hello").inc()
            self.close(WSCloseCode.POLICY_VIOLATION, b"no hello")
        elif silent_s > PING_AFTER_S and not self.pinged and self.transport is not None:
            self.pinged = True
            self.transport.send_ping()

    # --- receiving

    def _take(self, ws_frame: WSFrame) -> None:
        if not self._allowed():
            return
        client_id = None
        try:
            message = parse(ws_frame.get_payload_as_bytes())
            if isinstance(message, Chat):
                client_id = str(message.client_id)
            self._act(message)
        except Refused as refused:
            self.refuse(refused.code, refused.detail, refused.client_id or client_id)

    def _act(self, message: ClientMessage) -> None:
        match message:
            case Hello():
                if self._greeted:
                    raise Refused("already_greeted", "One hello opens a connection.")
                self._greeted = True
                self._gateway.greet(self, message.cursors)
            case Chat() | Claim():
                if self._asked >= ANSWERS_AT_ONCE:
                    raise Refused("rate_limited", "Wait for the answer to your last messages.")
                self._gateway.ask(self, message)
            case Like():
                self._gateway.like(self, message.count)
            case Ping():
                self.send(_PONG)

    def _allowed(self) -> bool:
        """False for a message beyond the allowance; whoever goes on regardless is cut off."""
        elapsed_s = self.heard_s - self._allowance_at_s
        self._allowance = min(MESSAGES_AT_ONCE, self._allowance + elapsed_s * MESSAGES_PER_S)
        self._allowance_at_s = self.heard_s
        if self._allowance >= 1:
            self._allowance -= 1
            self._refused = max(0, self._refused - 1)
            return True
        self._refused += 1
        if self._refused > FLOOD_LIMIT:
            CUT_OFF.labels("flood").inc()
            self.close(WSCloseCode.POLICY_VIOLATION, b"flood")
        elif self.heard_s - self._told_flood_s >= TELL_FLOOD_EVERY_S:
            self._told_flood_s = self.heard_s
            self.refuse("rate_limited", "Too many messages; they are not read.")
        return False

    def asked(self) -> None:
        """An answer is on its way."""
        self._asked += 1

    def answered(self) -> None:
        self._asked -= 1
