"""Sanctions: whom they hold, how long, and who may impose and lift them."""

from typing import Any
from uuid import UUID

import pytest

from app.core.clock import ManualClock
from app.core.db import fetch_all
from app.core.http import Services
from moderation.runtime import Moderation
from moderation.sanctions import service
from moderation.sanctions.effects import RecordedSanctions
from moderation.sanctions.errors import Banned, Muted
from moderation.sanctions.service import Standing
from tests.builders import create_room
from tests.conftest import LogIn
from tests.moderation.conftest import People

URL = "/api/moderation/sanctions"


def form(user_id: UUID, kind: str = "mute", **more: Any) -> dict[str, Any]:
    return {"kind": kind, "user_id": str(user_id), "rule": "diversion", "reason": "引流", **more}


async def standing(moderation: Moderation, user_id: UUID, room_id: UUID | None = None) -> Standing:
    async with moderation.db.transaction() as tx:
        return await service.active(tx, moderation.clock, user_id, room_id)


async def test_a_mute_ends_by_itself(
    moderation: Moderation, people: People, clock: ManualClock, sanctioned: RecordedSanctions
) -> None:
    viewer = people.viewer.principal.user_id
    answer = await people.ada.client.post(URL, json=form(viewer, duration_s=600))
    assert answer.status_code == 201
    assert answer.json()["expires_at"] == "2026-11-23T20:10:00Z"
    assert answer.json()["imposed_by"] == "Ada"
    with pytest.raises(Muted) as refusal:
        (await standing(moderation, viewer)).require_voice()
    assert refusal.value.document()["until"] == "2026-11-23T20:10:00+00:00"
    assert refusal.value.document()["detail"] == "引流"
    clock.advance(600)
    assert await standing(moderation, viewer) == Standing()
    assert sanctioned.calls == [("imposed", "mute")]


async def test_a_sanction_of_one_room_holds_nowhere_else(
    moderation: Moderation, services: Services, people: People
) -> None:
    viewer = people.viewer.principal.user_id
    here, there = [await create_room(services, people.ben.principal, []) for _ in range(2)]
    await people.ada.client.post(URL, json=form(viewer, "ban", room_id=str(here)))
    with pytest.raises(Banned):
        (await standing(moderation, viewer, here)).require_entry()
    assert await standing(moderation, viewer, there) == Standing()
    assert await standing(moderation, viewer) == Standing()


async def test_lifting_is_once_with_a_reason_and_by_others(
    moderation: Moderation, people: People, sanctioned: RecordedSanctions
) -> None:
    ben = people.ben.principal.user_id
    sanction = (await people.ada.client.post(URL, json=form(ben))).json()["id"]
    own = await people.ben.client.post(f"{URL}/{sanction}/lift", json={"reason": "me"})
    assert (own.status_code, own.json()["code"]) == (403, "own_sanction")
    assert (await standing(moderation, ben)).mute is not None
    lifted = await people.ada.client.post(f"{URL}/{sanction}/lift", json={"reason": "误判"})
    assert (lifted.json()["active"], lifted.json()["lift_reason"]) == (False, "误判")
    again = await people.ada.client.post(f"{URL}/{sanction}/lift", json={"reason": "误判"})
    assert (again.status_code, again.json()["code"]) == (409, "sanction_over")
    assert await standing(moderation, ben) == Standing()
    assert sanctioned.calls == [("imposed", "mute"), ("lifted", "mute")]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "mute"},
        {"kind": "product_down", "user_id": "self"},
        {"kind": "stream_stopped"},
        {"kind": "mute", "user_id": "self", "reason": " "},
        {"kind": "mute", "user_id": "self", "duration_s": 1},
    ],
)
async def test_what_makes_no_sense_is_refused(
    moderation: Moderation, people: People, wrong: dict[str, Any]
) -> None:
    body = {"rule": "r", "reason": "x"} | wrong
    if "user_id" in body:
        body["user_id"] = str(people.viewer.principal.user_id)
    assert (await people.ada.client.post(URL, json=body)).status_code == 422
    async with moderation.db.transaction() as tx:
        assert await fetch_all(tx, "SELECT 1 FROM moderation_sanctions") == []


async def test_viewers_impose_nothing_and_nobody_sanctions_themselves(
    moderation: Moderation, people: People
) -> None:
    target = people.ben.principal.user_id
    assert (await people.viewer.client.post(URL, json=form(target))).status_code == 403
    own = await people.ben.client.post(URL, json=form(target))
    assert own.json()["code"] == "own_sanction"
    assert await standing(moderation, target) == Standing()


async def test_a_ban_follows_the_device_and_repeat_offenders_are_known(
    moderation: Moderation, people: People, log_in: LogIn, clock: ManualClock
) -> None:
    first = people.viewer.principal.user_id
    second = (await log_in(name="小号")).principal.user_id
    third = (await log_in(name="路人")).principal.user_id
    async with moderation.db.transaction() as tx:
        for user, device in ((first, "phone-1"), (second, "phone-1"), (third, "phone-2")):
            await service.remember(tx, clock, "secret", user, device=device, address="203.0.113.7")
    await people.ada.client.post(URL, json=form(first, "ban", devices=True))
    assert (await standing(moderation, second)).ban is not None
    assert (await standing(moderation, third)).ban is None
    known = (await people.ada.client.get(f"/api/moderation/users/{first}")).json()
    assert known["same_device"] == [str(second)]
    assert sorted(known["same_address"]) == sorted([str(second), str(third)])
    assert [s["kind"] for s in known["sanctions"]] == ["ban"]
    async with moderation.db.transaction() as tx:
        stored = await fetch_all(tx, "SELECT hash FROM moderation_traces")
    assert all(len(bytes(row["hash"])) == 32 for row in stored)
