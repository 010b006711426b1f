"""The event log of each topic, in Redis: numbered, replayable, and announced to whoever listens.

A topic is a Redis Stream `log:{topic}` whose entry ids are `<seq>-0`; `wake:{topic}` is a pub/sub
channel that only says how far the log has grown. Listeners read the log, so that a lost wake-up
costs nothing. From Redis 7 on the channel is a sharded one, so that the nodes of a cluster do not
tell one another (scripts know REDIS_VERSION_NUM since then). The braces keep a topic's keys on one
node of a Redis Cluster.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from redis.asyncio import Redis

from app.core.events import Event

LOG_LENGTH = 5_000
LOG_LIFETIME_S = 7 * 24 * 3600
ONCE_FOR_S = 600
"""A second publication of the same event within this time is ignored."""

# The counter and the entry move together; a log that Redis lost begins above every number ever
# handed out, because its counter starts from the server's clock in microseconds (below 2^53).
# KEYS: log, counter, wake channel, then one key per event that remembers its number.
_PUBLISH = """
local seqs, grown = {}, false
for i = 4, #KEYS do
  local seq = redis.call('GET', KEYS[i])
  if not seq then
    local number = redis.call('INCR', KEYS[2])
    if number == 1 then
      local now = redis.call('TIME')
      number = tonumber(now[1]) * 1000000 + tonumber(now[2])
      redis.call('SET', KEYS[2], string.format('%.0f', number))
    end
    seq = string.format('%.0f', number)
    redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], seq .. '-0', 'e', ARGV[i])
    redis.call('SET', KEYS[i], seq, 'EX', ARGV[3])
    grown = seq
  end
  seqs[i - 3] = seq
end
if grown then
  redis.call('EXPIRE', KEYS[1], ARGV[2])
  redis.call(redis.REDIS_VERSION_NUM and 'SPUBLISH' or 'PUBLISH', KEYS[3], grown)
end
return seqs
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
        """Append `event` and wake the listeners; its sequence number in the topic.

        An event published already (by its id, within ONCE_FOR_S) keeps its place and number.
        """
        return (await self.publish_many([(topic, event)]))[0]

    async def publish_many(self, events: Sequence[tuple[str, Event]]) -> list[int]:
        """Publish each event to its topic, in order, in one round trip, waking each topic once."""
        by_topic: dict[str, list[int]] = {}
        for index, (topic, _) in enumerate(events):
            by_topic.setdefault(topic, []).append(index)
        seqs = [0] * len(events)
        async with self.redis.pipeline(transaction=False) as pipe:
            for topic, indexes in by_topic.items():
                once = [_once_key(topic, events[index][1].id) for index in indexes]
                await self._publish(
                    keys=[log_key(topic), _seq_key(topic), wake_channel(topic), *once],
                    args=[LOG_LENGTH, LOG_LIFETIME_S, ONCE_FOR_S]
                    + [events[index][1].to_json() for index in indexes],
                    client=pipe,
                )
            for indexes, numbers in zip(by_topic.values(), await pipe.execute(), strict=True):
                for index, number in zip(indexes, numbers, strict=True):
                    seqs[index] = int(number)
        return seqs

    async def head(self, topic: str) -> int:
        """The newest sequence number, 0 before the first event."""
        return (await self.heads([topic]))[topic]

    async def heads(self, topics: Sequence[str]) -> dict[str, int]:
        """The newest sequence number of each topic."""
        async with self.redis.pipeline(transaction=False) as pipe:
            for topic in topics:
                pipe.get(_seq_key(topic))
            return {topic: int(seq or 0) for topic, seq in zip(topics, await pipe.execute(), strict=True)}

    async def oldest(self, topic: str) -> int:
        """The oldest sequence number that can still be read, 0 where the log is empty."""
        first = await self._range(topic, count=1)
        return seq_of(first[0][0]) if first else 0

    async def read_after(self, topic: str, seq: int, limit: int = 1_000) -> list[Entry]:
        """Up to `limit` entries with a number above `seq`, oldest first."""
        return (await self.read_many({topic: seq}, limit))[topic]

    async def read_many(self, positions: Mapping[str, int], limit: int = 1_000) -> dict[str, list[Entry]]:
        """For each topic, up to `limit` entries with a number above its position, in one round trip."""
        async with self.redis.pipeline(transaction=False) as pipe:
            for topic, seq in positions.items():
                pipe.xrange(log_key(topic), min=f"({seq}-0", max="+", count=limit)
            answers = await pipe.execute()
        return {
            topic: [Entry(seq_of(entry_id), fields[b"e"]) for entry_id, fields in rows]
            for topic, rows in zip(positions, answers, strict=True)
        }

    async def retract(self, topic: str, event_id: UUID) -> None:
        """Take an event out of the log, so that nobody who resumes is sent it; its number stays used."""
        needle = b'"id":"%b"' % str(event_id).encode()
        for entry_id, fields in await self._range(topic, count=2 * LOG_LENGTH):
            if needle in fields[b"e"][: len(needle) + 1]:
                await self.redis.xdel(log_key(topic), entry_id)
                return

    async def forget(self, topic: str) -> None:
        """Drop the topic's log; who still listens begins anew with its next event."""
        await self.redis.delete(log_key(topic), _seq_key(topic))

    async def _range(self, topic: str, count: int) -> list[tuple[bytes, dict[bytes, bytes]]]:
        return cast("list[Any]", await self.redis.xrange(log_key(topic), count=count))


def log_key(topic: str) -> str:
    return f"log:{{{topic}}}"


def wake_channel(topic: str) -> str:
    return f"wake:{{{topic}}}"


def _seq_key(topic: str) -> str:
    return f"seq:{{{topic}}}"


def _once_key(topic: str, event_id: UUID) -> str:
    return f"once:{{{topic}}}:{event_id}"


def seq_of(entry_id: bytes) -> int:
    return int(entry_id.partition(b"-")[0])
