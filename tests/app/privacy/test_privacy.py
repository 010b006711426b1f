"""What is stored about a person: handed to them, and taken away when they go."""

import asyncio

import httpx

from app.adapters.bans import Bans
from app.chat import repository as chat
from app.core.auth import Role
from app.core.db import Database, fetch_all, fetch_one
from app.core.events import Event, user_topic
from app.core.http import Services
from app.core.ids import new_id
from moderation.audit.chain import verify
from moderation.audit.repository import read
from tests.builders import create_room
from tests.commerce.conftest import Shop
from tests.conftest import LogIn, User

PASSWORD = {"password": "correct horse battery"}
ADDRESS = {
    "recipient": "王小明",
    "phone": "13812345678",
    "region": "浙江省 杭州市 西湖区",
    "street": "文三路 1 号",
}

TREATED = {
    *("addresses.user_id", "carts.user_id", "follows.host_id", "follows.user_id", "sessions.user_id"),
    *("push_subscriptions.user_id", "assistant_feedback.user_id", "assistant_questions.viewer_id"),
    *("chat_messages.recipient_id", "moderation_traces.user_id", "orders.buyer_id", "after_sales.buyer_id"),
}
"""Columns whose rows are deleted, or rid of what says who it was."""
KEPT = {
    *("assistant_faq.created_by", "assistant_handovers.closed_by", "chat_messages.author_id"),
    *("chat_messages.deleted_by", "coupon_drop_claims.user_id", "coupon_drops.created_by"),
    *("fortune_bags.created_by", "fortune_entries.user_id", "moderation_appeals.appellant_id"),
    *("moderation_appeals.decided_by", "moderation_cases.author_id", "moderation_cases.claimed_by"),
    *("moderation_cases.decided_by", "moderation_cases.reviewed_by", "moderation_policies.created_by"),
    *("moderation_reports.reporter_id", "moderation_sanctions.imposed_by", "moderation_sanctions.lifted_by"),
    *("moderation_sanctions.user_id", "poll_votes.user_id", "polls.created_by", "promotion_uses.buyer_id"),
    *("red_packet_shares.user_id", "red_packets.created_by", "rooms.host_id"),
}
"""Columns that go on to name the account, which has no person any more."""


async def say(services: Services, room_id: object, author: User, text: str) -> None:
    async with services.db.transaction() as tx:
        await tx.execute(
            """INSERT INTO chat_messages (id, room_id, author_id, kind, text, client_id, status, created_at)
               VALUES (%s, %s, %s, 'viewer', %s, %s, 'visible', %s)""",
            (new_id(), room_id, author.principal.user_id, text, new_id(), services.clock.now()),
        )


async def received(shop: Shop, merchant: User) -> str:
    """An order with an address, an invoice and a note that has come to its end; its id."""
    address = (await shop.buyer.client.post("/api/addresses", json=ADDRESS)).json()
    invoice = {"kind": "personal", "title": "王小明"}
    order_id = await shop.order(await shop.sku(), address_id=address["id"], note="晚上送", invoice=invoice)
    await shop.pay(order_id)
    parcel = {"carrier": "顺丰速运", "tracking": "SF12345678"}
    await merchant.client.post(f"/api/merchant/orders/{order_id}/ship", json=parcel)
    answer = await shop.buyer.client.post(f"/api/orders/{order_id}/receive")
    assert answer.json()["status"] == "completed"
    return order_id


async def obstacles(user: User) -> list[str]:
    """As the page shows them, and as the refusal names them."""
    shown: list[str] = (await user.client.get("/api/account/deletion")).json()["obstacles"]
    refused = await user.client.post("/api/account/deletion", json=PASSWORD)
    assert (refused.status_code, refused.json()["code"]) == (409, "account_in_use")
    assert refused.json()["obstacles"] == shown
    assert (await user.client.get("/api/auth/me")).status_code == 200
    return shown


async def test_who_asks_gets_all_of_their_own_and_nothing_of_others(
    api: httpx.AsyncClient, services: Services, shop: Shop, merchant: User, log_in: LogIn
) -> None:
    host, other = await log_in(Role.HOST, name="小美"), await log_in(name="别人")
    room_id = await create_room(services, host.principal, [])
    await received(shop, merchant)
    await shop.buyer.client.put(f"/api/hosts/{host.principal.user_id}/follow")
    await say(services, room_id, shop.buyer, "多少钱")
    await say(services, room_id, other, "不是我的")
    answer = await shop.buyer.client.get("/api/account/export")
    assert answer.headers["content-disposition"] == 'attachment; filename="shopcast-data.json"'
    data = answer.json()
    assert data["account"]["id"] == str(shop.buyer.principal.user_id)
    assert (data["addresses"][0]["street"], data["addresses"][0]["phone"]) == ("文三路 1 号", "13812345678")
    [order] = data["orders"]
    assert (order["status"], order["note"], order["address"]["recipient"]) == (
        "completed",
        "晚上送",
        "王小明",
    )
    assert order["invoice"]["title"] == "王小明"
    assert [payment["status"] for payment in data["payments"]] == ["succeeded"]
    assert [follow["host"] for follow in data["follows"]] == ["小美"]
    assert [(one["room"], one["text"]) for one in data["messages"]] == [("小美的直播间", "多少钱")]
    empty = (await other.client.get("/api/account/export")).json()
    assert (empty["orders"], empty["addresses"], len(empty["messages"])) == ([], [], 1)
    assert (await api.get("/api/account/export")).status_code == 401


