"""A host speaks, and sees in the studio what was heard and what one tap makes of it; viewers see it as well."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from app.demo import HOST
from tests.e2e.browser import DESKTOP, PHONE, chromium, page_context, to_wav, with_voice
from tests.e2e.conftest import Site
from tests.e2e.test_loop import log_in, own_room

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

VOICE = Path(__file__).parent.parent / "data" / "host_speech" / "zh_studio.opus"
"""首先给大家带来的第一款，是这个玻尿酸补水面膜，一盒里面有十片。今天直播间只要七十九元一盒，喜欢的赶紧拍。
下面给大家看这支口红，特别显白，一点都不拔干。"""
MASK = "玻尿酸补水面膜"
LIPSTICKS = {"豆沙色丝绒口红", "正红色哑光口红"}
SPOKEN_CENTS = 7900
TIMEOUT_MS = 45_000


async def products(page: Page, site: Site, room_id: str) -> list[dict[str, Any]]:
    """The room's products, with what they cost there."""
    snapshot = await (await page.request.get(f"{site.url}/api/rooms/{room_id}/snapshot")).json()
    return [entry["product"] for entry in snapshot["products"]]


async def test_what_a_host_says_is_seen_in_the_studio_and_by_viewers(site: Site, tmp_path: Path) -> None:
    voice = tmp_path / "voice.wav"
    to_wav(VOICE, voice)
    async with chromium(*with_voice(voice)) as studio:
        host = await (await page_context(studio, DESKTOP)).new_page()
        viewer = await (await page_context(studio, PHONE)).new_page()
        await log_in(host, site, HOST)
        room_id = await own_room(host, site)
        names = {product["id"]: product["name"] for product in await products(host, site, room_id)}
        await host.goto(f"{site.url}/studio/{room_id}")
        await viewer.goto(f"{site.url}/rooms/{room_id}")
        await host.get_by_test_id("go-live").click()

        card = viewer.get_by_test_id("product-card")
        await expect(card).to_contain_text(MASK, timeout=TIMEOUT_MS)
        await expect(viewer.get_by_test_id("caption")).not_to_be_empty(timeout=TIMEOUT_MS)
        heard = host.get_by_test_id("transcript-segment").filter(has_text="面膜").first
        await expect(heard).to_be_visible(timeout=TIMEOUT_MS)

        warning = host.locator("[data-testid=cue][data-kind='warning.price']").first
        await expect(warning).to_contain_text("79", timeout=TIMEOUT_MS)
        await expect(warning).to_contain_text("99")
        await expect(card).to_contain_text("99")
        await warning.get_by_test_id("cue-act").click()
        await expect(card).to_contain_text("79")
        [mask] = [product for product in await products(host, site, room_id) if product["name"] == MASK]
        assert {sku["price_cents"] for sku in mask["skus"]} == {SPOKEN_CENTS}

        suggestion = host.get_by_test_id("suggestion").first
        await expect(suggestion).to_contain_text("口红", timeout=TIMEOUT_MS)
        chosen = names[await suggestion.get_attribute("data-product-id") or ""]
        assert chosen in LIPSTICKS
        await suggestion.get_by_test_id("suggestion-accept").click()
        await expect(card).to_contain_text(chosen)
