"""A viewer whom WebRTC does not reach."""

import pytest
from playwright.async_api import Page, Route, expect

from tests.e2e.browser import PHONE, chromium, page_context
from tests.e2e.conftest import Site
from tests.e2e.test_trouble import FRAMES, on_air

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

BEHIND = "parseFloat(document.querySelector('[data-testid=behind-live]').innerText.match(/[0-9.]+/))"
VIDEO = "document.querySelector('[data-testid=room-video]')"


async def refuse(route: Route) -> None:
    await route.abort()


async def until_behind(page: Page, condition: str) -> None:
    """Wait until the page says that it is so many seconds behind."""
    await page.wait_for_function(f"() => {BEHIND} {condition}", timeout=60_000)


async def test_hls_takes_over_says_how_far_behind_it_is_and_catches_up(site: Site) -> None:
    async with on_air(site) as room, chromium() as browser:
        context = await page_context(browser, PHONE)
        await context.route("**/whep/**", refuse)
        page = await context.new_page()
        await page.goto(f"{site.url}/rooms/{room}")
        await expect(page.get_by_test_id("behind-live")).to_be_visible(timeout=60_000)
        await page.wait_for_function(f"() => ({FRAMES})() > 30")
        await until_behind(page, "< 4")
        await page.evaluate(f"() => {VIDEO}.pause()")
        await until_behind(page, "> 8")
        await page.evaluate(f"() => {VIDEO}.play()")
        await until_behind(page, "< 4")