async def test_who_goes_leaves_no_trace_of_the_person_and_the_order_stays(
    api: httpx.AsyncClient, services: Services, shop: Shop, merchant: User, log_in: LogIn
) -> None:
    host, other = await log_in(Role.HOST, name="小美"), await log_in(name="别人")
    room_id = await create_room(services, host.principal, [])
    order_id = await received(shop, merchant)
    user_id = shop.buyer.principal.user_id
    email = (await shop.buyer.client.get("/api/auth/me")).json()["email"]
    for user in (shop.buyer, other):
        await user.client.put(f"/api/hosts/{host.principal.user_id}/follow")
        await say(services, room_id, user, "多少钱")
    await services.bus.publish(user_topic(user_id), Event("order.updated", {"street": "文三路 1 号"}))

    wrong = await shop.buyer.client.post("/api/account/deletion", json={"password": "wrong horse battery"})
    assert (wrong.status_code, wrong.json()["code"]) == (403, "wrong_password")
    assert (await shop.buyer.client.get("/api/auth/me")).json()["email"] == email

    gone = await shop.buyer.client.post("/api/account/deletion", json=PASSWORD)
    assert gone.status_code == 204
    assert (await shop.buyer.client.get("/api/auth/me")).status_code == 401
    login = await api.post("/api/auth/login", json={"email": email} | PASSWORD)
    assert login.json()["code"] == "wrong_credentials"
    again = await api.post("/api/auth/register", json={"email": email, "display_name": "又来"} | PASSWORD)
    assert again.status_code == 201

    [kept] = (await merchant.client.get("/api/merchant/orders")).json()["items"]
    assert (kept["id"], kept["status"], kept["total_cents"]) == (order_id, "completed", 9900)
    assert (kept["address"], kept["invoice"], kept["note"]) == (None, None, "")
    assert kept["buyer"] == {"display_name": "已注销用户"}
    async with services.db.transaction() as tx:
        written = await chat.history(tx, room_id, before=None, words=None, limit=10)
        assert {message.author.display_name for message in written if message.author} == {
            "已注销用户",
            "别人",
        }
        for table in ("addresses", "sessions", "follows", "carts", "push_subscriptions", "moderation_traces"):
            assert (
                await fetch_all(tx, f"SELECT FROM {table} WHERE user_id = %(user)s", {"user": user_id}) == []
            )
        entries = [entry async for entry in read(tx)]
        assert (await verify(read(tx))).problem is None
    assert await services.bus.head(user_topic(user_id)) == 0
    assert (entries[-1].action, entries[-1].actor_id) == ("account.deleted", user_id)
    assert (await host.client.get(f"/api/hosts/{host.principal.user_id}/follow")).json()["followers"] == 1

    bans = Bans(services.db, services.clock, services.tokens)
    await bans.read()
    assert bans.forbids(str(user_id), room_id)
    assert not bans.forbids(str(other.principal.user_id), room_id)


async def test_what_is_not_over_yet_keeps_the_account(
    services: Services, shop: Shop, merchant: User, log_in: LogIn
) -> None:
    host = await log_in(Role.HOST)
    await create_room(services, host.principal, [])
    assert await obstacles(host) == ["roles", "rooms"]

    sku_id = await shop.sku()
    order_id = await shop.order(sku_id)
    assert await obstacles(shop.buyer) == ["orders"]
    await shop.buyer.client.post(f"/api/orders/{order_id}/cancel")
    done = await received(shop, merchant)
    lines = (await shop.buyer.client.get(f"/api/orders/{done}")).json()["lines"]
    asked = await shop.buyer.client.post(
        f"/api/orders/{done}/after-sales",
        json={
            "kind": "return",
            "lines": [{"sku_id": lines[0]["sku_id"], "quantity": 1}],
            "reason": "颜色不对",
        },
        headers={"idempotency-key": new_id().hex},
    )
    assert await obstacles(shop.buyer) == ["after_sales"]
    await shop.buyer.client.post(f"/api/after-sales/{asked.json()['id']}/withdraw", json={})
    refund = await merchant.client.post(
        f"/api/merchant/orders/{done}/refunds",
        json={"reason": "质量问题"},
        headers={"idempotency-key": new_id().hex},
    )
    assert refund.status_code == 201
    assert await obstacles(shop.buyer) == ["orders", "refunds"]


async def test_deleted_twice_at_once_is_deleted_once(services: Services, log_in: LogIn) -> None:
    viewer = await log_in()
    answers = await asyncio.gather(
        *(viewer.client.post("/api/account/deletion", json=PASSWORD) for _ in range(2))
    )
    first, second = sorted(answer.status_code for answer in answers)
    assert (first, second in (401, 403)) == (204, True)
    async with services.db.transaction() as tx:
        row = await fetch_one(tx, "SELECT count(*) FROM moderation_audit WHERE action = 'account.deleted'")
    assert row == {"count": 1}


async def test_every_column_that_names_an_account_has_been_thought_of(db: Database) -> None:
    async with db.transaction() as tx:
        rows = await fetch_all(
            tx,
            """SELECT c.conrelid::regclass || '.' || a.attname AS name FROM pg_constraint c
               JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)
               WHERE c.contype = 'f' AND c.confrelid = 'users'::regclass
               UNION SELECT table_name || '.' || column_name FROM information_schema.columns
               WHERE table_schema = 'public' AND column_name IN ('user_id', 'buyer_id', 'viewer_id')""",
        )
    assert {row["name"] for row in rows} == TREATED | KEPT
