"""The queue: order, claims, decisions, races, and that a denied act changes nothing."""

import asyncio
from uuid import uuid4

import httpx
import pytest

from app.core.clock import ManualClock
from app.core.db import fetch_all
from app.core.http import Services
from moderation.cases import repository, service
from moderation.cases.effects import RecordedEffects
from moderation.cases.errors import CaseClaimed, CaseDecided, OwnCase
from moderation.findings import Finding
from moderation.policy import Action
from moderation.runtime import Moderation
from tests.builders import create_room
from tests.moderation.conftest import FINDING, GRAVE, TEXT, People, create_case

SPAM = Finding("spam", 0.8, "spam.repetition", 0, 4, "买买买买")


async def test_the_most_urgent_comes_first_with_its_evidence(
    moderation: Moderation, services: Services, people: People
) -> None:
    room = await create_room(services, people.viewer.principal, [], title="夜场")
    spam = await create_case(moderation, people.viewer.principal, text="买买买买", finding=SPAM)
    hidden = await create_case(moderation, people.viewer.principal, room_id=room)
    shown = await create_case(moderation, people.viewer.principal, action=Action.FLAG)

    page = (await people.ada.client.get("/api/moderation/cases")).json()

    assert page["total"] == 3
    assert [item["id"] for item in page["items"]] == [str(shown), str(hidden), str(spam)]
    item = page["items"][1]
    assert item["text"] == TEXT
    assert item["room_title"] == "夜场"
    assert item["author"] == {"id": str(people.viewer.principal.user_id), "display_name": "小雨"}
    assert item["subject"]["type"] == "message"
    assert item["findings"] == [FINDING.as_json()]
    assert (item["status"], item["visible"], item["urgency"]) == ("open", False, 55)
    assert page["items"][0]["urgency"] == 65


async def test_only_moderators_and_admins_see_the_queue(
    moderation: Moderation, api: httpx.AsyncClient, people: People, effects: RecordedEffects
) -> None:
    case = await create_case(moderation)
    for client, status in ((api, 401), (people.viewer.client, 403)):
        assert (await client.get("/api/moderation/cases")).status_code == status
        answer = await client.post(
            f"/api/moderation/cases/{case}/decide", json={"decision": "release", "reason": "mine"}
        )
        assert answer.status_code == status
    assert (await people.admin.client.get(f"/api/moderation/cases/{case}")).json()["status"] == "open"
    assert effects.calls == []


async def test_a_decision_is_applied_recorded_and_told(
    moderation: Moderation, people: People, effects: RecordedEffects, clock: ManualClock
) -> None:
    case = await create_case(moderation, people.viewer.principal)
    clock.advance(60)
    answer = await people.ada.client.post(
        f"/api/moderation/cases/{case}/decide", json={"decision": "release", "reason": " 是客服微信 "}
    )
    body = answer.json()
    assert answer.status_code == 200
    assert (body["status"], body["reason"]) == ("released", "是客服微信")
    assert body["decided_by"]["display_name"] == "Ada"
    assert body["decided_at"] == "2026-11-23T20:01:00Z"
    assert effects.calls == [("released", case)]
    async with moderation.db.transaction() as tx:
        examples = await fetch_all(tx, "SELECT text, label FROM moderation_examples")
        entries = await fetch_all(tx, "SELECT actor_id, action, subject, details FROM moderation_audit")
    assert examples == [{"text": TEXT, "label": "allow"}]
    assert entries[0]["actor_id"] == people.ada.principal.user_id
    assert (entries[0]["action"], entries[0]["subject"]) == ("case.released", f"case:{case}")
    assert entries[0]["details"]["reason"] == "是客服微信"
    assert TEXT not in str(entries[0]["details"])


async def test_deciding_twice_is_refused_except_for_a_repetition(
    moderation: Moderation, people: People, effects: RecordedEffects
) -> None:
    case = await create_case(moderation)
    url = f"/api/moderation/cases/{case}/decide"
    first = await people.ada.client.post(url, json={"decision": "uphold", "reason": "ad"})
    again = await people.ada.client.post(url, json={"decision": "uphold", "reason": "ad"})
    other = await people.ben.client.post(url, json={"decision": "uphold", "reason": "ad"})
    turned = await people.ada.client.post(url, json={"decision": "release", "reason": "no"})
    assert [first.status_code, again.status_code, other.status_code, turned.status_code] == [
        200,
        200,
        409,
        409,
    ]
    assert other.json()["code"] == "case_decided"
    assert effects.calls == [("upheld", case)]


async def test_a_claimed_case_is_worked_by_one(
    moderation: Moderation, people: People, clock: ManualClock
) -> None:
    case = await create_case(moderation)
    url = f"/api/moderation/cases/{case}"
    claimed = await people.ada.client.post(f"{url}/claim")
    assert claimed.json()["claimed_by"]["display_name"] == "Ada"
    refused = await people.ben.client.post(f"{url}/claim")
    assert (refused.status_code, refused.json()["code"], refused.json()["claimed_by"]) == (
        409,
        "case_claimed",
        "Ada",
    )
    decided = await people.ben.client.post(f"{url}/decide", json={"decision": "release", "reason": "x"})
    assert decided.status_code == 409
    clock.advance(601)
    assert (await people.ben.client.post(f"{url}/claim")).json()["claimed_by"]["display_name"] == "Ben"
    assert (await people.ben.client.delete(f"{url}/claim")).json()["claimed_by"] is None


