"""Whose sessions run on this node, so that who is excluded while they last is cut off at the media itself."""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol
from uuid import UUID

from app.core.auth import Claims
from app.core.errors import Problem

EXPEL_EVERY_S = 2.0

logger = logging.getLogger(__name__)

Forbids = Callable[[str, UUID], bool]
"""Whether a token's subject is excluded from a room now."""


class Sessions(Protocol):
    """The part of an engine that keeps sessions."""

    def session_room(self, session_id: str) -> tuple[str, str] | None: ...
    async def hang_up(self, session_id: str) -> None: ...


class Admitted:
    """Sessions by id with who opened them. What the engine has ended by itself is forgotten at the next look."""

    def __init__(self, engine: Sessions) -> None:
        self._engine = engine
        self._sessions: dict[str, tuple[str, UUID]] = {}

    def enter(self, session_id: str, claims: Claims) -> None:
        """A session was opened with a token of these claims."""
        self._sessions[session_id] = claims.subject, claims.room_id

    async def expel(self, forbids: Forbids) -> int:
        """Hang up on all who are excluded; how many these were."""
        expelled = 0
        for session_id, (subject, room_id) in list(self._sessions.items()):
            running = self._engine.session_room(session_id) is not None
            if running and not forbids(subject, room_id):
                continue
            del self._sessions[session_id]
            expelled += running and await self._hang_up(session_id)
        return expelled

    async def watch(self, forbids: Forbids, every_s: float = EXPEL_EVERY_S) -> None:
        """Expel until cancelled."""
        while True:
            await asyncio.sleep(every_s)
            if expelled := await self.expel(forbids):
                logger.info("%d excluded people were cut off", expelled)

    async def _hang_up(self, session_id: str) -> bool:
        try:
            await self._engine.hang_up(session_id)
        except Problem as problem:
            logger.warning("a session of somebody excluded could not be ended: %s", problem.code)
            return False
        return True
