"""A moderator works by keyboard alone; a muted viewer appeals; another moderator decides; the log verifies."""

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import APIResponse, Browser, Page, expect
from rich.console import Console

from app.core.auth import Role
from app.core.clock import SystemClock
from app.core.db import Database
from app.core.ids import new_id
from app.demo import ACCOUNTS, PASSWORD, Account, seed
from app.settings import Settings
from app.supervisor import platform
from moderation.cases import service as cases
from moderation.cases.evidence import keep
from moderation.findings import Finding
from moderation.policy import Action
from tests.app.test_supervisor import local_settings
from tests.e2e.browser import DESKTOP, PHONE, chromium, page_context
from tests.e2e.conftest import Site
from tests.e2e.test_alive import enter

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

INSULT = "你就是个傻逼主播"
SAID = "用了之后可以治疗湿疹"
FRAME = Path(__file__).parents[1] / "data" / "moderation" / "frame.jpg"
BANNED = Account("bo@viewers.example", "阿博", Role.VIEWER)


def account(role: Role) -> Account:
    return next(one for one in ACCOUNTS if one.role == role)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Site]:
    """What moderators need, with one case each of a sentence, a product and a picture."""
    roles = ("web", "gateway")
    console = Console(file=io.StringIO())
    async with platform(local_settings(tmp_path), console, roles=roles, prepare=seed.seed) as ready:
        expect.set_options(timeout=15_000)
        await open_cases(ready)
        yield Site(f"http://localhost:{ready.web_port}", ready)
        expect.set_options(timeout=5_000)


async def open_cases(settings: Settings) -> None:
    assert settings.database_url is not None
    clock = SystemClock()
    async with Database.open(settings.database_url, max_size=1) as db, db.transaction() as tx:
        room = await (await tx.execute("SELECT id, host_id FROM rooms LIMIT 1")).fetchone()
        product = await (
            await tx.execute("SELECT id FROM products WHERE status = 'on_sale' LIMIT 1")
        ).fetchone()
        assert room is not None
        assert product is not None
        for surface, subject, text, finding in (
            ("speech", ("segment", str(new_id())), SAID, Finding("ad_law", 0.8, "ad_law.medical", 6, 10, "治疗湿疹")),
            ("product", ("product", str(product["id"])), "顶级神器", Finding("ad_law", 0.8, "ad_law.absolute", 0, 2, "顶级")),
            ("picture", ("frame", str(room["id"])), "qr", Finding("diversion", 0.7, "picture.qr", 0, 0, "x (8,8 16x16)")),
        ):  # fmt: skip
            case_id = await cases.open_case(
                tx,
                clock,
                surface=surface,
                room_id=None if surface == "product" else room["id"],
                subject=subject,
                author_id=None if surface == "product" else room["host_id"],
                text=text,
                findings=[finding],
                action=Action.FLAG,
            )
            if surface == "picture":
                await keep(tx, case_id, "image/jpeg", FRAME.read_bytes(), clock.now())


async def api(page: Page, site: Site, path: str) -> Any:
    answer: APIResponse = await page.request.get(f"{site.url}/api{path}")
    assert answer.ok, path
    return await answer.json()


async def by_keyboard(page: Page) -> None:
    """Uphold the case of each surface, whose evidence stands beside it, then mute who wrote."""
    await expect(page.get_by_test_id("case-item")).to_have_count(4)
    seen = set()
    for _ in range(4):
        detail = page.get_by_test_id("case-detail")
        text = await detail.get_by_test_id("case-text").inner_text()
        seen.add(text)
        await page.keyboard.press("c")
        await expect(page.get_by_test_id("case-unclaim")).to_be_visible()
        if text == "qr":
            await expect(page.get_by_test_id("case-mark")).to_have_count(1)
        if text == INSULT:
            own = page.get_by_test_id("case-neighbour").and_(page.locator("[data-own]"))
            await expect(own).to_contain_text(INSULT)
            await page.keyboard.press("s")
            await expect(page.get_by_test_id("sanction-submit")).to_be_visible()
            await page.keyboard.press("1")
            await page.keyboard.press("Enter")
            await expect(page.get_by_test_id("sanction-submit")).to_have_count(0)
        await page.keyboard.press("u")
        await expect(page.get_by_test_id("case-text").filter(has_text=text)).to_have_count(0)
    assert seen == {INSULT, SAID, "顶级神器", "qr"}
    await expect(page.get_by_test_id("case-item")).to_have_count(0)


