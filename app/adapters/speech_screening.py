"""What hosts say, screened: cues in the studio, and what policy does to a stream."""

import io
import wave
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from redis.asyncio import Redis

from app.adapters.moderation import open_moderation
from app.core.clock import Clock
from app.core.db import Database
from app.core.http import Services
from app.rooms import heard
from moderation.runtime import Moderation
from moderation.sanctions import service as sanctions
from moderation.sanctions.schemas import SanctionIn
from moderation.speech import Claim, SpeechWatch, SpokenSegment
from moderation.text.aside import Aside

MUTED_FOR_S = 120
STOPPED_FOR_S = 600
TAP_ENTRIES = 300
TAP_RATE_HZ = 16_000
AROUND_S = 1.0
MOST_CHUNKS = 300


class HostCues:
    """A `moderation.speech.watch.HostWarnings`: a cue in the host's studio for each claim."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def warn(self, segment: SpokenSegment, claims: Sequence[Claim]) -> None:
        for claim in claims:
            await heard.cue(
                self._db,
                self._clock,
                segment.room_id,
                "warning.claim",
                product_id=None,
                data=claim.as_json(),
                evidence={
                    "text": segment.text,
                    "score": claim.finding.score,
                    "rule": claim.finding.detector,
                    "segment_id": str(segment.id),
                    "start_s": segment.start_s,
                    "end_s": segment.end_s,
                },
            )


class RoomStreams:
    """A `moderation.speech.watch.StreamControl`: sanctions by policy, which the media role carries out."""

    def __init__(self, moderation: Moderation) -> None:
        self._moderation = moderation

    async def mute(self, room_id: UUID, reason: str) -> None:
        """Silence for `MUTED_FOR_S`, unless a moderator lifts it before."""
        await self._impose(
            SanctionIn(
                kind="stream_muted", room_id=room_id, rule="policy", reason=reason, duration_s=MUTED_FOR_S
            )
        )

    async def stop(self, room_id: UUID, reason: str) -> None:
        await self._impose(
            SanctionIn(
                kind="stream_stopped",
                room_id=room_id,
                rule="policy",
                reason=reason,
                duration_s=STOPPED_FOR_S,
            )
        )

    async def _impose(self, form: SanctionIn) -> None:
        async with self._moderation.db.transaction() as tx:
            await sanctions.impose(tx, self._moderation.clock, self._moderation.sanctions, None, form)


class TapSound:
    """A `moderation.speech.watch.Sound` out of the media role's tap, which keeps half a minute."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def of(self, segment: SpokenSegment) -> bytes | None:
        entries: Any = await self._redis.xrevrange(f"tap:{segment.room_id}", count=TAP_ENTRIES)
        if not entries:
            return None
        session = entries[0][1].get(b"session")
        first_ms, last_ms = (segment.start_s - AROUND_S) * 1_000, (segment.end_s + AROUND_S) * 1_000
        pcm = [
            fields[b"pcm"]
            for _, fields in reversed(entries)
            if fields.get(b"session") == session and first_ms <= int(fields[b"at_ms"]) <= last_ms
        ]
        return as_wav(b"".join(pcm[:MOST_CHUNKS])) if pcm else None


def as_wav(pcm: bytes) -> bytes:
    """16 kHz mono s16le as a WAV file."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(TAP_RATE_HZ)
        file.writeframes(pcm)
    return out.getvalue()


def speech_watch(services: Services, aside: Aside | None = None) -> SpeechWatch:
    """What the listener tells every sentence to."""
    moderation = open_moderation(services)
    return SpeechWatch(
        services.db,
        services.clock,
        moderation.screen,
        moderation.policies.current,
        HostCues(services.db, services.clock),
        RoomStreams(moderation),
        aside,
        TapSound(services.redis),
    )
