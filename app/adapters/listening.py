"""Rooms as the listener knows them, and where it puts what it heard."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog

from ai.cues.decisions import CueDecision, Evidence, Explained, Offer, Pin, Suggest, Unpin, Warn
from ai.cues.products import ListedProduct
from ai.listening import RoomSettings
from ai.transcription.segments import PartialSegment, Segment, TranscriptSegment
from ai.worker import LiveRoom
from app.core.http import Services
from app.engagement import counters
from app.rooms import heard, pins, repository, service
from app.rooms.heard import Heard
from app.rooms.schemas import RoomProduct
from moderation.speech import SpeechWatch, SpokenSegment

log = structlog.get_logger()

HAND_RULES_FOR = timedelta(minutes=10)
"""So long the automat leaves alone what the host has pinned or taken down by hand."""


class ListenedRooms:
    """An `ai.worker.RoomSource` and `RoomSink` over the platform's rooms."""

    def __init__(
        self,
        services: Services,
        watch: SpeechWatch | None = None,
        settings: RoomSettings | None = None,
    ) -> None:
        """`watch`: told of every final sentence; a failure of it costs a warning, never a caption.

        `settings` are those of every room.
        """
        self._services = services
        self._settings = settings or RoomSettings()
        self._watch = watch
        self._db = services.db
        self._clock = services.clock

    async def live_rooms(self) -> Collection[str]:
        async with self._db.transaction() as tx:
            rows = await repository.rooms(tx, statuses=["live"], limit=1_000)
        stats = await counters.read(self._services.redis, [row["id"] for row in rows])
        return [str(row["id"]) for row, stat in zip(rows, stats, strict=True) if stat.streaming]

    async def room(self, room_id: str) -> LiveRoom | None:
        key = UUID(room_id)
        async with self._db.transaction() as tx:
            row = await repository.room(tx, key)
            if row is None or row["status"] != "live":
                return None
            queue = await service.queue(tx, self._clock, key)
            current = await repository.current_pins(tx, key)
            by_host = await repository.handled_products(tx, key, self._clock.now() - HAND_RULES_FOR)
        return LiveRoom(
            products=tuple(_listed(item) for item in queue),
            pinned=tuple(str(pin["product_id"]) for pin in current),
            by_host=tuple(str(product_id) for product_id in by_host),
            settings=self._settings,
        )

    async def partial(self, room_id: str, segment: PartialSegment) -> None:
        await heard.partial(self._services.bus, UUID(room_id), _heard(segment))

    async def final(self, room_id: str, segment: TranscriptSegment) -> None:
        await heard.final(self._db, self._clock, UUID(room_id), _heard(segment))
        if self._watch is not None:
            try:
                await self._screened(self._watch, UUID(room_id), _heard(segment))
            except Exception:
                log.exception("a sentence was not screened", room_id=room_id)

    async def _screened(self, watch: SpeechWatch, room_id: UUID, said: Heard) -> None:
        async with self._db.transaction() as tx:
            row = await repository.room(tx, room_id)
        if row is not None:
            await watch.heard(
                SpokenSegment(
                    said.id, room_id, row["host_id"], said.text, said.language, said.start_s, said.end_s
                )
            )

    async def decided(self, room_id: str, decision: CueDecision) -> None:
        key = UUID(room_id)
        match decision:
            case Pin():
                await pins.pin_by_speech(
                    self._db,
                    self._clock,
                    key,
                    UUID(decision.product_id),
                    _evidence(decision.evidence),
                    replaces=_ids(decision.replaces),
                )
            case Suggest():
                await pins.suggest(
                    self._db, self._clock, key, UUID(decision.product_id), _evidence(decision.evidence)
                )
            case Unpin():
                await pins.clear_automatic(self._db, self._clock, key, _ids([decision.product_id]))
            case Explained():
                await heard.explained(
                    self._db,
                    self._clock,
                    key,
                    UUID(decision.product_id),
                    start_s=decision.start_s,
                    end_s=decision.end_s,
                    segment_ids=decision.segments,
                )
            case Warn() | Offer():
                await self._cue(key, decision)

    async def _cue(self, room_id: UUID, decision: Warn | Offer) -> None:
        data: dict[str, Any]
        if isinstance(decision, Warn):
            kind = f"warning.{decision.promise}"
            data = {"said": decision.said, "held": decision.held}
        else:
            kind = f"offer.{decision.action}"
            data = {"seconds": decision.seconds}
        await heard.cue(
            self._db,
            self._clock,
            room_id,
            kind,
            product_id=UUID(decision.product_id) if decision.product_id else None,
            data=data,
            evidence=_evidence(decision.evidence),
        )


def _listed(item: RoomProduct) -> ListedProduct:
    product = item.product
    skus = [sku for sku in product.skus if sku.available > 0] or list(product.skus)
    cheapest = min(skus, key=lambda sku: sku.price_cents, default=None)
    return ListedProduct(
        id=str(product.id),
        name=product.name,
        name_en=product.name_en,
        aliases=tuple(product.aliases),
        price_cents=cheapest.price_cents if cheapest else None,
        list_price_cents=cheapest.list_price_cents if cheapest else None,
        position=item.position,
        stock=sum(sku.available for sku in product.skus),
    )


def _heard(segment: Segment) -> Heard:
    return Heard(segment.id, segment.stream, segment.text, segment.language, segment.start_s, segment.end_s)


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {"text": evidence.text, "score": evidence.score, "rule": evidence.rule}


def _ids(product_ids: Sequence[str]) -> list[UUID]:
    return [UUID(product_id) for product_id in product_ids]
