"""Who writes and what the room allows, remembered for a moment: a flood must not ask PostgreSQL each time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar
from uuid import UUID

from app.chat import repository
from app.core.clock import Clock
from app.core.db import Database
from app.core.errors import NotFound, Unauthenticated

RULES_FOR_S = 1.0
NAMES_FOR_S = 60.0
REMEMBERED = 50_000

K = TypeVar("K")
V = TypeVar("V")


class NoSuchRoom(NotFound):
    code = "room_not_found"
    title = "There is no such room"


@dataclass(frozen=True, slots=True)
class RoomRules:
    """`muted_words` are case-folded."""

    host_id: UUID
    status: Literal["scheduled", "live", "ended"]
    slow_mode_s: int
    audience: Literal["everyone", "followers", "members"]
    muted_words: Sequence[str]


class Directory:
    """Rooms' rules, at most RULES_FOR_S old, and names, at most NAMES_FOR_S."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._rules: dict[UUID, tuple[float, RoomRules]] = {}
        self._names: dict[UUID, tuple[float, str]] = {}
        self._welcome: dict[tuple[str, UUID, UUID], float] = {}

    async def rules(self, room_id: UUID) -> RoomRules:
        """Raises NoSuchRoom."""
        now_s = self._clock.monotonic()
        known = self._rules.get(room_id)
        if known and now_s - known[0] < RULES_FOR_S:
            return known[1]
        async with self._db.transaction() as tx:
            row = await repository.room_rules(tx, room_id)
        if row is None:
            raise NoSuchRoom
        rules = RoomRules(
            row["host_id"],
            row["status"],
            row["slow_mode_s"],
            row["audience"],
            tuple(word.casefold() for word in row["muted_words"]),
        )
        _remember(self._rules, room_id, (now_s, rules))
        return rules

    async def may_write(self, rules: RoomRules, user_id: UUID) -> bool:
        """Whether the room's chat is open to the user; a yes is remembered, a no is not."""
        if rules.audience == "everyone":
            return True
        key = (rules.audience, rules.host_id, user_id)
        now_s = self._clock.monotonic()
        if now_s - self._welcome.get(key, -NAMES_FOR_S) < NAMES_FOR_S:
            return True
        async with self._db.transaction() as tx:
            welcome = await repository.may_write(tx, rules.audience, rules.host_id, user_id)
        if welcome:
            _remember(self._welcome, key, now_s)
        return welcome

    async def name(self, user_id: UUID) -> str:
        """Raises Unauthenticated where the account is gone."""
        now_s = self._clock.monotonic()
        known = self._names.get(user_id)
        if known and now_s - known[0] < NAMES_FOR_S:
            return known[1]
        async with self._db.transaction() as tx:
            name = await repository.author_name(tx, user_id)
        if name is None:
            raise Unauthenticated
        _remember(self._names, user_id, (now_s, name))
        return name


def _remember(memory: dict[K, V], key: K, value: V) -> None:
    """The one remembered longest goes first."""
    memory.pop(key, None)
    if len(memory) >= REMEMBERED:
        del memory[next(iter(memory))]
    memory[key] = value
