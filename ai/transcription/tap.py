"""The consumer's side of `tap:{room_id}`: a Redis Stream of {pcm, at_ms, session}, 100 ms each, 30 s kept."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from ai.transcription.audio import BYTES_PER_SAMPLE, AudioChunk

logger = logging.getLogger(__name__)

_BLOCK_MS = 1_000
_BATCH = 20
_HEARD_EXPIRY_S = 120


@dataclass(frozen=True, slots=True)
class Heard:
    """Up to where a room's sound has become final text."""

    stream: str
    end_s: float


class Tap:
    """One room's sound, and the mark up to which it was heard, which the next worker goes on from."""

    def __init__(self, redis: Redis, room_id: str) -> None:
        """`redis` must answer bytes (decode_responses=False)."""
        self._redis = redis
        self._key = f"tap:{room_id}"
        self._mark_key = f"ai:heard:{room_id}"

    async def chunks(self, ended: asyncio.Event) -> AsyncIterator[AudioChunk]:
        """Everything that is kept and was not heard yet, then what comes until `ended` is set.

        Entries that are no sound are skipped. Raises redis errors as they come.
        """
        mark = await self.heard()
        last: bytes | str = "0-0"
        while True:
            last_look = ended.is_set()
            block_ms = None if last_look else _BLOCK_MS
            answer: Any = await self._redis.xread({self._key: last}, count=_BATCH, block=block_ms)
            if last_look and not answer:
                return
            for _, entries in answer or ():
                for entry_id, fields in entries:
                    last = entry_id
                    chunk = _chunk(fields)
                    if chunk is None:
                        logger.debug("%s %s is no sound", self._key, entry_id)
                    elif mark is None or chunk.stream != mark.stream or chunk.at_s >= mark.end_s:
                        yield chunk

    async def heard(self) -> Heard | None:
        """The mark, or None when nobody has set it lately."""
        value: bytes | None = await self._redis.get(self._mark_key)  # type: ignore[assignment]
        if value is None:
            return None
        end_ms, _, stream = value.decode().partition(" ")
        return Heard(stream, int(end_ms) / 1000)

    async def mark(self, heard: Heard) -> None:
        """Everything before is text now."""
        await self._redis.set(
            self._mark_key, f"{round(heard.end_s * 1000)} {heard.stream}", ex=_HEARD_EXPIRY_S
        )


def _chunk(fields: dict[bytes, bytes]) -> AudioChunk | None:
    pcm, at_ms = fields.get(b"pcm"), fields.get(b"at_ms", b"")
    if not pcm or len(pcm) % BYTES_PER_SAMPLE or not at_ms.isdigit():
        return None
    return AudioChunk(pcm, int(at_ms) / 1000, fields.get(b"session", b"").decode(errors="replace"))
