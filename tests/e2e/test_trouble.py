"""Roles die while people watch and buy."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx
import pytest
from playwright.async_api import Page, expect
from redis.asyncio import Redis

from app.demo import ACCOUNTS, DATA, PASSWORD
from app.demo.host import Studio
from media.sample import Programme, SampleHost
from tests.e2e.browser import PHONE, chromium, page_context
from tests.e2e.conftest import Site

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

FRAMES = """
() => document.querySelector('[data-testid=room-video]').getVideoPlaybackQuality().totalVideoFrames
"""


@asynccontextmanager
async def on_air(site: Site) -> AsyncIterator[str]:
    """A host is live in the demo room while the block runs; yields the room's id."""
    async with httpx.AsyncClient(base_url=site.url, trust_env=False) as http:
        studio = Studio(http)
        await studio.enter()

        async def token() -> str:
            return (await studio.access())["token"]

        live = asyncio.Event()
        host = SampleHost(
            (await studio.access())["url"],
            token,
            Programme(audio=DATA / "zh01.opus"),
            on_state=lambda state: live.set() if state == "live" else None,
        )
        playing = asyncio.create_task(host.run())
        try:
            await asyncio.wait_for(live.wait(), 60)
            yield studio.room_id
        finally:
            playing.cancel()
            with suppress(asyncio.CancelledError):
                await playing


async def kill(site: Site, role: str) -> None:
    """End every process of `role` without a warning."""
    assert site.settings.redis_url is not None
    async with Redis.from_url(site.settings.redis_url) as redis:
        for key in await redis.keys(f"role:{role}:*"):
            os.kill(int(await redis.get(key) or 0), signal.SIGKILL)
            await redis.delete(key)


async def enter(page: Page, site: Site, room_id: str) -> None:
    credentials = {"email": ACCOUNTS[0].email, "password": PASSWORD}
    assert (await page.request.post(f"{site.url}/api/auth/login", data=credentials)).ok
    await page.goto(f"{site.url}/rooms/{room_id}")
    await expect(page.get_by_test_id("stream-state")).to_have_attribute("data-state", "live")


async def wait_for_frames(page: Page, more_than: int) -> None:
    await page.wait_for_function(f"({FRAMES.strip()})() > {more_than}", timeout=60_000)


async def test_viewers_come_back_when_the_media_role_is_killed(site: Site) -> None:
    async with on_air(site) as room_id, chromium() as browser:
        viewer = await (await page_context(browser, PHONE)).new_page()
        await enter(viewer, site, room_id)
        await wait_for_frames(viewer, 10)
        await kill(site, "media")
        state = viewer.get_by_test_id("stream-state")
        await expect(state).to_have_attribute("data-state", "reconnecting", timeout=20_000)
        await expect(state).to_have_attribute("data-state", "live", timeout=60_000)
        before = await viewer.evaluate(FRAMES)
        await wait_for_frames(viewer, before + 30)


async def test_buying_goes_on_without_the_ai_role_and_pins_resume_with_it(site: Site) -> None:
    async with on_air(site) as room_id, chromium() as browser:
        viewer = await (await page_context(browser, PHONE)).new_page()
        await enter(viewer, site, room_id)
        await wait_for_frames(viewer, 10)
        await kill(site, "ai")
        before = await viewer.evaluate(FRAMES)
        snapshot = await (await viewer.request.get(f"{site.url}/api/rooms/{room_id}/snapshot")).json()
        sku = snapshot["products"][0]["product"]["skus"][0]
        order = await viewer.request.post(
            f"{site.url}/api/orders",
            data={"room_id": room_id, "lines": [{"sku_id": sku["id"], "quantity": 1}]},
            headers={"Idempotency-Key": "without-the-ai-role"},
        )
        assert (order.status, (await order.json())["status"]) == (201, "pending_payment")
        await wait_for_frames(viewer, before + 30)
        pinned_before = {pin["id"] for pin in snapshot["pins"]}
        async with asyncio.timeout(120):
            while pinned_before.issuperset(await _pins(viewer, site, room_id)):
                await asyncio.sleep(0.5)


async def test_everything_is_as_it_was_after_a_restart(site: Site) -> None:
    """The web and gateway roles come back with orders, stock and chat unchanged."""
    async with chromium() as browser:
        viewer = await (await page_context(browser, PHONE)).new_page()
        credentials = {"email": ACCOUNTS[0].email, "password": PASSWORD}
        await viewer.request.post(f"{site.url}/api/auth/login", data=credentials)
        rooms = await (await viewer.request.get(f"{site.url}/api/rooms")).json()
        room_id = rooms["items"][0]["id"]
        await viewer.goto(f"{site.url}/rooms/{room_id}")
        await viewer.get_by_test_id("chat-input").fill("主播晚上好")
        await viewer.get_by_test_id("chat-send").click()
        said = viewer.get_by_test_id("chat-message").filter(has_text="主播晚上好")
        await expect(said).to_have_attribute("data-state", "sent")
        snapshot = f"{site.url}/api/rooms/{room_id}/snapshot"
        before = await (await viewer.request.get(snapshot)).json()
        for role in ("gateway", "web", "jobs"):
            await kill(site, role)
        await _until_up(site)
        await viewer.reload()
        await expect(said).to_have_count(1)
        after = await (await viewer.request.get(snapshot)).json()
        assert after["messages"] == before["messages"]
        assert after["products"] == before["products"]


async def _pins(page: Page, site: Site, room_id: str) -> set[str]:
    snapshot = await (await page.request.get(f"{site.url}/api/rooms/{room_id}/snapshot")).json()
    return {pin["id"] for pin in snapshot["pins"]}


async def _until_up(site: Site) -> None:
    """Both roles that pages need answer again."""
    async with httpx.AsyncClient(trust_env=False) as http, asyncio.timeout(60):
        for port in (site.settings.web_port, site.settings.gateway_port):
            path = "healthz" if port == site.settings.web_port else "health"
            while True:
                with suppress(httpx.HTTPError):
                    if (await http.get(f"http://127.0.0.1:{port}/{path}")).is_success:
                        break
                await asyncio.sleep(0.1)
