"""What viewers write: answered from facts, or held back until a moderator has looked."""

import pytest
from playwright.async_api import Page, expect

from app.core.auth import Role
from app.demo import ACCOUNTS, PASSWORD, Account
from tests.e2e.browser import DESKTOP, PHONE, chromium, page_context
from tests.e2e.conftest import Site

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

LURE = "加我微信 mimi_8866 更便宜"


def account(role: Role) -> Account:
    return next(one for one in ACCOUNTS if one.role == role)


async def enter(page: Page, site: Site, role: Role, path: str) -> None:
    credentials = {"email": account(role).email, "password": PASSWORD}
    assert (await page.request.post(f"{site.url}/api/auth/login", data=credentials)).ok
    await page.goto(f"{site.url}{path}")


async def say(page: Page, text: str) -> None:
    await page.get_by_test_id("chat-input").fill(text)
    await page.get_by_test_id("chat-send").click()


async def room_path(page: Page, site: Site) -> str:
    rooms = await (await page.request.get(f"{site.url}/api/rooms")).json()
    return f"/rooms/{rooms['items'][0]['id']}"


async def test_questions_are_answered_in_their_language_or_by_the_host(site: Site) -> None:
    async with chromium() as browser:
        viewer = await (await page_context(browser, PHONE)).new_page()
        await enter(viewer, site, Role.VIEWER, await room_path(viewer, site))
        answers = viewer.get_by_test_id("chat-message").and_(viewer.locator("[data-kind=assistant]"))
        await say(viewer, "空气炸锅多少钱")
        await expect(answers.filter(has_text="299")).to_have_count(1, timeout=20_000)
        await say(viewer, "how big is the battery of the earbuds? how many hours?")
        await expect(answers.filter(has_text="8")).to_have_count(1, timeout=20_000)
        await say(viewer, "主播好漂亮")
        await expect(viewer.get_by_test_id("chat-message").filter(has_text="主播好漂亮")).to_have_attribute(
            "data-state", "sent"
        )
        await expect(answers).to_have_count(2)

        await say(viewer, "耳机收到是坏的，我要找真人")
        await expect(answers.filter(has_text="工作人员")).to_have_count(1, timeout=20_000)
        host = await (await page_context(browser, DESKTOP)).new_page()
        await enter(host, site, Role.HOST, (await room_path(viewer, site)).replace("/rooms/", "/studio/"))
        waiting = host.get_by_test_id("handover-item").filter(has_text="耳机收到是坏的")
        await waiting.get_by_test_id("handover-why").click()
        await expect(host.get_by_test_id("trace")).to_contain_text("转人工")
        await host.keyboard.press("Escape")
        await waiting.get_by_test_id("handover-text").locator("textarea").fill("马上给您换一副，请看私信")
        await waiting.get_by_test_id("handover-reply").click()
        replies = viewer.get_by_test_id("chat-message").and_(viewer.locator("[data-kind=host]"))
        await expect(replies.filter(has_text="马上给您换一副")).to_have_count(1)
        await expect(waiting).to_have_count(0)


async def test_a_held_message_appears_once_a_moderator_releases_it(site: Site) -> None:
    async with chromium() as browser:
        author = await (await page_context(browser, PHONE)).new_page()
        path = await room_path(author, site)
        await enter(author, site, Role.VIEWER, path)
        other = await (await page_context(browser, PHONE)).new_page()
        await enter(other, site, Role.MERCHANT, path)
        await say(author, LURE)
        own = author.get_by_test_id("chat-message").filter(has_text=LURE)
        await expect(own).to_have_attribute("data-state", "held")
        await say(author, "主播晚上好")
        seen = other.get_by_test_id("chat-message")
        await expect(seen.filter(has_text="主播晚上好")).to_have_count(1)
        await expect(seen.filter(has_text=LURE)).to_have_count(0)

        moderator = await (await page_context(browser, DESKTOP)).new_page()
        await enter(moderator, site, Role.MODERATOR, "/moderation")
        case = moderator.get_by_test_id("case-item").filter(has_text="mimi_8866")
        await expect(case).to_have_count(1)
        await case.get_by_test_id("case-release").click()
        await expect(seen.filter(has_text=LURE)).to_have_count(1, timeout=30_000)
