"""Buying with each of the three services, from the room and from the cart, and giving a part of it back."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect
from rich.console import Console

from app.core.auth import Role
from app.demo import ACCOUNTS, PASSWORD, seed
from app.supervisor import platform
from tests.app.test_supervisor import local_settings
from tests.e2e.browser import DESKTOP, PHONE, chromium, page_context
from tests.e2e.conftest import Site

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

TIMEOUT_MS = 30_000


@pytest.fixture
async def counter(tmp_path: Path) -> AsyncIterator[Site]:
    """The roles that selling needs: nobody streams and nobody listens here."""
    settings = local_settings(tmp_path)
    roles = ("web", "gateway", "sandbox", "jobs")
    async with platform(settings, Console(file=io.StringIO()), roles=roles, prepare=seed.seed) as ready:
        yield Site(f"http://localhost:{ready.web_port}", ready)


async def enter(page: Page, site: Site, role: Role) -> None:
    email = next(account.email for account in ACCOUNTS if account.role == role)
    credentials = {"email": email, "password": PASSWORD}
    assert (await page.request.post(f"{site.url}/api/auth/login", data=credentials)).ok


async def buy_in_the_room(page: Page, site: Site, room_id: str, provider: str) -> None:
    """Card, sheet, service: the room stays where it is."""
    await page.goto(f"{site.url}/rooms/{room_id}")
    await page.get_by_test_id("open-products").click()
    await page.get_by_test_id("product-row").first.get_by_role("button").last.click()
    await page.get_by_test_id("buy-confirm").click()
    await page.get_by_test_id(f"pay-{provider}").click()
    async with page.context.expect_page() as opened:
        await page.get_by_test_id("pay-now").click()
    cashier = await opened.value
    await cashier.locator("button[type=submit]").click()
    await expect(page.get_by_test_id("order-status")).to_have_attribute(
        "data-status", "paid", timeout=TIMEOUT_MS
    )
    await cashier.close()


async def fill_the_cart(page: Page, site: Site, room_id: str) -> None:
    """As a guest: one of the first product, one of the second."""
    await page.goto(f"{site.url}/rooms/{room_id}")
    for number in (0, 1):
        await page.get_by_test_id("open-products").click()
        await page.get_by_test_id("product-row").nth(number).get_by_role("button").last.click()
        await page.get_by_test_id("buy-cart").click()
        await page.keyboard.press("Escape")
        await expect(page.get_by_test_id("buy-sheet")).to_be_hidden()


async def buy_the_cart(page: Page, site: Site) -> str:
    """With an invoice and a note, paid with Stripe on the order's own page; the order's id."""
    await page.goto(f"{site.url}/cart")
    await expect(page.get_by_test_id("cart-line")).to_have_count(2)
    await page.get_by_test_id("invoice-personal").click()
    await page.get_by_test_id("invoice-title").fill("王小明")
    await page.get_by_test_id("cart-note").fill("请用纸箱")
    await page.get_by_test_id("cart-order").click()
    await page.wait_for_url("**/orders/*")
    order_id = page.url.rpartition("/")[2]
    await page.get_by_test_id("pay-now").click()
    await page.get_by_test_id("pay-stripe").click()
    await page.get_by_test_id("pay-confirm").click()
    await page.locator("button[type=submit]").click()
    await page.wait_for_url(f"**/orders/{order_id}*", timeout=TIMEOUT_MS)
    await expect(page.get_by_test_id("order-status")).to_have_attribute(
        "data-status", "paid", timeout=TIMEOUT_MS
    )
    return order_id


async def refund_one_line(page: Page, site: Site, order_id: str) -> None:
    """The merchant gives back one unit of the first line."""
    await page.goto(f"{site.url}/merchant/orders")
    await page.locator(f"[data-order-id='{order_id}']").click()
    await page.get_by_test_id("order-refund").click()
    await page.get_by_text("部分商品", exact=True).click()
    units = page.get_by_role("dialog").locator(".n-input-number input").first
    await units.fill("1")
    await units.blur()
    await page.get_by_test_id("refund-submit").click()
    await expect(page.get_by_test_id("refund-item")).to_have_attribute(
        "data-status", "succeeded", timeout=TIMEOUT_MS
    )


async def test_three_services_a_cart_and_a_partial_refund(counter: Site) -> None:
    async with chromium() as browser:
        buyer = await (await page_context(browser, PHONE)).new_page()
        rooms = await (await buyer.request.get(f"{counter.url}/api/rooms")).json()
        room_id = rooms["items"][0]["id"]
        await fill_the_cart(buyer, counter, room_id)
        await enter(buyer, counter, Role.VIEWER)
        for provider in ("alipay", "wechat"):
            await buy_in_the_room(buyer, counter, room_id, provider)
        order_id = await buy_the_cart(buyer, counter)
        merchant = await (await page_context(browser, DESKTOP)).new_page()
        await enter(merchant, counter, Role.MERCHANT)
        await refund_one_line(merchant, counter, order_id)
        await buyer.reload()
        order = await (await buyer.request.get(f"{counter.url}/api/orders/{order_id}")).json()
        assert order["status"] == "paid"
        assert order["refunded_cents"] == order["lines"][0]["total_cents"]
        assert (order["note"], order["invoice"]["title"]) == ("请用纸箱", "王小明")
        mine = (await (await buyer.request.get(f"{counter.url}/api/orders/mine")).json())["items"]
        assert [one["status"] for one in mine] == ["paid"] * 3
        assert (await (await buyer.request.get(f"{counter.url}/api/cart")).json())["lines"] == []
