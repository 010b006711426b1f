"""Promotions over HTTP: limits hold however many buyers come at once."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.core.clock import ManualClock
from app.core.ids import new_id
from tests.commerce.conftest import Shop, Show
from tests.conftest import LogIn, User


def period(clock: ManualClock, hours: float = 1) -> dict[str, str]:
    now = clock.now()
    return {
        "starts_at": (now - timedelta(minutes=1)).isoformat(),
        "ends_at": (now + timedelta(hours=hours)).isoformat(),
    }


async def made(merchant: User, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await merchant.client.post(f"/api/merchant/{path}", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_room_price_counts_only_in_its_room_while_it_shows_the_product(
    shop: Shop, merchant: User, show: Show
) -> None:
    sku_id, unshown = await shop.sku(price_cents=9900), await shop.sku(price_cents=9900)
    room = await show(sku_id)
    prices = {"items": [{"sku_id": one, "price_cents": 8900} for one in (sku_id, unshown)]}
    assert (await merchant.client.put(f"/api/merchant/rooms/{room}/prices", json=prices)).status_code == 200
    inside = await shop.post_order(sku_id, room_id=room)
    totals = [
        (await shop.post_order(unshown, room_id=room)).json()["total_cents"],
        (await shop.post_order(sku_id)).json()["total_cents"],
        (await shop.post_order(sku_id, room_id=await show(unshown))).json()["total_cents"],
    ]
    assert (inside.json()["total_cents"], totals) == (8900, [9900, 9900, 9900])
    assert inside.json()["explanation"] == [{"rule": "room", "cents": 8900, "sku_id": sku_id, "code": None}]
    offers = (await shop.buyer.client.get(f"/api/offers?room_id={room}")).json()["items"]
    assert {(offer["kind"], offer["price_cents"]) for offer in offers} == {("room", 8900)}
    await shop.rows(f"UPDATE rooms SET status = 'ended' WHERE id = '{room}' RETURNING id")
    assert (await shop.post_order(sku_id, room_id=room)).json()["total_cents"] == 9900
    nowhere = await shop.post_order(sku_id, room_id=str(new_id()))
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "room_not_found")


async def test_a_flash_sale_sells_its_quantity_and_not_one_more(
    shop: Shop, merchant: User, log_in: LogIn, clock: ManualClock
) -> None:
    sku_id = await shop.sku(stock=30, price_cents=9900)
    sale = {"sku_id": sku_id, "price_cents": 4900, "quantity": 3, "per_buyer": 1, **period(clock)}
    await made(merchant, "flash-sales", sale)
    buyers = [await log_in() for _ in range(6)]
    answers = await asyncio.gather(*(shop.post_order(sku_id, buyer=buyer) for buyer in buyers))
    assert sorted(answer.json()["total_cents"] for answer in answers) == [4900] * 3 + [9900] * 3
    assert (await shop.rows("SELECT sold FROM flash_sales")) == [{"sold": 3}]


async def test_a_buyer_gets_the_flash_price_as_often_as_it_says(
    shop: Shop, merchant: User, clock: ManualClock
) -> None:
    sku_id = await shop.sku(price_cents=9900)
    sale = {"sku_id": sku_id, "price_cents": 4900, "quantity": 10, "per_buyer": 2, **period(clock)}
    await made(merchant, "flash-sales", sale)
    answers = await asyncio.gather(*(shop.post_order(sku_id) for _ in range(3)))
    assert sorted(answer.json()["total_cents"] for answer in answers) == [4900, 4900, 9900]


async def test_a_flash_sale_ends_by_the_clock_or_by_hand(
    shop: Shop, merchant: User, clock: ManualClock
) -> None:
    sku_id = await shop.sku(price_cents=9900)
    body = {"sku_id": sku_id, "price_cents": 4900, "quantity": 10, "per_buyer": 9, **period(clock)}
    sale = await made(merchant, "flash-sales", body)
    quote = {"lines": [{"sku_id": sku_id, "quantity": 1}]}
    assert (await shop.buyer.client.post("/api/quotes", json=quote)).json()["total_cents"] == 4900
    assert (await merchant.client.post(f"/api/merchant/flash-sales/{sale['id']}/end")).status_code == 200
    assert (await shop.buyer.client.post("/api/quotes", json=quote)).json()["total_cents"] == 9900
    await made(merchant, "flash-sales", body)
    clock.advance(3600)
    assert (await shop.buyer.client.post("/api/quotes", json=quote)).json()["total_cents"] == 9900


async def test_a_cancelled_order_gives_its_promotions_back(
    shop: Shop, merchant: User, clock: ManualClock
) -> None:
    sku_id = await shop.sku(price_cents=9900)
    sale = {"sku_id": sku_id, "price_cents": 4900, "quantity": 1, **period(clock)}
    await made(merchant, "flash-sales", sale)
    await made(merchant, "coupons", {"code": "ONE", "amount_cents": 100, "total_limit": 1, **period(clock)})
    order_id = await shop.order(sku_id, coupon_code="ONE")
    await shop.buyer.client.post(f"/api/orders/{order_id}/cancel")
    again = await shop.post_order(sku_id, coupon_code="ONE")
    assert again.json()["total_cents"] == 4800


async def test_a_coupon_is_used_as_often_as_it_may_be(
    shop: Shop, merchant: User, log_in: LogIn, clock: ManualClock
) -> None:
    sku_id = await shop.sku(stock=30)
    coupon = {"code": "FIVE-OFF", "amount_cents": 500, "total_limit": 2, "per_buyer": 1, **period(clock)}
    await made(merchant, "coupons", coupon)
    buyers = [await log_in() for _ in range(3)]
    answers = await asyncio.gather(
        *(shop.post_order(sku_id, buyer=buyer, coupon_code="FIVE-OFF") for buyer in buyers for _ in range(2))
    )
    codes = [answer.status_code for answer in answers]
    assert (codes.count(201), codes.count(409)) == (2, 4)
    refused = {answer.json()["code"] for answer in answers if answer.status_code == 409}
    assert refused == {"coupon_not_usable"}
    assert await shop.stock(sku_id) == (30, 2)
    assert (await shop.rows("SELECT used FROM coupons")) == [{"used": 2}]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"starts_at": "2020-01-01T00:00:00Z", "ends_at": "2020-01-02T00:00:00Z"}, "expired"),
        ({"room_id": str(new_id())}, "other_room"),
        ({"currency": "USD"}, "unknown"),
        ({"code": "ANOTHER"}, "unknown"),
    ],
)
async def test_a_coupon_that_does_not_count_is_refused(
    shop: Shop, merchant: User, clock: ManualClock, show: Show, changed: dict[str, str], reason: str
) -> None:
    sku_id = await shop.sku()
    room = await show(sku_id)
    await made(merchant, "coupons", {"code": "OFF", "amount_cents": 500, **period(clock), **changed})
    answer = await shop.post_order(sku_id, coupon_code="OFF", room_id=room)
    assert (answer.status_code, answer.json()["code"], answer.json()["reason"]) == (
        409,
        "coupon_not_usable",
        reason,
    )
    assert await shop.stock(sku_id) == (10, 0)


async def test_what_the_platform_pays_is_a_cost_of_its_own(
    shop: Shop, merchant: User, clock: ManualClock
) -> None:
    sku_id = await shop.sku(price_cents=10_000)
    coupon = {"code": "GIFT", "amount_cents": 1000, "funded_by": "platform", **period(clock)}
    await made(merchant, "coupons", coupon)
    await shop.pay(await shop.order(sku_id, coupon_code="GIFT"))
    lines = await shop.rows(
        "SELECT account, debit_cents - credit_cents AS n FROM ledger_lines ORDER BY position"
    )
    assert {line["account"]: line["n"] for line in lines} == {
        "receivable:alipay": 8946,
        "fees:alipay": 54,
        "coupon_costs": 1000,
        "revenue:commission": -500,
        "payable:merchant": -9500,
    }


async def test_shipping_is_charged_below_the_threshold(shop: Shop, merchant: User) -> None:
    fee = {"fee_cents": 800, "free_from_cents": 8800}
    await merchant.client.put("/api/merchant/shipping-fee", json=fee)
    cheap, dear = await shop.sku(price_cents=8700), await shop.sku(price_cents=8800)
    assert (await shop.post_order(cheap)).json()["total_cents"] == 9500
    assert (await shop.post_order(dear)).json()["shipping_cents"] == 0


@pytest.mark.parametrize(
    "body",
    [
        {"code": "A", "amount_cents": 1},
        {"code": "ABC"},
        {"code": "ABC", "amount_cents": 1, "rate_bps": 1},
        {"code": "ABC", "amount_cents": -5},
        {"code": "ABC", "rate_bps": 10_001},
        {
            "code": "ABC",
            "amount_cents": 1,
            "starts_at": "2026-11-24T00:00:00Z",
            "ends_at": "2026-11-23T00:00:00Z",
        },
        {
            "code": "ABC",
            "amount_cents": 1,
            "starts_at": "2026-11-24T00:00:00",
            "ends_at": "2026-11-25T00:00:00",
        },
    ],
)
async def test_a_coupon_that_makes_no_sense_is_refused(
    merchant: User, clock: ManualClock, body: dict[str, object]
) -> None:
    answer: httpx.Response = await merchant.client.post("/api/merchant/coupons", json=period(clock) | body)
    assert answer.status_code == 422


async def test_buyers_do_not_make_promotions(shop: Shop, clock: ManualClock) -> None:
    answer = await shop.buyer.client.post("/api/merchant/coupons", json={"code": "ABC"})
    assert answer.status_code == 403
