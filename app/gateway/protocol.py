"""The WebSocket protocol: client messages parsed, server frames built (docs/reference/realtime.md)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from app.chat.schemas import MENTIONS_LIMIT

FRAME_LIMIT_BYTES = 4 * 1024
"""A larger client frame is refused with an error."""
HARD_FRAME_LIMIT_BYTES = 64 * 1024
"""A larger client frame closes the connection (RFC 6455 §7.4.1, 1009)."""
HEADER_ROOM = 14
"""picows writes the WebSocket header into these first bytes, so that one frame serves every connection."""
LIKES_PER_MESSAGE = 50
"""More likes in one message count as so many."""
CURSORS_LIMIT = 8
SEQ_LIMIT = 2**53


@dataclass(frozen=True, slots=True)
class Hello:
    """The client's place in each topic that it has seen before."""

    cursors: dict[str, int]


@dataclass(frozen=True, slots=True)
class Chat:
    client_id: UUID
    text: str
    reply_to: UUID | None
    mentions: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Like:
    count: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A share of a red packet, please."""

    packet_id: UUID


@dataclass(frozen=True, slots=True)
class Ping:
    pass


ClientMessage = Hello | Chat | Like | Claim | Ping


class Refused(Exception):
    """A client message that is not acted on; told to its sender by `code`."""

    def __init__(self, code: str, detail: str = "", client_id: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.client_id = client_id


def parse(payload: bytes) -> ClientMessage:
    """The client message in `payload`; raises Refused."""
    if len(payload) > FRAME_LIMIT_BYTES:
        raise Refused("frame_too_large", f"A message may have {FRAME_LIMIT_BYTES} bytes.")
    try:
        body = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise Refused("invalid_json") from error
    if not isinstance(body, dict):
        raise Refused("invalid_message", "A message is a JSON object.")
    match body.get("t"):
        case "hello":
            return _hello(body)
        case "chat":
            return _chat(body)
        case "like":
            return _like(body)
        case "claim":
            return _claim(body)
        case "ping":
            return Ping()
    raise Refused("unknown_message", "`t` is one of hello, chat, like, claim, ping.")


def _hello(body: dict[str, Any]) -> Hello:
    cursors = body.get("cursors") or {}
    if not isinstance(cursors, dict) or len(cursors) > CURSORS_LIMIT:
        raise Refused("invalid_message", "`cursors` maps a topic to a sequence number.")
    if not all(type(seq) is int and 0 <= seq < SEQ_LIMIT for seq in cursors.values()):
        raise Refused("invalid_message", "A cursor is a sequence number.")
    return Hello(cursors)


def _chat(body: dict[str, Any]) -> Chat:
    client_id = body.get("client_id")
    text = body.get("text")
    try:
        parsed = UUID(client_id)
    except (ValueError, TypeError, AttributeError) as error:
        raise Refused("invalid_message", "`client_id` is a UUID.") from error
    if not isinstance(text, str):
        raise Refused("invalid_message", "`text` is a string.", client_id)
    reply_to, mentions = body.get("reply_to"), body.get("mentions") or ()
    try:
        if len(mentions) > MENTIONS_LIMIT:
            raise ValueError
        return Chat(
            parsed,
            text,
            UUID(reply_to) if reply_to is not None else None,
            tuple(UUID(user_id) for user_id in mentions),
        )
    except (ValueError, TypeError, AttributeError) as error:
        detail = f"`reply_to` is a message's id, `mentions` at most {MENTIONS_LIMIT} users' ids."
        raise Refused("invalid_message", detail, client_id) from error


def _claim(body: dict[str, Any]) -> Claim:
    try:
        return Claim(UUID(body.get("packet_id")))
    except (ValueError, TypeError, AttributeError) as error:
        raise Refused("invalid_message", "`packet_id` is a UUID.") from error


def _like(body: dict[str, Any]) -> Like:
    count = body.get("count", 1)
    if type(count) is not int or count < 1:
        raise Refused("invalid_message", "`count` is a number above 0.")
    return Like(min(count, LIKES_PER_MESSAGE))


def frame(body: dict[str, Any]) -> bytearray:
    """A server message, with room for its header."""
    return bytearray(HEADER_ROOM) + orjson.dumps(body)


def batch_frame(
    topic: str, events: Iterable[tuple[int, bytes]], through: int, skipped: int, stats: bytes | None
) -> bytearray:
    """A batch of `events` (number, JSON of the event) in order.

    `through` is the topic's number up to which the receiver now knows everything that it is meant to
    see; `skipped` says how many chat messages a flood left out of it.
    """
    parts = bytearray(HEADER_ROOM)
    parts += b'{"t":"batch","topic":"%b","events":[' % topic.encode()
    parts += b",".join(b'{"seq":%d,%b' % (seq, raw[1:]) for seq, raw in events)
    parts += b'],"through":%d' % through
    if skipped:
        parts += b',"skipped":%d' % skipped
    if stats is not None:
        parts += b',"stats":' + stats
    parts += b"}"
    return parts
