"""Refuses requests that another site makes a browser send (cross-site request forgery)."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.errors import Forbidden

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


class ForeignOrigin(Forbidden):
    code = "foreign_origin"
    title = "The request comes from another site"


class SameOriginMiddleware:
    """A request that changes something and carries our cookie must carry our own Origin, where it has one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in SAFE_METHODS:
            headers = Headers(scope=scope)
            origin = headers.get("origin")
            if "cookie" in headers and origin and urlsplit(origin).netloc != headers.get("host"):
                refusal = ForeignOrigin()
                answer = JSONResponse(
                    refusal.document(), refusal.status, media_type="application/problem+json"
                )
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)
