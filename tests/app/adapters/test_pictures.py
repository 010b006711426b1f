"""Frames and the catalogue are screened; each does what policy says, within its share."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import UUID

import pytest

from app.adapters.picture_screening import CatalogueWatch, HostPictureCues, StreamFrames
from app.core.auth import Role
from app.core.clock import ManualClock
from app.core.events import staff_topic
from app.core.http import Services
from commerce.catalog.pictures import PREFIX
from moderation.cases import service as cases
from moderation.cases.schemas import Case
from moderation.runtime import Moderation
from moderation.vision import PictureWorker
from moderation.vision.watch import Frame, FrameWatch, RecordedPictures
from tests.builders import create_product
from tests.conftest import LogIn, User
from tests.moderation.vision.looks import nudity


@pytest.fixture
async def worker() -> AsyncIterator[PictureWorker]:
    async with PictureWorker(nudity) as worker:
        yield worker


class FixedFrames:
    """Frames: one room, whose newest picture is set by hand."""

    def __init__(self, room_id: UUID, host_id: UUID) -> None:
        self._room = (room_id, host_id)
        self.jpeg = b""

    async def rooms(self) -> Sequence[tuple[UUID, UUID]]:
        return [self._room]

    async def newest(self, room_id: UUID, host_id: UUID) -> Frame | None:
        return Frame(room_id, host_id, self.jpeg, 1_000)


async def queue(moderation: Moderation) -> list[Case]:
    async with moderation.db.transaction() as tx:
        return (await cases.queue(tx)).items


async def test_what_a_frame_shows_is_one_case_with_the_frame_and_stops_the_stream_when_seen_again(
    services: Services,
    moderation: Moderation,
    room_id: UUID,
    host: User,
    worker: PictureWorker,
    clock: ManualClock,
    log_in: LogIn,
) -> None:
    frames = FixedFrames(room_id, host.principal.user_id)
    effects = HostPictureCues(moderation, services.db, clock)
    watch = FrameWatch(services.db, clock, frames, worker, moderation.policies, effects)
    for frame in (b"first", b"second"):
        frames.jpeg = frame
        await watch.turn()
        clock.advance(10)
    (case,) = await queue(moderation)
    assert (case.surface, case.subject.type, len(case.findings)) == ("picture", "frame", 2)
    moderator = await log_in(Role.MODERATOR)
    clips = (await moderator.client.get(f"/api/moderation/cases/{case.id}/context")).json()["clips"]
    shown = [await moderator.client.get(f"/api/moderation/evidence/{clip['id']}") for clip in clips]
    assert [answer.content for answer in shown] == [b"first", b"second"]
    told = [e.event.type for e in await services.bus.read_after(staff_topic(room_id), 0, 20)]
    assert told.count("cue.warning") == 3
    assert "stream.stopped" in told


async def test_rooms_take_turns_within_a_share_of_a_core_and_a_frozen_picture_is_told(
    services: Services,
    moderation: Moderation,
    room_id: UUID,
    host: User,
    worker: PictureWorker,
    clock: ManualClock,
) -> None:
    frames = FixedFrames(room_id, host.principal.user_id)
    frames.jpeg = b"innocent"
    effects = RecordedPictures()
    watch = FrameWatch(services.db, clock, frames, worker, moderation.policies, effects, every_s=6)
    for _ in range(6):
        await watch.turn()
        clock.advance(3)
    assert watch.looked == 3
    for _ in range(4):
        await watch.turn()
        clock.advance(3)
    assert effects.calls == [("warn", "frozen")]


async def test_the_newest_frame_of_a_room_comes_from_its_stream(
    services: Services, room_id: UUID, host: User
) -> None:
    for at_ms in (1_000, 4_000):
        await services.redis.xadd(f"frames:{room_id}", {"jpeg": b"x", "at_ms": at_ms, "session": "s"})
    frame = await StreamFrames(services).newest(room_id, host.principal.user_id)
    assert frame == Frame(room_id, host.principal.user_id, b"x", 4_000)


async def test_a_product_is_looked_at_once_and_goes_off_sale_until_a_person_lets_it_back(
    services: Services, moderation: Moderation, worker: PictureWorker, tmp_path: Path, log_in: LogIn
) -> None:
    product = await create_product(services.db)
    (tmp_path / "p.webp").write_bytes(b"picture")
    async with services.db.transaction() as tx:
        await tx.execute(
            "UPDATE products SET image_url = %s, status = 'on_sale' WHERE id = %s",
            (f"{PREFIX}/p.webp", product),
        )
    watch = CatalogueWatch(moderation, worker, tmp_path, share=1)
    assert (await watch.turn(), await watch.turn()) == (1, 0)
    (case,) = await queue(moderation)
    assert (case.surface, case.subject.id, case.visible) == ("picture", str(product), False)
    assert await status(services, product) == "withdrawn"
    moderator = await log_in(Role.MODERATOR)
    answer = await moderator.client.post(
        f"/api/moderation/cases/{case.id}/decide", json={"decision": "release", "reason": "ok"}
    )
    assert answer.status_code == 200
    assert await status(services, product) == "on_sale"


async def status(services: Services, product: UUID) -> str:
    async with services.db.transaction() as tx:
        row = await (await tx.execute("SELECT status FROM products WHERE id = %s", (product,))).fetchone()
    assert row is not None
    found: str = row["status"]
    return found
