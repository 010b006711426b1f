"""Any node answers for any room: requests for one that lives elsewhere are passed on to its node.

Only signalling and HLS come this way; WebRTC media goes over UDP straight to the node that the
session description names, and HLS is fetched once per part by the cache in front.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import AsyncIterator

import httpx
import orjson
from redis.exceptions import RedisError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.errors import Problem
from media.cluster.placement import NodeRef, Placement

logger = logging.getLogger(__name__)

FORWARDED = b"x-shopcast-forwarded-by"
_KNOWN_FOR_S = 0.5
_MAX_KNOWN = 10_000
_ROUTED = ("whip", "whep", "hls")
_HOP_BY_HOP = frozenset(
    (b"connection", b"keep-alive", b"te", b"trailer", b"transfer-encoding", b"upgrade", b"host")
)
_NOT_PASSED_BACK = _HOP_BY_HOP | {b"date", b"server"}


class NodeUnreachable(Problem):
    """The room's node does not answer; it is about to move."""

    code = "node_unreachable"
    status = 503
    title = "The room's media node does not answer"


class NoNode(Problem):
    """Every node is drained or gone."""

    code = "no_node"
    status = 503
    title = "No media node takes rooms now"


class RoomRouting:
    """ASGI middleware. What another node has passed on already is served here, so that nothing circles."""

    def __init__(self, app: ASGIApp, placement: Placement, http: httpx.AsyncClient) -> None:
        self._app = app
        self._placement = placement
        self._http = http
        self._known: OrderedDict[str, tuple[float, NodeRef | None]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve here, or where the room is."""
        try:
            node = await self._elsewhere(scope)
        except NoNode as problem:
            logger.error("no media node takes rooms: all are drained")
            await _refuse(problem, send)
            return
        if node is None:
            await self._app(scope, receive, send)
        else:
            await self._pass_on(node, scope, receive, send)

    async def _elsewhere(self, scope: Scope) -> NodeRef | None:
        """The node to pass a request on to; None to serve it here."""
        if scope["type"] != "http" or scope["method"] == "OPTIONS":
            return None
        kind, _, rest = scope["path"].lstrip("/").partition("/")
        room_id, _, below = rest.partition("/")
        if kind not in _ROUTED or not room_id or any(name == FORWARDED for name, _ in scope["headers"]):
            return None
        try:
            if kind == "whip" and not below:
                node = await self._placement.place(room_id)
                if node is None:
                    raise NoNode
                return self._other(node)
            if kind == "hls":
                return self._other(await self._recently(room_id))
            return self._other(await self._placement.owner(room_id))
        except (RedisError, OSError) as error:
            logger.warning("room %s is served here: Redis does not say where it is (%s)", room_id, error)
            return None

    def _other(self, node: NodeRef | None) -> NodeRef | None:
        return None if node is None or node.name == self._placement.node.name else node

    async def _recently(self, room_id: str) -> NodeRef | None:
        now = time.monotonic()
        known = self._known.get(room_id)
        if known is not None and now - known[0] < _KNOWN_FOR_S:
            return known[1]
        node = await self._placement.owner(room_id)
        self._known[room_id] = now, node
        self._known.move_to_end(room_id)
        while len(self._known) > _MAX_KNOWN:
            self._known.popitem(last=False)
        return node

    async def _pass_on(self, node: NodeRef, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("raw_path", scope["path"].encode()).decode()
        query = scope["query_string"].decode()
        headers = [(n, v) for n, v in scope["headers"] if n not in _HOP_BY_HOP and n != b"content-length"]
        request = self._http.build_request(
            scope["method"],
            f"{node.url}{path}{'?' + query if query else ''}",
            headers=[*headers, (FORWARDED, self._placement.node.name.encode())],
            content=_body(receive) if scope["method"] in ("POST", "PATCH") else None,
        )
        try:
            answer = await self._http.send(request, stream=True)
        except httpx.TransportError as error:
            logger.info("node %s does not answer: %s", node.name, error)
            await _refuse(NodeUnreachable(), send)
            return
        try:
            kept = [(n, v) for n, v in answer.headers.raw if n.lower() not in _NOT_PASSED_BACK]
            await send({"type": "http.response.start", "status": answer.status_code, "headers": kept})
            async for chunk in answer.aiter_raw():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            await answer.aclose()


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            return
        yield message.get("body", b"")
        more = message.get("more_body", False)


async def _refuse(problem: Problem, send: Send) -> None:
    body = orjson.dumps(problem.document())
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"retry-after", b"1"),
        (b"access-control-allow-origin", b"*"),
    ]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
