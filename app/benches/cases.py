"""`shopcast bench cases`: how long a moderator waits for the queue when very many cases are open."""

import shutil
import statistics
from contextlib import asynccontextmanager
from importlib.util import find_spec
from time import perf_counter
from typing import TYPE_CHECKING, Any

import httpx

from app.benches.shop import bench_platform
from app.core.auth import Role
from app.core.clock import SystemClock
from app.core.db import Database
from app.core.report import Report
from app.identity import service
from app.identity.schemas import Registration
from app.web.app import CLIENT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser

EMAIL, PASSWORD = "moderator@bench.example", "cases without end"
WINDOWS = {"desktop": (1440, 900), "phone": (390, 844)}
_CASES = """
INSERT INTO moderation_cases (id, surface, subject_type, subject_id, text, findings, action, policy_version,
                              urgency, created_at, due_at)
SELECT gen_random_uuid(), (ARRAY['chat', 'speech', 'product'])[1 + mod(n, 3)], 'message', gen_random_uuid()::text,
       '加我微信 mimi_' || n || ' 更便宜',
       jsonb_build_array(jsonb_build_object(
         'category', (ARRAY['diversion', 'abuse', 'spam', 'ad_law'])[1 + mod(n, 4)], 'score', 0.9,
         'detector', 'diversion.handle', 'start', 0, 'end', 4, 'evidence', '加我微信')),
       'block', 0, mod(n, 100), now() - n * interval '3 seconds', now() + n * interval '5 seconds'
FROM generate_series(1, %s) n"""


async def run(*, cases: int, openings: int) -> None:
    """Print how long the list takes by the API, and until Chromium shows the first case, in a window and on a phone."""
    report = Report("bench cases")
    report.progress(f"{cases} open cases in a platform of its own")
    async with bench_platform(("web", "gateway")) as bench:
        await _prepare(bench.db, cases)
        base = f"http://localhost:{bench.settings.web_port}"
        figures: dict[str, Any] = {"cases": cases, "openings": openings}
        figures["api_ms"] = await _by_api(base, openings)
        if (missing := _missing()) is not None:
            report.progress(f"the page is not measured: {missing}")
        else:
            figures |= await _by_page(base, openings, report)
    rows = [(name, value) for name, value in figures.items() if name.endswith("_ms")]
    report.table(f"{cases} open cases, median of {openings}", ("until", "ms"), rows)
    report.finish(figures)


def _missing() -> str | None:
    """What stands in the way of opening pages."""
    if find_spec("playwright") is None:
        return "the package playwright is not installed (extra `dev`)"
    if _chromium() is None:
        return "no Chromium was found"
    return None if (CLIENT / "index.html").exists() else "the web client is not built (make web)"


def _chromium() -> str | None:
    return next(
        filter(
            None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"))
        ),
        None,
    )


async def _prepare(db: Database, cases: int) -> None:
    form = Registration(email=EMAIL, password=PASSWORD, display_name="Jing")
    await service.register(db, SystemClock(), form, roles=[Role.VIEWER, Role.MODERATOR])
    async with db.transaction() as tx:
        await tx.execute(_CASES, (cases,))
        await tx.execute("ANALYZE moderation_cases")


async def _by_api(base: str, openings: int) -> float:
    async with httpx.AsyncClient(base_url=base, timeout=30) as client:
        await _log_in(client)
        took = []
        for _ in range(openings):
            begun = perf_counter()
            (
                await client.get("/api/moderation/cases", params={"status": "open", "limit": 50})
            ).raise_for_status()
            took.append(perf_counter() - begun)
    return _median_ms(took)


async def _log_in(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/auth/login", json={"email": EMAIL, "password": PASSWORD})
    answer.raise_for_status()


async def _by_page(base: str, openings: int, report: Report) -> dict[str, float]:
    """The first opening of a window fetches the page's code, the others find it in the browser's cache."""
    found: dict[str, float] = {}
    async with _browser() as browser:
        for name, (width, height) in WINDOWS.items():
            report.progress(f"opening the page on a {name}")
            took = await _openings(browser, base, width, height, openings + 1)
            found[f"{name}_first_ms"] = round(took[0] * 1_000, 1)
            found[f"{name}_ms"] = _median_ms(took[1:])
    return found


@asynccontextmanager
async def _browser() -> "AsyncIterator[Browser]":
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=_chromium(), args=["--no-sandbox", "--disable-gpu"], headless=True
        )
        try:
            yield browser
        finally:
            await browser.close()


async def _openings(browser: "Browser", base: str, width: int, height: int, times: int) -> list[float]:
    """Seconds from the address to the first case on screen."""
    context = await browser.new_context(viewport={"width": width, "height": height})
    page = await context.new_page()
    await page.request.post(f"{base}/api/auth/login", data={"email": EMAIL, "password": PASSWORD})
    took = []
    for _ in range(times):
        begun = perf_counter()
        await page.goto(f"{base}/moderation", wait_until="commit")
        await page.get_by_test_id("case-item").first.wait_for()
        took.append(perf_counter() - begun)
    await context.close()
    return took


def _median_ms(took_s: list[float]) -> float:
    return round(statistics.median(took_s) * 1_000, 1)
