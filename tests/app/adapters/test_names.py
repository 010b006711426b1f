"""Names of accounts and titles of rooms: screened before they are kept, decided about like everything else."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.adapters.name_screening import screen_existing
from app.core.auth import Role
from app.core.events import room_topic
from app.core.http import Services
from moderation.findings import Surface
from moderation.text import Screen, default_screen
from tests.conftest import LogIn, User


@pytest.fixture(scope="module")
def screen() -> Screen:
    return default_screen()


FORM = {"email": "mei@shop.test", "password": "correct horse", "display_name": "小美"}
FORBIDDEN = "加V xx123"
LOOK_AT_IT = {"rules": [{"category": "*", "surface": "profile", "effects": ["case"]}]}
"""A policy under which what would be refused is let through and looked at."""


async def open_cases(moderator: User) -> list[dict[str, Any]]:
    answer = await moderator.client.get("/api/moderation/cases")
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def decide(moderator: User, case: Mapping[str, Any], decision: str) -> None:
    answer = await moderator.client.post(
        f"/api/moderation/cases/{case['id']}/decide", json={"decision": decision, "reason": "diversion"}
    )
    assert answer.status_code == 200


async def use_policy(log_in: LogIn, body: Mapping[str, object]) -> None:
    admin = await log_in(Role.ADMIN)
    answer = await admin.client.put(
        "/api/moderation/policy", json={**body, "based_on": 0, "note": "looked at"}
    )
    assert answer.status_code == 200


async def name_of(user: User) -> str:
    name: str = (await user.client.get("/api/auth/me")).json()["display_name"]
    return name


async def test_a_forbidden_name_is_refused_and_leaves_nothing_behind(
    api: httpx.AsyncClient, log_in: LogIn
) -> None:
    refused = await api.post("/api/auth/register", json=FORM | {"display_name": FORBIDDEN})
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
    assert (refused.json()["code"], refused.json()["categories"]) == ("name_refused", ["diversion"])
    assert (await api.post("/api/auth/register", json=FORM)).status_code == 201

    viewer, moderator = await log_in(), await log_in(Role.MODERATOR)
    for name in (FORBIDDEN, "13800138000", "薇❤️abc123"):
        answer = await viewer.client.patch("/api/auth/me", json={"display_name": name, "locale": "en"})
        assert answer.json()["code"] == "name_refused"
    me = (await viewer.client.get("/api/auth/me")).json()
    assert (me["display_name"], me["locale"]) == ("小雨", "zh-CN")
    assert await open_cases(moderator) == []


async def test_a_name_that_stays_is_not_screened_again(log_in: LogIn) -> None:
    viewer = await log_in(name=FORBIDDEN)
    answer = await viewer.client.patch("/api/auth/me", json={"display_name": FORBIDDEN, "locale": "en"})
    assert (answer.status_code, answer.json()["locale"]) == (200, "en")


async def test_a_doubtful_name_is_kept_and_its_case_speaks_of_the_newest(
    api: httpx.AsyncClient, log_in: LogIn
) -> None:
    await use_policy(log_in, LOOK_AT_IT)
    registered = await api.post("/api/auth/register", json=FORM | {"display_name": FORBIDDEN})
    assert registered.status_code == 201
    assert (await api.patch("/api/auth/me", json={"display_name": "约炮"})).status_code == 200
    moderator = await log_in(Role.MODERATOR)
    (case,) = await open_cases(moderator)
    user_id = registered.json()["id"]
    assert (case["surface"], case["subject"], case["text"], case["visible"]) == (
        "profile",
        {"type": "user", "id": user_id},
        "约炮",
        True,
    )
    assert [finding["category"] for finding in case["findings"]] == ["sexual"]
    assert case["author"] == {"id": user_id, "display_name": "约炮"}


async def test_an_upheld_name_gives_way_and_comes_back_if_the_appeal_is_granted(
    services: Services, log_in: LogIn
) -> None:
    await use_policy(log_in, LOOK_AT_IT)
    viewer, moderator, other = await log_in(), await log_in(Role.MODERATOR), await log_in(Role.MODERATOR)
    await viewer.client.patch("/api/auth/me", json={"display_name": FORBIDDEN})
    (case,) = await open_cases(moderator)
    await decide(moderator, case, "uphold")
    neutral = f"用户{viewer.principal.user_id.hex[-4:]}"
    assert await name_of(viewer) == neutral
    again = await viewer.client.patch("/api/auth/me", json={"display_name": FORBIDDEN})
    assert (again.json()["code"], again.json()["categories"]) == ("name_refused", [])

    appeal = await viewer.client.post("/api/appeals", json={"case_id": case["id"], "text": "my name"})
    granted = await other.client.post(
        f"/api/moderation/appeals/{appeal.json()['id']}/decide", json={"grant": True, "reason": "a brand"}
    )
    assert granted.status_code == 200
    assert await name_of(viewer) == FORBIDDEN
    await viewer.client.patch("/api/auth/me", json={"display_name": "小雨"})
    await viewer.client.patch("/api/auth/me", json={"display_name": FORBIDDEN})
    assert (await name_of(viewer), await open_cases(moderator)) == (FORBIDDEN, [])
    async with services.db.transaction() as tx:
        entries = await tx.execute(
            "SELECT action, actor_id FROM moderation_audit WHERE subject = %s ORDER BY seq",
            (f"user:{viewer.principal.user_id}",),
        )
        assert [tuple(row.values()) for row in await entries.fetchall()] == [
            ("name.reset", moderator.principal.user_id),
            ("name.restored", other.principal.user_id),
        ]


async def test_a_reported_name_is_reset_unless_another_was_chosen_meanwhile(log_in: LogIn) -> None:
    quick, slow, moderator = (
        await log_in(name="大聪明"),
        await log_in(name="大聪明"),
        await log_in(Role.MODERATOR),
    )
    reporter = await log_in()
    for user in (quick, slow):
        form = {"subject_type": "user", "subject_id": str(user.principal.user_id), "category": "abuse"}
        assert (await reporter.client.post("/api/reports", json=form)).status_code in (200, 201)
    await quick.client.patch("/api/auth/me", json={"display_name": "小林", "locale": "en"})
    await slow.client.patch("/api/auth/me", json={"locale": "en"})
    for case in await open_cases(moderator):
        await decide(moderator, case, "uphold")
    assert await name_of(quick) == "小林"
    assert await name_of(slow) == f"User {slow.principal.user_id.hex[-4:]}"


async def test_titles_of_rooms_are_screened_as_what_a_host_says(services: Services, log_in: LogIn) -> None:
    host, moderator = await log_in(Role.HOST), await log_in(Role.MODERATOR)
    refused = await host.client.post("/api/rooms", json={"title": FORBIDDEN})
    assert refused.json()["code"] == "name_refused"
    assert (await host.client.get("/api/rooms/mine")).json()["items"] == []

    room = (await host.client.post("/api/rooms", json={"title": "小雨的直播间"})).json()
    path = f"/api/rooms/{room['id']}"
    assert (await host.client.patch(path, json={"title": FORBIDDEN})).json()["code"] == "name_refused"
    claim = "全网最低价，国家级品质"
    assert (await host.client.patch(path, json={"title": claim})).json()["title"] == claim
    (case,) = await open_cases(moderator)
    assert (case["surface"], case["subject"], case["room_id"]) == (
        "profile",
        {"type": "room_title", "id": room["id"]},
        room["id"],
    )
    await decide(moderator, case, "uphold")
    neutral = f"直播间{room['id'][-4:]}"
    assert (await host.client.get(path)).json()["title"] == neutral
    events = await services.bus.read_after(room_topic(UUID(room["id"])), 0, 100)
    assert (events[-1].event.type, events[-1].event.data["title"]) == ("room.updated", neutral)


async def test_a_dry_run_covers_names_taken_and_refused(log_in: LogIn) -> None:
    viewer, admin = await log_in(), await log_in(Role.ADMIN)
    for name in ("小林", FORBIDDEN):
        await viewer.client.patch("/api/auth/me", json={"display_name": name})
    tried = (await admin.client.post("/api/moderation/policy/dry-run", json=LOOK_AT_IT)).json()
    assert (tried["texts"], tried["changes"]) == (2, {"block>flag": 1})
    assert [(one["surface"], one["text"]) for one in tried["samples"]] == [("profile", FORBIDDEN)]


@pytest.mark.parametrize(
    ("name", "categories"),
    [
        ("官方客服", ["impersonation"]),
        ("系 统 管 理 员", ["impersonation"]),
        ("Shopcast Support", ["impersonation"]),
        ("adm1n", ["impersonation"]),
        ("习大大", ["impersonation"]),
        ("QQ123456789", ["diversion"]),
        ("telegram_deals", ["diversion"]),
        ("卖粉", ["illegal"]),
    ],
)
async def test_names_that_pose_as_staff_or_carry_a_contact_are_refused(
    log_in: LogIn, name: str, categories: list[str]
) -> None:
    viewer = await log_in()
    answer = await viewer.client.patch("/api/auth/me", json={"display_name": name})
    assert (answer.json().get("code"), answer.json().get("categories")) == ("name_refused", categories)


@pytest.mark.parametrize(
    "name",
    [
        "QQ糖真好吃",
        "王官方",
        "客家小妹",
        "习惯就好",
        "卖粉条的老王",
        "管理学研究生",
        "Support local farms",
        "Lily_2009",
    ],
)
def test_names_that_only_look_alike_pass(screen: Screen, name: str) -> None:
    assert screen.check(name, Surface.PROFILE).findings == ()


async def test_a_moderator_may_be_called_one(log_in: LogIn) -> None:
    moderator = await log_in(Role.MODERATOR)
    answer = await moderator.client.patch("/api/auth/me", json={"display_name": "管理员小王"})
    assert answer.status_code == 200


async def test_names_that_stand_are_looked_at_once(services: Services, log_in: LogIn) -> None:
    bad, moderator = await log_in(name="官方客服"), await log_in(Role.MODERATOR)
    await log_in(name="小雨")
    assert await screen_existing(services.db, services.clock) == (3, 1)
    (case,) = await open_cases(moderator)
    assert (case["subject"], case["text"], case["visible"]) == (
        {"type": "user", "id": str(bad.principal.user_id)},
        "官方客服",
        True,
    )
    await decide(moderator, case, "release")
    assert await screen_existing(services.db, services.clock) == (3, 0)