async def test_of_two_who_claim_at_once_one_gets_it(moderation: Moderation, people: People) -> None:
    case = await create_case(moderation)
    answers = await asyncio.gather(
        *(
            user.client.post(f"/api/moderation/cases/{case}/claim")
            for user in (people.ada, people.ben, people.admin)
        )
    )
    assert sorted(a.status_code for a in answers) == [200, 409, 409]


async def test_of_many_who_decide_at_once_one_does(
    moderation: Moderation, people: People, effects: RecordedEffects
) -> None:
    case = await create_case(moderation)

    async def decide(decision: str) -> str:
        try:
            async with moderation.db.transaction() as tx:
                await service.decide(
                    tx,
                    moderation.clock,
                    effects,
                    (people.ada if decision == "release" else people.ben).principal,
                    case,
                    decision,  # type: ignore[arg-type]
                    "race",
                )
        except (CaseDecided, CaseClaimed):
            return "refused"
        return decision

    outcomes = await asyncio.gather(*(decide(d) for d in ["release", "uphold"] * 4))
    assert len({o for o in outcomes if o != "refused"}) == 1
    assert len(effects.calls) == 1


async def test_nobody_decides_about_themselves(
    moderation: Moderation, people: People, effects: RecordedEffects
) -> None:
    case = await create_case(moderation, people.ada.principal)
    with pytest.raises(OwnCase):
        async with moderation.db.transaction() as tx:
            await service.decide(
                tx, moderation.clock, effects, people.ada.principal, case, "release", "I am nice"
            )
    assert effects.calls == []


async def test_findings_about_one_subject_join_its_open_case(moderation: Moderation, people: People) -> None:
    subject = ("message", str(uuid4()))
    first = await create_case(moderation, subject=subject)
    second = await create_case(moderation, subject=subject, finding=GRAVE)
    assert first == second
    body = (await people.ada.client.get(f"/api/moderation/cases/{first}")).json()
    assert [f["category"] for f in body["findings"]] == ["diversion", "illegal"]
    assert body["urgency"] == 80
    await people.ada.client.post(
        f"/api/moderation/cases/{first}/decide", json={"decision": "release", "reason": "x"}
    )
    assert await create_case(moderation, subject=subject) != first


async def test_many_alike_are_decided_at_once(
    moderation: Moderation, people: People, effects: RecordedEffects
) -> None:
    cases = [await create_case(moderation) for _ in range(3)]
    await people.ben.client.post(f"/api/moderation/cases/{cases[1]}/claim")
    missing = uuid4()
    answer = await people.ada.client.post(
        "/api/moderation/cases/decide",
        json={"case_ids": [str(c) for c in (*cases, missing)], "decision": "uphold", "reason": "ads"},
    )
    assert answer.json() == {
        "decided": [str(cases[0]), str(cases[2])],
        "refused": [
            {"id": str(cases[1]), "code": "case_claimed"},
            {"id": str(missing), "code": "case_not_found"},
        ],
    }
    assert [call[1] for call in effects.calls] == [cases[0], cases[2]]


async def test_a_grave_decision_gets_a_second_look_by_somebody_else(
    moderation: Moderation, people: People, effects: RecordedEffects
) -> None:
    case = await create_case(moderation, finding=GRAVE)
    url = f"/api/moderation/cases/{case}"
    decided = await people.ada.client.post(f"{url}/decide", json={"decision": "uphold", "reason": "forged"})
    assert decided.json()["review"] == "wanted"
    own = await people.ada.client.post(f"{url}/review", json={"confirm": True, "reason": "sure"})
    assert (own.status_code, own.json()["code"]) == (403, "own_case")
    waiting = (await people.ben.client.get("/api/moderation/cases?status=review")).json()
    assert [item["id"] for item in waiting["items"]] == [str(case)]
    answer = await people.ben.client.post(f"{url}/review", json={"confirm": False, "reason": "a toy stamp"})
    assert (answer.json()["status"], answer.json()["review"]) == ("released", "overturned")
    assert effects.calls == [("upheld", case), ("released", case)]
    again = await people.ben.client.post(f"{url}/review", json={"confirm": True, "reason": "again"})
    assert again.json()["code"] == "no_review_wanted"


async def test_text_that_postgresql_cannot_hold_is_stored_position_for_position(
    moderation: Moderation, people: People
) -> None:
    case = await create_case(moderation, text="a\x00\ud800b加我微信")
    body = (await people.ada.client.get(f"/api/moderation/cases/{case}")).json()
    assert body["text"] == "a\ufffd\ufffdb加我微信"


async def test_ten_thousand_open_cases_are_one_page(moderation: Moderation, people: People) -> None:
    async with moderation.db.transaction() as tx:
        await tx.execute(
            """INSERT INTO moderation_cases (id, surface, subject_type, subject_id, text, findings, action,
                 policy_version, urgency, created_at, due_at)
               SELECT gen_random_uuid(), 'chat', 'message', n::text, 'text ' || n,
                 '[{"category": "spam", "score": 0.8, "detector": "spam.repetition", "start": 0, "end": 4,
                    "evidence": "text"}]', 'flag', 0, n % 101, now(), now()
               FROM generate_series(1, 10000) n"""
        )
    page = (await people.ada.client.get("/api/moderation/cases?limit=50")).json()
    assert page["total"] == 10_000
    assert [item["urgency"] for item in page["items"]] == [100] * 50
    async with moderation.db.transaction() as tx:
        await tx.execute("ANALYZE moderation_cases")
        query, _, params = repository.page_query("open")
        plan = await fetch_all(tx, f"EXPLAIN {query}", params | {"limit": 50, "offset": 0})
    assert any("Index Scan using moderation_cases_queue" in row["QUERY PLAN"] for row in plan)
