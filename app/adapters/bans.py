"""Bans where people come in and where they already are: login, rooms, gateway, WHIP and WHEP.

An account that was deleted is held out like one that is banned, until the last of its tokens has run out.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Self
from uuid import UUID

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from app.core.auth import Claims, Purpose, Tokens
from app.core.background import stop
from app.core.clock import Clock
from app.core.db import Database
from app.identity.repository import deleted_since
from app.rooms.access import TTL_S
from moderation.sanctions import repository
from moderation.sanctions import service as sanctions
from moderation.sanctions.errors import Banned

READ_EVERY_S = 2.0

log = structlog.get_logger()


class PlatformDoor:
    """An `app.core.door.Door` by the sanctions in force."""

    def __init__(self, db: Database, clock: Clock, secret: str) -> None:
        self._db = db
        self._clock = clock
        self._secret = secret

    async def enter(self, user_id: UUID | None, room_id: UUID | None, *, device: str, address: str) -> None:
        """Raises Banned. Traces of an account stay even where it is turned away."""
        async with self._db.transaction() as tx:
            if user_id is not None:
                await sanctions.remember(
                    tx, self._clock, self._secret, user_id, device=device, address=address
                )
                standing = await sanctions.active(tx, self._clock, user_id, room_id)
            else:
                hashed = sanctions.trace_hash(self._secret, "device", device)
                standing = await sanctions.of_device(tx, self._clock, hashed, room_id)
        standing.require_entry()


class Bans:
    """The bans in force as every connection is held against them: read every two seconds, kept when that fails."""

    def __init__(self, db: Database, clock: Clock, tokens: Tokens) -> None:
        self._db = db
        self._clock = clock
        self._tokens = tokens
        self._banned: frozenset[tuple[str, UUID | None]] = frozenset()

    @classmethod
    @asynccontextmanager
    async def open(
        cls, db: Database, clock: Clock, tokens: Tokens, *, every_s: float = READ_EVERY_S
    ) -> AsyncIterator[Self]:
        """Up to date while the block lasts."""
        bans = cls(db, clock, tokens)
        await bans.read()
        task = asyncio.create_task(bans._run(every_s))
        try:
            yield bans
        finally:
            await stop({task})

    def forbids(self, subject: str, room_id: UUID) -> bool:
        """Whether who a token names is excluded from the platform or this room."""
        return (subject, None) in self._banned or (subject, room_id) in self._banned

    def verify(self, token: str, purpose: Purpose) -> Claims:
        """As `Tokens.verify`; raises Banned besides."""
        claims = self._tokens.verify(token, purpose)
        if self.forbids(claims.subject, claims.room_id):
            raise Banned
        return claims

    async def read(self) -> None:
        """Read what is in force now."""
        async with self._db.transaction() as tx:
            now = self._clock.now()
            rows = await repository.banned(tx, now)
            gone = await deleted_since(tx, now - timedelta(seconds=TTL_S))
        self._banned = frozenset((str(row["user_id"]), row["room_id"]) for row in rows) | {
            (str(user_id), None) for user_id in gone
        }

    async def _run(self, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            try:
                await self.read()
            except (psycopg.Error, PoolTimeout, OSError):
                log.warning("bans could not be read; the last known hold", exc_info=True)
