"""Frames of live streams and the catalogue's texts and pictures, screened beside everything else."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

import orjson
import psycopg
import structlog
from psycopg_pool import PoolTimeout
from redis.exceptions import RedisError

from app.adapters.past_texts import product_words
from app.adapters.speech_screening import RoomStreams
from app.core.clock import Clock
from app.core.db import Database, Tx, fetch_all
from app.core.http import Services
from app.engagement import counters
from app.rooms import heard, repository
from commerce.catalog.pictures import PREFIX
from moderation.cases import service as cases
from moderation.findings import Finding, Surface
from moderation.policy import Action, Effect, Subject, action_of
from moderation.runtime import Moderation
from moderation.text.aside import Aside
from moderation.text.screen import ranked
from moderation.vision import PictureWorker
from moderation.vision.watch import SHARE, Frame, FrameWatch

BEGIN_AFTER_S = 15.0
"""What a platform that starts has to do goes first."""
CATALOGUE_EVERY_S = 5.0
AT_ONCE = 20
ADVICE: Mapping[str, tuple[str, str]] = {
    "black": ("画面是黑的，请检查摄像头。", "The picture is black: check the camera."),
    "flat": ("画面没有内容，请检查摄像头。", "There is nothing in the picture: check the camera."),
    "frozen": ("画面卡住不动了，请检查摄像头或网络。", "The picture stands still: check the camera or the network."),
    "diversion": ("画面里有站外联系方式或二维码，请移开。", "A code or contact for elsewhere is in the picture: take it away."),
    "sexual": ("画面不合规，请马上调整。", "This may not be shown: change the picture at once."),
}  # fmt: skip
_GENERAL = ("画面内容不合规，请调整。", "Something in the picture is not allowed here: take it away.")

log = structlog.get_logger()


class StreamFrames:
    """A `moderation.vision.watch.Frames` over `frames:{room_id}`."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def rooms(self) -> Sequence[tuple[UUID, UUID]]:
        async with self._services.db.transaction() as tx:
            rows = await repository.rooms(tx, statuses=["live"], limit=1_000)
        stats = await counters.read(self._services.redis, [row["id"] for row in rows])
        return [(row["id"], row["host_id"]) for row, stat in zip(rows, stats, strict=True) if stat.streaming]

    async def newest(self, room_id: UUID, host_id: UUID) -> Frame | None:
        entries: Any = await self._services.redis.xrevrange(f"frames:{room_id}", count=1)
        if not entries:
            return None
        fields = entries[0][1]
        return Frame(room_id, host_id, fields[b"jpeg"], int(fields[b"at_ms"]))


class HostPictureCues(RoomStreams):
    """A `moderation.vision.watch.PictureEffects`: a cue in the studio, and what policy does to a stream."""

    def __init__(self, moderation: Moderation, db: Database, clock: Clock) -> None:
        super().__init__(moderation)
        self._db = db
        self._clock = clock

    async def warn(self, frame: Frame, problem: str, findings: Sequence[Finding]) -> None:
        zh, en = ADVICE.get(problem, _GENERAL)
        seen = [f.evidence for f in findings]
        await heard.cue(
            self._db,
            self._clock,
            frame.room_id,
            "warning.picture",
            product_id=None,
            data={"problem": problem, "advice": {"zh-CN": zh, "en": en}},
            evidence={
                "text": "; ".join(seen),
                "score": max((f.score for f in findings), default=1.0),
                "rule": problem,
                "at_ms": frame.at_ms,
            },
        )


