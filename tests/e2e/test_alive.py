"""A room with people in it: they talk, one wins, a flash sale sells out, and the host sees it as it happens."""

import io
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Page, expect
from rich.console import Console

from app.core.auth import Role
from app.core.ids import new_id
from app.demo import ACCOUNTS, HOST, PASSWORD, Account, seed
from app.supervisor import platform
from tests.app.test_supervisor import local_settings
from tests.e2e.browser import DESKTOP, PHONE, chromium, page_context
from tests.e2e.conftest import Site

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

YU = ACCOUNTS[0]
AN = Account("an@viewers.example", "安安", Role.VIEWER)
PIECES = 2
ORDER_COLOUR = (255, 77, 61)


@pytest.fixture
async def room_site(tmp_path: Path) -> AsyncIterator[Site]:
    """What a room needs besides the picture."""
    roles = ("web", "gateway", "sandbox", "jobs")
    console = Console(file=io.StringIO())
    async with platform(local_settings(tmp_path), console, roles=roles, prepare=seed.seed) as ready:
        expect.set_options(timeout=15_000)
        yield Site(f"http://localhost:{ready.web_port}", ready)
        expect.set_options(timeout=5_000)


async def enter(page: Page, site: Site, account: Account, path: str) -> None:
    """Log in, as somebody new where nobody is known by that address."""
    body = {"email": account.email, "password": PASSWORD}
    if not (await page.request.post(f"{site.url}/api/auth/login", data=body)).ok:
        new = body | {"display_name": account.display_name}
        assert (await page.request.post(f"{site.url}/api/auth/register", data=new)).ok
    await page.goto(f"{site.url}{path}")


async def order(page: Page, site: Site, room_id: str, sku_id: str) -> int:
    """What one piece costs this buyer now, in cents."""
    answer = await page.request.post(
        f"{site.url}/api/orders",
        data={"room_id": room_id, "lines": [{"sku_id": sku_id, "quantity": 1}]},
        headers={"Idempotency-Key": new_id().hex},
    )
    total: int = (await answer.json())["total_cents"]
    return total


async def test_two_viewers_and_a_host(room_site: Site) -> None:
    site = room_site
    async with chromium() as browser:
        contexts = [await page_context(browser, size) for size in (DESKTOP, PHONE, DESKTOP)]
        host, yu, an = [await context.new_page() for context in contexts]
        await enter(host, site, HOST, "/studio")
        rooms = await (await host.request.get(f"{site.url}/api/rooms/mine")).json()
        room_id = rooms["items"][0]["id"]
        api = f"{site.url}/api/rooms/{room_id}"
        await host.request.post(f"{api}/start")
        queue = (await (await host.request.get(f"{api}/snapshot")).json())["products"]
        product = queue[0]["product"]
        await host.request.post(f"{api}/pins", data={"product_id": product["id"]})
        await host.goto(f"{site.url}/studio/{room_id}/insights")
        for page, account in ((yu, YU), (an, AN)):
            await enter(page, site, account, f"/rooms/{room_id}")
            await expect(page.get_by_test_id("product-card")).to_be_visible(timeout=20_000)

        await yu.get_by_test_id("chat-input").fill("有人在吗 <b>你好</b>")
        await yu.get_by_test_id("chat-send").click()
        said = an.get_by_test_id("chat-message").filter(has_text="有人在吗 <b>你好</b>")
        await expect(said).to_be_visible()
        await said.get_by_test_id("chat-reply").click()
        await an.get_by_test_id("chat-input").fill("在的")
        await an.get_by_test_id("chat-send").click()
        answered = yu.get_by_test_id("chat-message").filter(has_text="在的")
        await expect(answered).to_contain_text(f"@{YU.display_name}")
        await expect(an.get_by_test_id("danmaku")).to_be_attached(timeout=10_000)

        packet = {"total_cents": 888, "shares": 1, "open_for_s": 60}
        await host.request.post(f"{api}/red-packets", data=packet)
        await an.get_by_test_id("engage-red_packet").click()
        await an.get_by_test_id("red-packet-claim").click()
        await expect(an.get_by_test_id("red-packet-won")).to_contain_text("8.88")
        await expect(yu.get_by_test_id("engage-red_packet")).to_be_hidden()
        await an.keyboard.press("Escape")
        await expect(an.get_by_test_id("sheet-red_packet")).to_be_hidden()

        sku = product["skus"][0]
        price_cents = sku["price_cents"] - 1_000
        sale = {"sku_id": sku["id"], "price_cents": price_cents, "quantity": PIECES, "open_for_s": 300}
        assert (await host.request.post(f"{api}/flash-sales", data=sale)).status == 201
        clock = yu.get_by_test_id("flash-clock")
        await expect(clock).to_have_text(re.compile(r"^0?[45]:\d\d$"))
        await expect(clock).not_to_have_text(await clock.inner_text())
        await yu.get_by_test_id("flash-buy").click()
        await yu.get_by_test_id("buy-confirm").click()
        async with yu.context.expect_page() as opened:
            await yu.get_by_test_id("pay-now").click()
        await (await opened.value).locator("button[type=submit]").click()
        paid = yu.get_by_test_id("order-status")
        await expect(paid).to_have_attribute("data-status", "paid", timeout=30_000)
        await expect(an.get_by_test_id("flash-left")).to_contain_text("1")
        assert await order(an, site, room_id, sku["id"]) == price_cents
        for page in (yu, an):
            await expect(page.get_by_test_id("flash-sale")).to_have_attribute("data-state", "sold_out")
        assert await order(an, site, room_id, sku["id"]) == sku["price_cents"]

        await expect(host.get_by_test_id("kpi-orders")).to_have_text("1")
        await expect(host.get_by_test_id("kpi-revenue")).to_contain_text(f"{price_cents // 100}")
        await expect(host.get_by_test_id("kpi-people")).to_have_text("2")
        await expect(host.get_by_test_id("windows")).to_contain_text(product["name"])
        async with host.expect_download() as download:
            await host.get_by_test_id("png-trend").click()
        with Image.open(await (await download.value).path()) as chart:
            colours = chart.convert("RGB").getcolors(maxcolors=1 << 24) or []
        assert ORDER_COLOUR in {colour for _, colour in colours}
