"""Returns, exchanges and refunds that buyers ask for, and what time does to them."""

import io
from uuid import UUID

import httpx
import pytest
from PIL import Image

from app.core.clock import ManualClock
from app.core.ids import new_id
from commerce.runtime import Commerce
from tests.commerce.conftest import Shop
from tests.conftest import LogIn, User

DAY_S = 24 * 3600


async def shipped(shop: Shop, merchant: User, sku_id: str, quantity: int = 2) -> str:
    order_id = await shop.order(sku_id, quantity)
    await shop.pay(order_id)
    parcel = {"carrier": "顺丰速运", "tracking": f"SF{new_id().hex[-8:]}"}
    await merchant.client.post(f"/api/merchant/orders/{order_id}/ship", json=parcel)
    return order_id


async def ask(shop: Shop, order_id: str, sku_id: str, **more: object) -> httpx.Response:
    body = {"kind": "return", "lines": [{"sku_id": sku_id, "quantity": 1}], "reason": "颜色不对", **more}
    key = {"idempotency-key": str(more.pop("key", new_id().hex))}
    body.pop("key", None)
    return await shop.buyer.client.post(f"/api/orders/{order_id}/after-sales", json=body, headers=key)


async def act(user: User, request_id: str, action: str, **body: object) -> httpx.Response:
    side = "merchant/" if action in ("approve", "reject", "receive", "replace") else ""
    return await user.client.post(f"/api/{side}after-sales/{request_id}/{action}", json=body)


async def settle(shop: Shop, commerce: Commerce) -> None:
    """The job that sends refunds."""
    for row in await shop.rows("SELECT id FROM refunds WHERE status = 'pending'"):
        await commerce.refunder.send(UUID(str(row["id"])))


async def statuses(shop: Shop) -> list[object]:
    return [row["status"] for row in await shop.rows("SELECT status FROM after_sales ORDER BY id")]


async def test_goods_come_back_and_the_money_goes_back(
    shop: Shop, merchant: User, commerce: Commerce
) -> None:
    sku_id = await shop.sku(price_cents=1000)
    order_id = await shipped(shop, merchant, sku_id)
    picture = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(picture, "PNG")
    evidence = await shop.buyer.client.post(
        "/api/after-sales/pictures", files={"picture": ("scratch.png", picture.getvalue())}
    )
    asked = await ask(shop, order_id, sku_id, pictures=[evidence.json()["url"]], key="ask-once-please")
    assert (asked.status_code, asked.json()["status"], asked.json()["amount_cents"]) == (
        201,
        "requested",
        1000,
    )
    again = await ask(shop, order_id, sku_id, pictures=[evidence.json()["url"]], key="ask-once-please")
    assert again.json()["id"] == asked.json()["id"]
    other = await ask(shop, order_id, sku_id, reason="其他", key="ask-once-please")
    assert other.json()["code"] == "idempotency_key_reused"
    assert (await ask(shop, order_id, sku_id)).json()["reason"] == "open_already"
    request = asked.json()["id"]
    assert (await act(merchant, request, "approve", answer="好的")).json()["status"] == "awaiting_return"
    sent = await act(shop.buyer, request, "return", carrier="中通快递", tracking="ZT123456")
    assert sent.json()["status"] == "returning"
    assert (await act(merchant, request, "receive")).json()["status"] == "refunding"
    await settle(shop, commerce)
    page = (await merchant.client.get("/api/merchant/after-sales")).json()["items"][0]
    assert (page["status"], page["pictures"], [step["event"] for step in page["steps"]]) == (
        "completed",
        [evidence.json()["url"]],
        ["request", "approve", "send_back", "receive", "refunded"],
    )
    order = (await shop.buyer.client.get(f"/api/orders/{order_id}")).json()
    assert (order["status"], order["refunded_cents"]) == ("shipped", 1000)
    assert await shop.stock(sku_id) == (9, 0)


async def test_an_exchange_sends_the_same_again(shop: Shop, merchant: User) -> None:
    sku_id = await shop.sku(stock=2)
    order_id = await shipped(shop, merchant, sku_id)
    request = (await ask(shop, order_id, sku_id, kind="exchange")).json()["id"]
    await act(merchant, request, "approve")
    await act(shop.buyer, request, "return", carrier="中通快递", tracking="ZT123456")
    assert (await act(merchant, request, "receive", restock=False)).json()["status"] == "replacing"
    parcel = {"carrier": "顺丰速运", "tracking": "SF123456"}
    none_left = await act(merchant, request, "replace", **parcel)
    assert (none_left.status_code, none_left.json()["code"]) == (409, "out_of_stock")
    await merchant.client.post(f"/api/merchant/skus/{sku_id}/stock", json={"delta": 1})
    assert (await act(merchant, request, "replace", **parcel)).json()["status"] == "completed"
    assert await shop.stock(sku_id) == (0, 0)
    assert (await shop.buyer.client.get(f"/api/orders/{order_id}")).json()["refunded_cents"] == 0


