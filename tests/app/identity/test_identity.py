"""Accounts, sessions, bearer tokens."""

from pathlib import Path

import httpx

from app.core.clock import ManualClock
from app.core.db import Database
from app.identity import service
from app.settings import Settings
from tests.conftest import LogIn

FORM = {"email": "Mei@Shop.test", "password": "correct horse", "display_name": "小美"}


async def test_register_log_out_and_log_in_again(api: httpx.AsyncClient) -> None:
    registered = await api.post("/api/auth/register", json=FORM)
    assert registered.status_code == 201
    assert registered.json()["email"] == "mei@shop.test"
    assert registered.json()["roles"] == ["viewer"]
    assert "httponly" in registered.headers["set-cookie"].lower()
    assert (await api.get("/api/auth/me")).json() == registered.json()

    assert (await api.post("/api/auth/logout")).status_code == 204
    refused = await api.get("/api/auth/me")
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["code"] == "unauthenticated"

    again = await api.post("/api/auth/login", json={"email": "mei@shop.test", "password": "correct horse"})
    assert again.json() == registered.json()


async def test_a_name_shows_what_it_says(api: httpx.AsyncClient) -> None:
    for number, (typed, shown) in enumerate(
        [
            ("\u202e美小\u202c", "美小"),
            ("小\u200b雨\ufeff妈妈", "小雨妈妈"),
            ("<script>alert(1)</script>", "<script>alert(1)</script>"),
            ("小雨🌸", "小雨🌸"),
        ]
    ):
        form = FORM | {"email": f"{number}@shop.test", "display_name": typed}
        assert (await api.post("/api/auth/register", json=form)).json()["display_name"] == shown
    for unseen in ("\u200b\u200e", "x" * 41):
        assert (await api.post("/api/auth/register", json=FORM | {"display_name": unseen})).status_code == 422


async def test_the_ended_session_is_dead_even_if_its_cookie_was_kept(api: httpx.AsyncClient) -> None:
    registered = await api.post("/api/auth/register", json=FORM)
    stolen = registered.cookies[service.COOKIE]
    await api.post("/api/auth/logout")
    answer = await api.get("/api/auth/me", headers={"cookie": f"{service.COOKIE}={stolen}"})
    assert answer.status_code == 401


async def test_a_wrong_password_and_an_unknown_address_look_the_same(api: httpx.AsyncClient) -> None:
    await api.post("/api/auth/register", json=FORM)
    wrong = await api.post("/api/auth/login", json={"email": "mei@shop.test", "password": "wrong horse"})
    unknown = await api.post("/api/auth/login", json={"email": "no@shop.test", "password": "wrong horse"})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    assert wrong.json()["code"] == "wrong_credentials"


async def test_an_address_belongs_to_one_account(api: httpx.AsyncClient) -> None:
    await api.post("/api/auth/register", json=FORM)
    second = await api.post("/api/auth/register", json=FORM | {"email": "mei@shop.TEST"})
    assert (second.status_code, second.json()["code"]) == (409, "email_taken")


async def test_weak_forms_are_refused_field_by_field(api: httpx.AsyncClient) -> None:
    answer = await api.post(
        "/api/auth/register", json={"email": "mei", "password": "short", "display_name": " "}
    )
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid"
    assert {wrong["at"] for wrong in answer.json()["errors"]} == {
        "body/email",
        "body/password",
        "body/display_name",
    }


async def test_passwords_are_kept_as_argon2id(api: httpx.AsyncClient, db: Database) -> None:
    await api.post("/api/auth/register", json=FORM)
    async with db.transaction() as tx:
        row = await (await tx.execute("SELECT password_hash FROM users")).fetchone()
    assert row is not None
    assert row["password_hash"].startswith("$argon2id$")


async def test_a_bearer_token_works_until_it_is_revoked(api: httpx.AsyncClient, log_in: LogIn) -> None:
    user = await log_in()
    token = (await user.client.post("/api/auth/tokens", json={"name": "obs"})).json()
    header = {"authorization": f"Bearer {token['token']}"}
    assert (await api.get("/api/auth/me", headers=header)).json()["id"] == str(user.principal.user_id)
    listed = (await user.client.get("/api/auth/tokens")).json()["items"]
    assert [(item["id"], "token" in item) for item in listed] == [(token["id"], False)]

    stranger = await log_in()
    assert (await stranger.client.delete(f"/api/auth/tokens/{token['id']}")).status_code == 404
    assert (await api.get("/api/auth/me", headers=header)).status_code == 200
    assert (await user.client.delete(f"/api/auth/tokens/{token['id']}")).status_code == 204
    assert (await api.get("/api/auth/me", headers=header)).status_code == 401


async def test_sessions_expire(log_in: LogIn, clock: ManualClock) -> None:
    user = await log_in()
    clock.advance(24 * 3600 - 1)
    assert (await user.client.get("/api/auth/me")).status_code == 200
    clock.advance(1)
    assert (await user.client.get("/api/auth/me")).status_code == 401


async def test_another_site_cannot_use_the_cookie(log_in: LogIn) -> None:
    user = await log_in()
    answer = await user.client.post("/api/auth/logout", headers={"origin": "https://evil.test"})
    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")
    assert (await user.client.get("/api/auth/me")).status_code == 200
    own = await user.client.post("/api/auth/logout", headers={"origin": "http://shop.test"})
    assert own.status_code == 204


def test_the_signing_secret_is_made_once_and_kept_to_its_owner(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, secret_key=None)
    secret = settings.signing_secret()
    assert settings.signing_secret() == secret
    assert len(secret) >= 32
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600
