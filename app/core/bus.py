"""The event log of each topic, in Redis: numbered, replayable, and announced to whoever listens.

A topic is a Redis Stream `log:{topic}` whose entry ids are `<seq>-0`; `wake:{topic}` is a pub/sub
channel that only says how far the log has grown. Listeners read the log, so that a lost wake-up
costs nothing.
"""

from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from app.core.events import Event

LOG_LENGTH = 5_000
LOG_LIFETIME_S = 7 * 24 * 3600

# The counter and the entry move together; a log that Redis lost begins above every number ever
# handed out, because its counter starts from the server's clock.
_PUBLISH = """
local seq = redis.call('INCR', KEYS[2])
if seq == 1 then
  seq = tonumber(redis.call('TIME')[1]) * 1000
  redis.call('SET', KEYS[2], seq)
end
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], seq .. '-0', 'e', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('PUBLISH', KEYS[3], seq)
return seq
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """An event's place in its topic; `raw` is the event's JSON."""

    seq: int
    raw: bytes

    @property
    def event(self) -> Event:
        return Event.from_json(self.raw)


class Bus:
    """Publishes to topics and reads them back."""

    def __init__(self, redis: Redis) -> None:
        """`redis` must answer bytes (decode_responses=False)."""
        self.redis = redis
        self._publish = redis.register_script(_PUBLISH)

    async def publish(self, topic: str, event: Event) -> int:
        """Append `event` and wake the listeners; its sequence number in the topic."""
        seq = await self._publish(
            keys=[log_key(topic), f"seq:{topic}", wake_channel(topic)],
            args=[event.to_json(), LOG_LENGTH, LOG_LIFETIME_S],
        )
        return int(seq)

    async def head(self, topic: str) -> int:
        """The newest sequence number, 0 before the first event."""
        return int(await self.redis.get(f"seq:{topic}") or 0)

    async def oldest(self, topic: str) -> int:
        """The oldest sequence number that can still be read, 0 where the log is empty."""
        first = await self._range(topic, "-", 1)
        return first[0].seq if first else 0

    async def read_after(self, topic: str, seq: int, limit: int = 1_000) -> list[Entry]:
        """Up to `limit` entries with a number above `seq`, oldest first."""
        return await self._range(topic, f"({seq}-0", limit)

    async def _range(self, topic: str, start: str, limit: int) -> list[Entry]:
        rows: Any = await self.redis.xrange(log_key(topic), min=start, max="+", count=limit)
        return [Entry(seq_of(entry_id), fields[b"e"]) for entry_id, fields in rows]


def log_key(topic: str) -> str:
    return f"log:{topic}"


def wake_channel(topic: str) -> str:
    return f"wake:{topic}"


def seq_of(entry_id: bytes) -> int:
    return int(entry_id.partition(b"-")[0])