async def banned_appeals(browser: Browser, site: Site, judge: Page) -> None:
    """Who is excluded from the platform cannot log in, says why at that door, and is let in again."""
    page = await (await page_context(browser, PHONE)).new_page()
    await enter(page, site, BANNED, "/")
    me = await api(page, site, "/auth/me")
    form = {"kind": "ban", "user_id": me["id"], "rule": "abuse", "reason": "辱骂主播", "duration_s": 86_400}
    assert (await judge.request.post(f"{site.url}/api/moderation/sanctions", data=form)).ok
    await page.goto(f"{site.url}/login")
    await page.get_by_test_id("login-email").fill(BANNED.email)
    await page.get_by_test_id("login-password").fill(PASSWORD)
    await page.get_by_test_id("login-submit").click()
    await expect(page.get_by_test_id("login-banned")).to_contain_text("辱骂主播")
    await page.get_by_test_id("banned-appeal").fill("账号被人盗用了")
    await page.get_by_test_id("banned-appeal-send").click()
    await expect(page.get_by_test_id("login-banned")).to_have_count(0)


async def test_a_moderator_an_appeal_and_the_log(desk: Site) -> None:
    async with chromium() as browser:
        viewer = await (await page_context(browser, PHONE)).new_page()
        path = f"/rooms/{(await api(viewer, desk, '/rooms'))['items'][0]['id']}"
        await enter(viewer, desk, account(Role.VIEWER), path)
        for text in ("在吗", INSULT, "好的"):
            await viewer.get_by_test_id("chat-input").fill(text)
            await viewer.get_by_test_id("chat-send").click()
            state = "held" if text == INSULT else "sent"
            own = viewer.get_by_test_id("chat-message").filter(has_text=text)
            await expect(own).to_have_attribute("data-state", state)

        moderator = await (await page_context(browser, DESKTOP)).new_page()
        await enter(moderator, desk, account(Role.MODERATOR), "/moderation")
        await by_keyboard(moderator)

        await viewer.goto(f"{desk.url}/appeals")
        muted = viewer.get_by_test_id("own-sanction")
        await expect(muted).to_have_count(1, timeout=20_000)
        await muted.get_by_test_id("appeal-begin").click()
        await viewer.get_by_test_id("appeal-text").fill("我只是开玩笑")
        await viewer.get_by_test_id("appeal-send").click()
        await expect(viewer.get_by_test_id("own-appeal")).to_have_attribute("data-status", "open")

        await banned_appeals(browser, desk, moderator)
        await decide_by_another(moderator, desk)
        await viewer.reload()
        await expect(viewer.get_by_test_id("own-appeal")).to_have_attribute("data-status", "granted")
        await expect(viewer.get_by_test_id("own-sanction")).to_have_count(0)
        back = await viewer.request.post(
            f"{desk.url}/api/auth/login", data={"email": BANNED.email, "password": PASSWORD}
        )
        assert back.ok


async def decide_by_another(first: Page, site: Site) -> None:
    """Who imposed the sanction may not decide; an admin who did not does, and verifies the log."""
    await first.goto(f"{site.url}/moderation/appeals")
    await expect(first.get_by_test_id("appeal-item")).to_have_count(2)
    async with first.expect_response(lambda answer: answer.url.endswith("/decide")) as told:
        await first.keyboard.press("g")
    assert (await told.value).status == 403
    assert first.context.browser is not None
    other = await (await page_context(first.context.browser, DESKTOP)).new_page()
    await enter(other, site, account(Role.ADMIN), "/moderation/appeals")
    for left in (1, 0):
        await expect(other.get_by_test_id("appeal-item")).to_have_count(left + 1)
        await other.keyboard.press("g")
    await expect(other.get_by_test_id("appeal-item")).to_have_count(0)
    log = await api(other, site, "/moderation/audit/state")
    assert (log["broken_at"], log["entries"] >= 6) == (None, True)
