"""Which node a room lives on, in Redis: the least loaded that is alive and not drained takes a new one.

`{media}:nodes` is a hash, node name to {"url", "load", "at"} (Redis's clock, ms); who has not renewed
it for three seconds is gone. `{media}:room:{room_id}` names a room's node; that node renews it while
it serves the room. `{media}:drained` is the set of nodes that take no new rooms. The braces keep all
of it on one node of a Redis Cluster.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import orjson
from redis.asyncio import Redis

NODES = "{media}:nodes"
DRAINED = "{media}:drained"
GONE_AFTER_MS = 3_000
ROOM_KEPT_MS = 60_000
_PENDING_MS = 5_000
_PENDING_LOAD = 0.02

_ALIVE = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local function alive(name)
  local raw = name and redis.call('HGET', KEYS[1], name)
  if not raw then return nil end
  local node = cjson.decode(raw)
  if now - node.at > tonumber(ARGV[1]) then return nil end
  return node
end
"""

# KEYS: nodes. ARGV: -, name, url, load.
_BEAT = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('HSET', KEYS[1], ARGV[2], cjson.encode({url = ARGV[3], load = tonumber(ARGV[4]), at = now}))
"""

# KEYS: nodes, room. ARGV: gone after.
_OWNER = (
    _ALIVE
    + """
local owner = redis.call('GET', KEYS[2])
local node = alive(owner)
if node then return {owner, node.url} end
return false
"""
)

# KEYS: nodes, room, drained. ARGV: gone after, room kept, pending kept, load of a pending room,
# and optionally the only node that may take it.
_PLACE = (
    _ALIVE
    + """
local owner = redis.call('GET', KEYS[2])
local node = alive(owner)
if node and (ARGV[5] == '' or ARGV[5] == owner) then
  redis.call('PEXPIRE', KEYS[2], ARGV[2])
  return {owner, node.url}
end
local best, least
for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do
  local found = alive(name)
  if not found then
    redis.call('HDEL', KEYS[1], name)
  elseif redis.call('SISMEMBER', KEYS[3], name) == 0 and (ARGV[5] == '' or ARGV[5] == name) then
    local pending = tonumber(redis.call('GET', '{media}:pending:' .. name) or '0')
    local load = found.load + pending * tonumber(ARGV[4])
    if not least or load < least or (load == least and name < best) then
      best, least, node = name, load, found
    end
  end
end
if not best then return false end
redis.call('SET', KEYS[2], best, 'PX', ARGV[2])
redis.call('INCR', '{media}:pending:' .. best)
redis.call('PEXPIRE', '{media}:pending:' .. best, ARGV[3])
return {best, node.url}
"""
)

# KEYS: nodes, then room keys. ARGV: -, name, room kept. Answers 1 for each room that is somebody else's.
_KEEP = """
local lost = {}
for i = 2, #KEYS do
  local owner = redis.call('GET', KEYS[i])
  if owner and owner ~= ARGV[2] then lost[i - 1] = 1 else
    redis.call('SET', KEYS[i], ARGV[2], 'PX', ARGV[3])
    lost[i - 1] = 0
  end
end
return lost
"""


@dataclass(frozen=True, slots=True)
class NodeRef:
    """A node and where its HTTP is reached from the other nodes."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class NodeState:
    """A node as the others see it; `load` 1 means full."""

    name: str
    url: str
    load: float
    alive: bool
    drained: bool


class Placement:
    """One node's view. Raises `redis.exceptions.RedisError` where Redis does not answer."""

    def __init__(self, redis: Redis, node: NodeRef) -> None:
        self.node = node
        self._redis = redis
        self._beat = redis.register_script(_BEAT)
        self._owner = redis.register_script(_OWNER)
        self._place = redis.register_script(_PLACE)
        self._keep = redis.register_script(_KEEP)

    async def beat(self, load: float) -> None:
        """Say that this node is alive and how loaded it is; due every second."""
        await self._beat(keys=[NODES], args=["", self.node.name, self.node.url, f"{load:.4f}"])

    async def leave(self) -> None:
        """This node stops: its rooms are free at once."""
        await self._redis.hdel(NODES, self.node.name)

    async def owner(self, room_id: str) -> NodeRef | None:
        """The living node that a room is on; None where there is none."""
        return _ref(await self._owner(keys=[NODES, _room(room_id)], args=[GONE_AFTER_MS]))

    async def place(self, room_id: str) -> NodeRef | None:
        """The room's node; a room without a living one goes to the least loaded. None: none takes rooms."""
        return await self._take(room_id, "")

    async def take(self, room_id: str) -> bool:
        """Move a room to this very node; False where it is drained."""
        return await self._take(room_id, self.node.name) is not None

    async def keep(self, room_ids: Sequence[str]) -> list[str]:
        """Renew this node's hold on the rooms it serves; returns those that moved to another meanwhile."""
        if not room_ids:
            return []
        keys = [NODES, *map(_room, room_ids)]
        lost = await self._keep(keys=keys, args=["", self.node.name, ROOM_KEPT_MS])
        return [room_id for room_id, gone in zip(room_ids, lost, strict=True) if int(gone)]

    async def _take(self, room_id: str, only: str) -> NodeRef | None:
        arguments: list[str | int | float] = [GONE_AFTER_MS, ROOM_KEPT_MS, _PENDING_MS, _PENDING_LOAD, only]
        return _ref(await self._place(keys=[NODES, _room(room_id), DRAINED], args=arguments))


async def drain(redis: Redis, name: str, *, drained: bool = True) -> None:
    """Let a node take no new rooms (or again); those it has stay until they are over."""
    await (redis.sadd if drained else redis.srem)(DRAINED, name)


async def nodes(redis: Redis) -> list[NodeState]:
    """Every node that was heard of, by name."""
    seconds, microseconds = await redis.time()
    now_ms = seconds * 1000 + microseconds // 1000
    known = cast("dict[bytes, bytes]", await redis.hgetall(NODES))
    drained = cast("set[bytes]", await redis.smembers(DRAINED))
    found = []
    for name, raw in sorted(known.items()):
        node = orjson.loads(raw)
        fresh = now_ms - node["at"] <= GONE_AFTER_MS
        found.append(NodeState(name.decode(), node["url"], float(node["load"]), fresh, name in drained))
    return found


def _room(room_id: str) -> str:
    return f"{{media}}:room:{room_id}"


def _ref(answer: Any) -> NodeRef | None:
    return NodeRef(answer[0].decode(), answer[1].decode()) if answer else None
