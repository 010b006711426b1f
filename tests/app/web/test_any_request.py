"""schemathesis over the OpenAPI document: whatever is asked, never a failure that it does not tell of."""

import asyncio
from collections.abc import Iterator
from contextlib import nullcontext
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from schemathesis import APIOperation, Case
from schemathesis.core.result import Err

from app.benches.ports import free_ports
from app.core.auth import Role
from app.core.http import Services
from app.identity import service as identity
from app.roles.process import serve
from app.settings import Settings
from app.web.app import create_app
from commerce.runtime import Commerce
from tests.builders import create_product
from tests.conftest import LogIn

EXAMPLES = 6


def refusals(base_url: str, headers: dict[str, str]) -> Iterator[str]:
    """Every answer of 500 and above that the document does not tell of, with what was asked."""
    schema = schemathesis.openapi.from_url(f"{base_url}/api/openapi.json", wait_for_schema=30)
    how = hypothesis_settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    with requests.Session() as session:
        session.headers.update(headers)
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # whoever asks stays the same
        for result in schema.get_all_operations():
            if isinstance(result, Err):
                yield str(result.err())
                continue
            yield from _failures(result.ok(), how, base_url, session)


def _failures(
    operation: APIOperation[Any, Any, Any, Any],
    how: hypothesis_settings,
    base_url: str,
    session: requests.Session,
) -> list[str]:
    found: list[str] = []
    told = operation.definition.raw["responses"]

    @given(case=operation.as_strategy())
    @how
    def ask(case: Case[Any]) -> None:
        response = case.call(base_url=base_url, session=session)
        if response.status_code >= 500 and str(response.status_code) not in told:
            found.append(f"{case.method} {case.formatted_path} {case.body!r}: {response.status_code}")

    ask()
    return found


@pytest.mark.timeout(600)
async def test_no_request_makes_the_platform_fail(
    services: Services, settings: Settings, commerce: Commerce, log_in: LogIn
) -> None:
    (port,) = free_ports(1)
    admin = await log_in(Role.ADMIN)
    await create_product(services.db)
    login = await identity.begin_session(
        services.db, services.clock, admin.principal.user_id, kind="bearer", days=1
    )
    app = create_app(services, settings, commerce, client=Path("/nonexistent"))
    server = asyncio.create_task(serve(app, "127.0.0.1", port, nullcontext()))
    try:
        headers = {"authorization": f"Bearer {login.secret}"}
        found = await asyncio.to_thread(lambda: list(refusals(f"http://127.0.0.1:{port}", headers)))
    finally:
        server.cancel()
        await asyncio.gather(server, return_exceptions=True)
    assert found == []
