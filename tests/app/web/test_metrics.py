"""What Prometheus reads: every process's figures, side by side."""

import httpx
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from app.core import metrics
from app.core.auth import Role
from app.core.http import Services
from app.settings import Settings
from app.web.app import create_app
from commerce.runtime import Commerce
from tests.conftest import LogIn


async def test_the_figures_of_all_processes_are_one_family_each(
    services: Services, api: httpx.AsyncClient, log_in: LogIn
) -> None:
    user = await log_in(Role.ADMIN)
    room_id = "00000000-0000-7000-8000-000000000000"
    assert (await api.get(f"/api/rooms/{room_id}")).status_code == 404
    await metrics.publish(services.redis, "web", "one")
    await metrics.publish(services.redis, "gateway", "two")
    answer = await user.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    requests = families["shopcast_http_request_seconds"]
    counts = {
        (one.labels["role"], one.labels["process"]): one.value
        for one in requests.samples
        if one.name.endswith("_count")
        and one.labels["route"] == "/api/rooms/{room_id}"
        and one.labels["status"] == "404"
    }
    assert counts.keys() == {("web", "one"), ("gateway", "two")}
    assert min(counts.values()) >= 1
    assert room_id not in answer.text
    assert answer.text.count("# TYPE shopcast_http_request_seconds ") == 1


async def test_only_who_may_sees_them(
    services: Services, settings: Settings, commerce: Commerce, api: httpx.AsyncClient, log_in: LogIn
) -> None:
    assert (await api.get("/metrics")).status_code == 401
    assert (await (await log_in(Role.HOST)).client.get("/metrics")).status_code == 401
    watched = settings.model_copy(update={"metrics_token": SecretStr("scrape me")})
    transport = httpx.ASGITransport(create_app(services, watched, commerce))
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as client:
        for token, status in (("scrape me", 200), ("scrape you", 401)):
            answer = await client.get("/metrics", headers={"authorization": f"Bearer {token}"})
            assert answer.status_code == status
