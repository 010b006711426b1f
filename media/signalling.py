"""What WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep) share: HTTP around an engine's sessions."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from app.core.auth import Claims, InvalidToken, Purpose
from app.core.errors import Problem
from media.admitted import Admitted
from media.engines.base import Answer, BadSdp, MediaEngine, SessionNotFound
from media.ports import TokenVerifier

SDP = "application/sdp"
SDP_FRAGMENT = "application/trickle-ice-sdpfrag"
_MAX_BODY_BYTES = 64_000

Open = Callable[[str, str], Awaitable[Answer]]


class UnsupportedMediaType(Problem):
    code = "unsupported_media_type"
    status = 415
    title = "Wrong Content-Type"


class BodyTooLarge(Problem):
    code = "body_too_large"
    status = 413
    title = "The body is too large"


class PreconditionRequired(Problem):
    code = "if_match_required"
    status = 428
    title = "If-Match is required"


class PreconditionFailed(Problem):
    code = "ice_session_changed"
    status = 412
    title = "The ICE session is not the current one"


@dataclass(frozen=True, slots=True)
class IceServer:
    """A STUN or TURN server told to clients in a Link header (RFC 9725 §4.6)."""

    url: str
    username: str | None = None
    credential: str | None = None

    def link(self) -> str:
        """The Link header's value."""
        value = f'<{self.url}>; rel="ice-server"'
        if self.username is not None and self.credential is not None:
            value += (
                f'; username="{self.username}"; credential="{self.credential}"; credential-type="password"'
            )
        return value


def create_router(
    prefix: Purpose,
    open_session: Open,
    *,
    engine: MediaEngine,
    tokens: TokenVerifier,
    admitted: Admitted,
    ice_servers: Sequence[IceServer] = (),
) -> APIRouter:
    """Routes `/{prefix}/{room_id}` and `/{prefix}/{room_id}/{session_id}`.

    Every request but OPTIONS needs `Authorization: Bearer` with a token for this purpose and room.
    """
    router = APIRouter(prefix=f"/{prefix}", tags=[prefix])

    def authorize(request: Request, room_id: str) -> Claims:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise InvalidToken
        claims = tokens.verify(token.strip(), prefix)
        if str(claims.room_id) != room_id:
            raise InvalidToken
        return claims

    def own_session(request: Request, room_id: str, session_id: str) -> None:
        authorize(request, room_id)
        if engine.session_room(session_id) != (prefix, room_id):
            raise SessionNotFound

    @router.options("/{room_id}")
    async def describe(room_id: str) -> Response:
        return Response(status_code=204, headers={"Accept-Post": SDP, **_links(ice_servers)})

    @router.post("/{room_id}")
    async def create(room_id: str, request: Request) -> Response:
        claims = authorize(request, room_id)
        offer = await _body(request, SDP)
        answer = await open_session(room_id, offer)
        admitted.enter(answer.session_id, claims)
        return Response(
            answer.sdp,
            status_code=201,
            media_type=SDP,
            headers={
                "Location": f"{request.scope.get('root_path', '')}/{prefix}/{room_id}/{answer.session_id}",
                "ETag": _etag(engine.ice_tag(answer.session_id)),
                "Accept-Patch": SDP_FRAGMENT,
                **_links(ice_servers),
            },
        )

    @router.patch("/{room_id}/{session_id}")
    async def trickle(room_id: str, session_id: str, request: Request) -> Response:
        own_session(request, room_id, session_id)
        fragment = await _body(request, SDP_FRAGMENT)
        expected = request.headers.get("if-match")
        if expected is None:
            raise PreconditionRequired
        if expected != "*" and expected != _etag(engine.ice_tag(session_id)):
            raise PreconditionFailed
        restarted = await engine.trickle(session_id, fragment)
        if restarted is None:
            return Response(status_code=204)
        headers = {"ETag": _etag(engine.ice_tag(session_id))}
        return Response(restarted, media_type=SDP_FRAGMENT, headers=headers)

    @router.delete("/{room_id}/{session_id}")
    async def end(room_id: str, session_id: str, request: Request) -> Response:
        own_session(request, room_id, session_id)
        await engine.hang_up(session_id)
        return Response(status_code=200)

    return router


async def _body(request: Request, media_type: str) -> str:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != media_type:
        raise UnsupportedMediaType(f"Send {media_type}.")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY_BYTES:
            raise BodyTooLarge
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise BadSdp("The body is not UTF-8.") from error


def _etag(tag: str) -> str:
    return f'"{tag}"'


def _links(ice_servers: Sequence[IceServer]) -> dict[str, str]:
    return {"Link": ", ".join(server.link() for server in ice_servers)} if ice_servers else {}
