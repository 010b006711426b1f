"""Guessing passwords, changing one's own account, giving and taking roles."""

import asyncio

import httpx

from app.core.auth import Role
from app.core.db import Database, fetch_all
from app.core.http import Services
from app.identity import staff
from app.identity.guard import PER_ACCOUNT
from app.identity.schemas import Account
from app.identity.staff import LastAdmin
from moderation.audit.chain import verify
from moderation.audit.repository import read
from tests.conftest import LogIn, User

FORM = {"email": "mei@shop.test", "password": "correct horse", "display_name": "小美"}
RIGHT = {"email": "mei@shop.test", "password": "correct horse"}
WRONG = RIGHT | {"password": "wrong horse"}


async def test_who_guesses_is_slowed_down_and_other_accounts_are_not(api: httpx.AsyncClient) -> None:
    await api.post("/api/auth/register", json=FORM)
    await api.post("/api/auth/register", json=FORM | {"email": "jay@shop.test"})
    guesses = [(await api.post("/api/auth/login", json=WRONG)).status_code for _ in range(PER_ACCOUNT.burst)]
    assert guesses == [401] * PER_ACCOUNT.burst
    refused = await api.post("/api/auth/login", json=RIGHT)
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert 0 < int(refused.headers["retry-after"]) <= 60
    assert (await api.post("/api/auth/login", json=RIGHT | {"email": "jay@shop.test"})).status_code == 200


async def test_logging_in_makes_the_allowance_whole_again(api: httpx.AsyncClient) -> None:
    await api.post("/api/auth/register", json=FORM)
    for _ in range(PER_ACCOUNT.burst - 1):
        await api.post("/api/auth/login", json=WRONG)
    assert (await api.post("/api/auth/login", json=RIGHT)).status_code == 200
    assert (await api.post("/api/auth/login", json=WRONG)).status_code == 401


async def test_a_new_password_logs_every_other_browser_out(api: httpx.AsyncClient) -> None:
    await api.post("/api/auth/register", json=FORM)
    other = httpx.AsyncClient(transport=api._transport, base_url=api.base_url)
    await other.post("/api/auth/login", json=RIGHT)
    token = (await api.post("/api/auth/tokens", json={"name": "obs"})).json()["token"]

    refused = await api.put("/api/auth/password", json={"current": "wrong horse", "new": "battery staple"})
    assert (refused.status_code, refused.json()["code"]) == (403, "wrong_password")
    assert (await other.get("/api/auth/me")).status_code == 200

    changed = await api.put("/api/auth/password", json={"current": "correct horse", "new": "battery staple"})
    assert changed.status_code == 204
    assert (await api.get("/api/auth/me")).status_code == 200
    assert (await other.get("/api/auth/me")).status_code == 401
    tool = httpx.AsyncClient(transport=api._transport, base_url=api.base_url)
    assert (await tool.get("/api/auth/me", headers={"authorization": f"Bearer {token}"})).status_code == 200
    assert (await other.post("/api/auth/login", json=RIGHT)).status_code == 401
    assert (
        await other.post("/api/auth/login", json=RIGHT | {"password": "battery staple"})
    ).status_code == 200


async def test_a_profile_keeps_what_is_not_named(log_in: LogIn) -> None:
    user = await log_in(name="小雨")
    changed = (await user.client.patch("/api/auth/me", json={"locale": "en"})).json()
    assert (changed["display_name"], changed["locale"]) == ("小雨", "en")
    changed = (await user.client.patch("/api/auth/me", json={"display_name": " 雨 "})).json()
    assert (changed["display_name"], changed["locale"]) == ("雨", "en")


async def test_only_an_admin_finds_accounts_and_gives_roles(log_in: LogIn, db: Database) -> None:
    admin, viewer = await log_in(Role.ADMIN, name="老王"), await log_in(name="小_雨")
    path = f"/api/admin/users/{viewer.principal.user_id}/roles"
    for refused in (
        await viewer.client.get("/api/admin/users"),
        await viewer.client.put(path, json={"roles": ["admin"]}),
    ):
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")

    found = (await admin.client.get("/api/admin/users", params={"q": "小_"})).json()["items"]
    assert [one["id"] for one in found] == [str(viewer.principal.user_id)]
    assert (await admin.client.get("/api/admin/users", params={"q": "%雨"})).json()["items"] == []

    given = await admin.client.put(path, json={"roles": ["host", "merchant"]})
    assert given.json()["roles"] == ["viewer", "host", "merchant"]
    assert (await viewer.client.get("/api/auth/me")).json()["roles"] == ["viewer", "host", "merchant"]
    async with db.transaction() as tx:
        entries = [entry async for entry in read(tx) if entry.subject == f"user:{viewer.principal.user_id}"]
        assert (await verify(read(tx))).problem is None
    assert [(entry.action, entry.actor_id, entry.details) for entry in entries] == [
        (
            "roles.changed",
            admin.principal.user_id,
            {"from": ["viewer"], "to": ["viewer", "host", "merchant"]},
        )
    ]


async def test_two_admins_who_demote_each_other_leave_one(log_in: LogIn, services: Services) -> None:
    one, two = await log_in(Role.ADMIN), await log_in(Role.ADMIN)

    async def demote(target: User, by: User) -> Account:
        ids = target.principal.user_id, by.principal.user_id
        return await staff.set_roles(services.db, services.clock, ids[0], frozenset(), by=ids[1])

    results = await asyncio.gather(demote(one, two), demote(two, one), return_exceptions=True)
    assert sum(isinstance(result, LastAdmin) for result in results) == 1
    async with services.db.transaction() as tx:
        rows = await fetch_all(tx, "SELECT id FROM users WHERE 'admin' = ANY (roles)", {})
    assert len(rows) == 1


async def test_guesses_sent_side_by_side_are_counted_too(api: httpx.AsyncClient) -> None:
    await api.post("/api/auth/register", json=FORM)
    answers = await asyncio.gather(*(api.post("/api/auth/login", json=WRONG) for _ in range(40)))
    looked_at = sum(answer.status_code == 401 for answer in answers)
    assert PER_ACCOUNT.burst <= looked_at <= PER_ACCOUNT.burst + 1
