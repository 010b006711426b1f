"""A muted viewer appeals, another moderator decides, and the log verifies."""

from typing import Any

import orjson

from moderation.audit.chain import Entry, verify
from moderation.cases.effects import RecordedEffects
from moderation.runtime import Moderation
from moderation.sanctions import service as sanctions
from moderation.sanctions.effects import RecordedSanctions
from moderation.sanctions.service import Standing
from tests.moderation.audit.test_chain import walk
from tests.moderation.conftest import TEXT, People, create_case


async def test_an_appeal_goes_to_somebody_else_and_undoes_the_decision(
    moderation: Moderation,
    people: People,
    effects: RecordedEffects,
    sanctioned: RecordedSanctions,
) -> None:
    viewer = people.viewer
    case = await create_case(moderation, viewer.principal)
    decision = {"decision": "uphold", "reason": "引流"}
    await people.ada.client.post(f"/api/moderation/cases/{case}/decide", json=decision)
    mute = {
        "kind": "mute",
        "user_id": str(viewer.principal.user_id),
        "case_id": str(case),
        "rule": "diversion",
        "reason": "引流",
        "duration_s": 86_400,
    }
    await people.ada.client.post("/api/moderation/sanctions", json=mute)

    mine = (await viewer.client.get("/api/moderation/mine")).json()
    assert [(c["text"], c["appealable"]) for c in mine["cases"]] == [(TEXT, True)]
    assert [(s["kind"], s["imposed_by"]) for s in mine["sanctions"]] == [("mute", None)]
    appeal = {"case_id": str(case), "text": "那是店里的客服号"}
    filed = await viewer.client.post("/api/appeals", json=appeal)
    assert filed.status_code == 201
    twice = await viewer.client.post("/api/appeals", json=appeal)
    assert (twice.status_code, twice.json()["code"]) == (409, "already_appealed")

    waiting = (await people.ben.client.get("/api/moderation/appeals")).json()["items"]
    assert waiting[0]["case"]["text"] == TEXT
    url = f"/api/moderation/appeals/{waiting[0]['id']}/decide"
    own = await people.ada.client.post(url, json={"grant": False, "reason": "no"})
    assert (own.status_code, own.json()["code"]) == (403, "not_impartial")
    granted = await people.ben.client.post(url, json={"grant": True, "reason": "属实"})
    assert (granted.json()["status"], granted.json()["case"]["status"]) == ("granted", "released")
    assert effects.calls == [("upheld", case), ("released", case)]
    assert sanctioned.calls == [("imposed", "mute"), ("lifted", "mute")]
    async with moderation.db.transaction() as tx:
        assert await sanctions.active(tx, moderation.clock, viewer.principal.user_id) == Standing()
    assert (await people.ben.client.post(url, json={"grant": False, "reason": "no"})).status_code == 409

    await _require_whole_log(people, ["case.upheld", "sanction.imposed", "sanction.lifted", "appeal.granted"])


async def _require_whole_log(people: People, acts: list[str]) -> None:
    exported = await people.admin.client.get("/api/moderation/audit")
    lines: list[dict[str, Any]] = [orjson.loads(line) for line in exported.text.splitlines()]
    assert [line["action"] for line in lines] == acts
    state = (await people.admin.client.get("/api/moderation/audit/state")).json()
    assert state == {"entries": 4, "head": lines[-1]["hash"], "broken_at": None, "problem": None}
    assert (await verify(walk([Entry.from_export(line) for line in lines]))).broken_at is None
    lines[1]["details"]["reason"] = "changed"
    assert (await verify(walk([Entry.from_export(line) for line in lines]))).broken_at == 2
    assert (await people.ada.client.get("/api/moderation/audit")).status_code == 403


async def test_a_denied_appeal_changes_nothing(
    moderation: Moderation, people: People, sanctioned: RecordedSanctions
) -> None:
    viewer = people.viewer
    ban = {"kind": "ban", "user_id": str(viewer.principal.user_id), "rule": "abuse", "reason": "辱骂"}
    sanction = (await people.ada.client.post("/api/moderation/sanctions", json=ban)).json()["id"]
    filed = await viewer.client.post("/api/appeals", json={"sanction_id": sanction, "text": "冤枉"})
    url = f"/api/moderation/appeals/{filed.json()['id']}/decide"
    denied = await people.ben.client.post(url, json={"grant": False, "reason": "证据充分"})
    assert denied.json()["status"] == "denied"
    async with moderation.db.transaction() as tx:
        assert (await sanctions.active(tx, moderation.clock, viewer.principal.user_id)).ban is not None
    assert sanctioned.calls == [("imposed", "ban")]
    mine = (await viewer.client.get("/api/moderation/mine")).json()
    assert [(a["status"], a["reason"]) for a in mine["appeals"]] == [("denied", "证据充分")]


async def test_only_whom_it_concerns_appeals(moderation: Moderation, people: People) -> None:
    case = await create_case(moderation, people.viewer.principal)
    form = {"case_id": str(case), "text": "x"}
    assert (await people.viewer.client.post("/api/appeals", json=form)).json()["code"] == "appeal_not_found"
    await people.ada.client.post(
        f"/api/moderation/cases/{case}/decide", json={"decision": "uphold", "reason": "ad"}
    )
    assert (await people.ben.client.post("/api/appeals", json=form)).status_code == 404
    assert (await people.viewer.client.post("/api/appeals", json={"text": "x"})).status_code == 422
    assert (await people.ben.client.get("/api/moderation/appeals")).json()["items"] == []
