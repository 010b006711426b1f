"""A process that dies between two steps: a transaction that does not begin to commit, an answer that is lost."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

import httpx

from app.core.db import Database, Tx

Where = Literal["before commit", "after commit", "after the service has acted"]


class Crash(Exception):
    """The process died here; whoever asked has no answer."""


@dataclass(slots=True)
class Fuse:
    """Blows once, after `steps` more steps at places of its kind; a fuse without `where` never does."""

    where: Where | None = None
    steps: int = 0

    def blows(self, *places: Where) -> Where | None:
        """Count a step at one of `places`; where it crashes, if it does."""
        if self.where not in places:
            return None
        if self.steps > 0:
            self.steps -= 1
            return None
        where, self.where = self.where, None
        return where


class CrashingDatabase(Database):
    """A database whose client dies around a commit."""

    fuse: Fuse

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        where = self.fuse.blows("before commit", "after commit")
        async with super().transaction() as tx:
            yield tx
            if where == "before commit":
                raise Crash(where)
        if where == "after commit":
            raise Crash(where)


class CrashingTransport(httpx.AsyncBaseTransport):
    """A network over which the answer is lost after the service has acted."""

    def __init__(self, inner: httpx.AsyncBaseTransport, fuse: Fuse) -> None:
        self._inner = inner
        self._fuse = fuse

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        if self._fuse.blows("after the service has acted"):
            raise Crash
        return response