async def test_what_was_not_shipped_is_refunded_alone(shop: Shop, merchant: User, commerce: Commerce) -> None:
    sku_id = await shop.sku(price_cents=1000)
    order_id = await shop.order(sku_id, 2)
    assert (await ask(shop, order_id, sku_id, kind="refund_only")).json()["reason"] == "not_paid"
    await shop.pay(order_id)
    assert (await ask(shop, order_id, sku_id)).json()["reason"] == "not_shipped"
    part = await ask(shop, order_id, sku_id, kind="refund_only", amount_cents=300)
    await act(merchant, part.json()["id"], "approve")
    await settle(shop, commerce)
    assert (await shop.buyer.client.get(f"/api/orders/{order_id}")).json()["refunded_cents"] == 300
    assert await statuses(shop) == ["completed"]


@pytest.mark.parametrize(
    ("quantity", "amount_cents", "reason"), [(3, None, "too_many"), (2, 2001, "too_much")]
)
async def test_nobody_gets_back_more_than_they_paid(
    shop: Shop, merchant: User, quantity: int, amount_cents: int | None, reason: str
) -> None:
    sku_id = await shop.sku(price_cents=1000)
    order_id = await shipped(shop, merchant, sku_id)
    lines = [{"sku_id": sku_id, "quantity": quantity}]
    answer = await ask(shop, order_id, sku_id, kind="refund_only", lines=lines, amount_cents=amount_cents)
    assert (answer.status_code, answer.json()["code"], answer.json()["reason"]) == (
        409,
        "after_sale_not_possible",
        reason,
    )
    assert await statuses(shop) == []


async def test_a_shop_that_says_no_says_why(shop: Shop, merchant: User, log_in: LogIn) -> None:
    sku_id = await shop.sku()
    order_id = await shipped(shop, merchant, sku_id)
    request = (await ask(shop, order_id, sku_id)).json()["id"]
    assert (await act(merchant, request, "reject")).json()["reason"] == "answer_missing"
    somebody = await log_in()
    assert (await act(somebody, request, "withdraw")).json()["code"] == "after_sale_not_found"
    assert (await act(somebody, request, "approve")).status_code == 403
    path = f"/api/orders/{order_id}/after-sales"
    assert (await somebody.client.get(path)).json()["code"] == "order_not_found"
    await act(merchant, request, "reject", answer="已经使用过")
    found = (await shop.buyer.client.get(path)).json()["items"][0]
    assert (found["status"], found["answer"]) == ("rejected", "已经使用过")
    assert (await act(merchant, request, "approve")).json()["reason"] == "wrong_status"


@pytest.mark.parametrize(
    ("done", "days", "after"),
    [
        ([], 2, "awaiting_return"),
        (["approve"], 7, "lapsed"),
        (["approve", "return"], 10, "refunding"),
    ],
)
async def test_time_goes_on_without_whoever_had_to_act(
    shop: Shop,
    merchant: User,
    commerce: Commerce,
    clock: ManualClock,
    done: list[str],
    days: int,
    after: str,
) -> None:
    sku_id = await shop.sku()
    order_id = await shipped(shop, merchant, sku_id)
    request = (await ask(shop, order_id, sku_id)).json()["id"]
    for action in done:
        by = merchant if action == "approve" else shop.buyer
        await act(
            by, request, action, **({"carrier": "中通", "tracking": "ZT12345"} if by != merchant else {})
        )
    before = await statuses(shop)
    clock.advance(days * DAY_S - 1)
    await commerce.after_sales.deadline(UUID(request))
    assert await statuses(shop) == before
    clock.advance(1)
    await commerce.after_sales.deadline(UUID(request))
    assert await statuses(shop) == [after]


async def test_nothing_is_received_by_itself_while_something_is_asked(
    shop: Shop, merchant: User, commerce: Commerce, clock: ManualClock
) -> None:
    sku_id = await shop.sku()
    order_id = await shipped(shop, merchant, sku_id)
    request = (await ask(shop, order_id, sku_id)).json()["id"]
    await commerce.expiry.receive(UUID(order_id))
    assert await shop.status(order_id) == "shipped"
    await act(shop.buyer, request, "withdraw")
    await commerce.expiry.receive(UUID(order_id))
    assert await shop.status(order_id) == "completed"
    clock.advance(3600)
    assert (await ask(shop, order_id, sku_id)).status_code == 201


async def test_evidence_must_be_a_picture(shop: Shop) -> None:
    answer = await shop.buyer.client.post(
        "/api/after-sales/pictures", files={"picture": ("evidence.png", b"<svg onload=alert(1)>")}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "not_a_picture")