class CatalogueWatch:
    """Screens products that are new or changed: their words, and their picture where it lies in our store."""

    def __init__(
        self,
        moderation: Moderation,
        worker: PictureWorker,
        pictures: Path,
        aside: Aside | None = None,
        *,
        share: float = SHARE,
    ) -> None:
        self._moderation = moderation
        self._worker = worker
        self._pictures = pictures
        self._aside = aside
        self._share = share

    async def turn(self) -> int:
        """Screen what has changed since it was last looked at; how many products."""
        async with self._moderation.db.transaction() as tx:
            rows = await fetch_all(tx, _CHANGED, {"limit": AT_ONCE})
        for row in rows:
            await self._screen(row)
        return len(rows)

    async def _screen(self, row: Mapping[str, Any]) -> None:
        text = product_words(row)
        policy = await self._moderation.policies.current()
        findings = self._moderation.screen.find(text, Surface.PRODUCT, policy.patterns)
        if self._aside is not None and not findings:
            findings = await self._aside.find(text, Surface.PRODUCT)
        effects = policy.effects(findings, Subject(Surface.PRODUCT, "merchant"))
        seen = await self._look(row["image_url"])
        effects |= policy.effects(seen, Subject(Surface.PICTURE, "merchant"))
        async with self._moderation.db.transaction() as tx:
            await tx.execute(_LOOKED, (row["id"], row["updated_at"], self._moderation.clock.now()))
            if Effect.CASE in effects or Effect.HOLD in effects:
                await self._follow_up(tx, row, text, ranked([*findings, *seen]), effects, policy.version)

    async def _look(self, image_url: str | None) -> list[Finding]:
        if not image_url or not image_url.startswith(f"{PREFIX}/"):
            return []
        path = self._pictures / Path(image_url).name
        try:
            content = await asyncio.to_thread(path.read_bytes)
        except OSError:
            return []
        begun = monotonic()
        found = (await self._worker.screen(content)).findings
        took_s = monotonic() - begun
        await asyncio.sleep(took_s / self._share - took_s)
        return found

    async def _follow_up(
        self,
        tx: Tx,
        row: Mapping[str, Any],
        text: str,
        findings: Sequence[Finding],
        effects: frozenset[Effect],
        version: int,
    ) -> None:
        """A case; what is held goes off sale until it is decided."""
        held = action_of(effects) is Action.BLOCK and row["status"] == "on_sale"
        if held:
            await tx.execute("UPDATE products SET status = 'withdrawn' WHERE id = %s", (row["id"],))
        in_picture = bool(findings) and all(
            ".ocr" in f.detector or f.detector.startswith("picture.") for f in findings
        )
        await cases.open_case(
            tx,
            self._moderation.clock,
            surface=Surface.PICTURE if in_picture else Surface.PRODUCT,
            room_id=None,
            subject=("product", str(row["id"])),
            author_id=None,
            text=text,
            findings=findings,
            action=action_of(effects),
            policy_version=version,
            evidence={"image_url": row["image_url"], "was": row["status"], "effects": sorted(effects)},
        )


_CHANGED = """
SELECT p.id, p.name, p.name_en, p.description, p.image_url, p.status, p.attributes, p.faq, p.updated_at
FROM products p LEFT JOIN moderation_products m ON m.product_id = p.id
WHERE m.seen IS NULL OR m.seen < p.updated_at ORDER BY p.updated_at LIMIT %(limit)s
"""
_LOOKED = """
INSERT INTO moderation_products (product_id, seen, looked_at) VALUES (%s, %s, %s)
ON CONFLICT (product_id) DO UPDATE SET seen = excluded.seen, looked_at = excluded.looked_at
"""


async def look_on(services: Services, moderation: Moderation, pictures: Path, aside: Aside) -> None:
    """Screen frames and the catalogue until cancelled; trouble with a server costs a turn."""
    await asyncio.sleep(BEGIN_AFTER_S)
    async with PictureWorker() as worker:
        effects = HostPictureCues(moderation, services.db, services.clock)
        frames = FrameWatch(
            services.db, services.clock, StreamFrames(services), worker, moderation.policies, effects
        )
        catalogue = CatalogueWatch(moderation, worker, pictures, aside)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_again(frames.turn), name="frames")
            tasks.create_task(_again(lambda: _catalogue_turn(catalogue)), name="catalogue")


async def _catalogue_turn(catalogue: CatalogueWatch) -> float:
    return 0.0 if await catalogue.turn() == AT_ONCE else CATALOGUE_EVERY_S


async def _again(turn: Any) -> None:
    while True:
        try:
            rest_s = await turn()
        except (psycopg.Error, PoolTimeout, RedisError, OSError, orjson.JSONDecodeError):
            log.warning("pictures were not screened", exc_info=True)
            rest_s = CATALOGUE_EVERY_S
        await asyncio.sleep(rest_s)
