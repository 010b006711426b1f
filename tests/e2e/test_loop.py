"""The closed loop in real browsers: speak, pin, watch, buy, pay."""

import time
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from app.demo import ACCOUNTS, DATA, HOST, PASSWORD, Account
from tests.e2e.browser import DESKTOP, PHONE, chromium, page_context, to_wav, with_voice
from tests.e2e.conftest import Site

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

VIEWER = ACCOUNTS[0]
SPOKEN = "玻尿酸补水面膜"

# Milliseconds since the navigation began: the WHEP request, and the first picture on screen.
WATCH_FIRST_FRAME = """
const look = () => {
  const video = document.querySelector('[data-testid=room-video]')
  if (!video) return requestAnimationFrame(look)
  video.requestVideoFrameCallback(() => { window.firstFrameMs = performance.now() })
}
look()
"""
WHEP_REQUEST = """
() => performance.getEntriesByType('resource').find(entry => entry.name.includes('/whep/')).startTime
"""
DECODED = (
    "() => document.querySelector('[data-testid=room-video]').getVideoPlaybackQuality().totalVideoFrames"
)


async def log_in(page: Page, site: Site, account: Account) -> None:
    await page.goto(f"{site.url}/login")
    await page.get_by_test_id("login-email").fill(account.email)
    await page.get_by_test_id("login-password").fill(PASSWORD)
    await page.get_by_test_id("login-submit").click()
    await expect(page).not_to_have_url(f"{site.url}/login")


async def own_room(page: Page, site: Site) -> str:
    """The id of the demo host's room."""
    rooms = await (await page.request.get(f"{site.url}/api/rooms/mine")).json()
    room_id: str = rooms["items"][0]["id"]
    return room_id


async def test_speak_pin_watch_buy_pay(site: Site, tmp_path: Path) -> None:
    voice = tmp_path / "voice.wav"
    to_wav(DATA / "zh01.opus", voice)
    async with chromium(*with_voice(voice)) as studio, chromium() as phone:
        host = await (await page_context(studio, DESKTOP)).new_page()
        await log_in(host, site, HOST)
        room_id = await own_room(host, site)
        await host.goto(f"{site.url}/studio/{room_id}")
        await host.get_by_test_id("go-live").click()
        await expect(host.get_by_test_id("stream-state")).to_have_attribute(
            "data-state", "connected", timeout=20_000
        )

        viewer = await (await page_context(phone, PHONE)).new_page()
        await log_in(viewer, site, VIEWER)
        await viewer.add_init_script(WATCH_FIRST_FRAME)
        await viewer.goto(f"{site.url}/rooms/{room_id}")
        await viewer.wait_for_function("() => window.firstFrameMs > 0", timeout=60_000)
        first_frame_ms = await viewer.evaluate("() => window.firstFrameMs")
        join_ms = first_frame_ms - await viewer.evaluate(WHEP_REQUEST)
        print(f"\npage to first frame {first_frame_ms:.0f} ms, WHEP join {join_ms:.0f} ms")

        card = viewer.get_by_test_id("product-card")
        began = time.monotonic()
        await expect(card).to_contain_text(SPOKEN, timeout=60_000)
        print(f"the spoken product was pinned {time.monotonic() - began:.1f} s after the page showed video")
        assert await viewer.evaluate(DECODED) > 30
        await expect(host.get_by_test_id("transcript-segment").filter(has_text="面膜").first).to_be_visible()

        await viewer.get_by_test_id("product-card-buy").click()
        await expect(viewer.get_by_test_id("buy-sheet")).to_be_visible()
        await viewer.get_by_test_id("buy-confirm").click()
        async with viewer.context.expect_page() as opened:
            await viewer.get_by_test_id("pay-now").click()
        cashier = await opened.value
        await cashier.locator("button[type=submit]").click()
        await expect(viewer.get_by_test_id("order-status")).to_have_attribute(
            "data-status", "paid", timeout=30_000
        )
        orders = (await (await viewer.request.get(f"{site.url}/api/orders/mine")).json())["items"]
        assert [(order["status"], order["total_cents"]) for order in orders] == [("paid", 9900)]
        assert orders[0]["lines"][0]["product_name"] == SPOKEN
        sold = host.get_by_test_id("studio-order")
        await expect(sold).to_have_attribute("data-status", "paid")
        await expect(sold).to_contain_text(SPOKEN)
