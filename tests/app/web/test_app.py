"""Errors, health and the client's files."""

from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from app.core.http import Services
from app.roles import heartbeat
from app.settings import Settings
from app.web.app import create_app, describe
from commerce.runtime import Commerce


def browser(app: FastAPI) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://shop.test")


async def test_a_bug_answers_a_problem_without_its_trace(
    services: Services, settings: Settings, commerce: Commerce
) -> None:
    app = create_app(services, settings, commerce, client=Path("/nowhere"))

    @app.get("/api/bug")
    async def bug() -> None:
        raise RuntimeError("the secret is 42")

    async with browser(app) as client:
        answer = await client.get("/api/bug")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "internal_error"
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("GET", "/api/nothing", 404, "not_found"), ("DELETE", "/api/rooms", 405, "method_not_allowed")],
)
async def test_what_does_not_exist_is_a_problem(
    api: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    answer = await api.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_health_counts_the_processes_of_each_role(services: Services, api: httpx.AsyncClient) -> None:
    async with heartbeat.beating(services.redis, "ai"), heartbeat.beating(services.redis, "ai"):
        assert (await api.get("/api/health")).json() == {"roles": {"ai": 2}}
    assert (await api.get("/api/health")).json() == {"roles": {}}


async def test_every_page_of_the_client_is_its_one_file(
    services: Services, settings: Settings, commerce: Commerce, tmp_path: Path
) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>Shopcast</title>")
    (tmp_path / "assets" / "a1b2.js").write_text("1")
    async with browser(create_app(services, settings, commerce, client=tmp_path)) as client:
        page = await client.get("/rooms/0192")
        asset = await client.get("/assets/a1b2.js")
        missing = await client.get("/assets/gone.js")
        api = await client.get("/api/nothing")
    assert (page.text, page.headers["cache-control"]) == ("<title>Shopcast</title>", "no-cache")
    assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert missing.status_code == 404
    assert api.headers["content-type"] == "application/problem+json"


def test_the_api_describes_itself() -> None:
    paths = describe()["paths"]
    assert {"/api/auth/login", "/api/rooms/{room_id}/snapshot"} <= paths.keys()
