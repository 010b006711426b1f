"""Placing orders over HTTP: stock, idempotency, and what is refused."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from app.core.clock import ManualClock
from app.core.ids import new_id
from commerce.runtime import Commerce
from tests.commerce.conftest import Shop
from tests.conftest import LogIn


async def test_an_order_holds_stock_and_tells_its_price(shop: Shop, clock: ManualClock) -> None:
    sku_id = await shop.sku(stock=5, price_cents=9900)
    answer = await shop.post_order(sku_id, 2, note="请轻放")
    order = answer.json()
    assert answer.status_code == 201
    assert order["status"] == "pending_payment"
    assert order["total_cents"] == 19_800
    assert order["currency"] == "CNY"
    assert order["note"] == "请轻放"
    assert order["number"].startswith("20261124")  # the shop's day, in China
    assert order["expires_at"] == (clock.now() + timedelta(minutes=15)).isoformat().replace("+00:00", "Z")
    assert order["buyer"] == {"display_name": "小雨"}
    assert [(line["quantity"], line["unit_price_cents"]) for line in order["lines"]] == [(2, 9900)]
    assert await shop.stock(sku_id) == (5, 2)


async def test_more_than_there_is_is_refused_and_changes_nothing(shop: Shop) -> None:
    sku_id = await shop.sku(stock=1)
    answer = await shop.post_order(sku_id, 2)
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "out_of_stock"
    assert answer.json()["available"] == 1
    assert await shop.stock(sku_id) == (1, 0)
    assert await shop.rows("SELECT * FROM orders") == []


async def test_a_hundred_buyers_of_ten_units_get_ten(shop: Shop, log_in: LogIn) -> None:
    sku_id = await shop.sku(stock=10)
    answers = await asyncio.gather(*(shop.post_order(sku_id) for _ in range(100)))
    codes = [answer.status_code for answer in answers]
    assert (codes.count(201), codes.count(409)) == (10, 90)
    assert len({answer.json()["number"] for answer in answers if answer.status_code == 201}) == 10
    assert await shop.stock(sku_id) == (10, 10)
    assert (await shop.rows("SELECT sum(reserved_delta) AS n FROM stock_movements"))[0]["n"] == 10


async def test_the_same_key_and_body_again_is_the_same_order(shop: Shop) -> None:
    sku_id = await shop.sku()
    key = new_id().hex
    answers = await asyncio.gather(*(shop.post_order(sku_id, key=key) for _ in range(8)))
    later = await shop.post_order(sku_id, key=key)
    assert {answer.status_code for answer in (*answers, later)} == {201}
    assert all(answer.json() == later.json() for answer in answers)
    assert await shop.stock(sku_id) == (10, 1)


async def test_the_same_key_with_another_body_is_refused(shop: Shop) -> None:
    sku_id = await shop.sku()
    key = new_id().hex
    answers = await asyncio.gather(*(shop.post_order(sku_id, quantity, key=key) for quantity in (1, 2)))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert refused.json()["code"] == "idempotency_key_reused"
    assert len(await shop.rows("SELECT 1 FROM orders")) == 1


async def test_one_key_over_two_skus_at_once_is_one_order(shop: Shop) -> None:
    """Two writers meet: the second finds the first one's order by the unique key."""
    skus = [await shop.sku() for _ in range(2)]
    key = new_id().hex
    answers = await asyncio.gather(*(shop.post_order(sku_id, key=key) for sku_id in skus))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert len(await shop.rows("SELECT 1 FROM orders")) == 1


async def test_two_buyers_may_use_the_same_key(shop: Shop, log_in: LogIn) -> None:
    sku_id = await shop.sku()
    key = new_id().hex
    other = await log_in()
    first, second = (
        await shop.post_order(sku_id, key=key),
        await shop.post_order(sku_id, key=key, buyer=other),
    )
    assert first.json()["id"] != second.json()["id"]


async def test_lines_of_one_sku_are_added_up(shop: Shop) -> None:
    sku_id = await shop.sku(stock=3)
    line = {"sku_id": sku_id, "quantity": 2}
    headers = {"idempotency-key": new_id().hex}
    answer = await shop.buyer.client.post("/api/orders", json={"lines": [line, line]}, headers=headers)
    assert answer.json()["code"] == "out_of_stock"


async def test_one_missing_line_refuses_the_whole_order(shop: Shop) -> None:
    plenty, nothing = await shop.sku(), await shop.sku(stock=0)
    lines = [{"sku_id": plenty, "quantity": 1}, {"sku_id": nothing, "quantity": 1}]
    headers = {"idempotency-key": new_id().hex}
    answer = await shop.buyer.client.post("/api/orders", json={"lines": lines}, headers=headers)
    assert answer.json()["sku_id"] == nothing
    assert await shop.stock(plenty) == (10, 0)


@pytest.mark.parametrize("quantity", [0, -1, 1000, 2**63, 1.5, "1", None, True])
async def test_a_quantity_that_is_none_is_refused(shop: Shop, quantity: object) -> None:
    sku_id = await shop.sku()
    headers = {"idempotency-key": new_id().hex}
    body = {"lines": [{"sku_id": sku_id, "quantity": quantity}]}
    answer = await shop.buyer.client.post("/api/orders", json=body, headers=headers)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert await shop.stock(sku_id) == (10, 0)


async def test_ten_thousand_lines_are_refused(shop: Shop) -> None:
    lines = [{"sku_id": str(uuid4()), "quantity": 1}] * 10_000
    headers = {"idempotency-key": new_id().hex}
    answer = await shop.buyer.client.post("/api/orders", json={"lines": lines}, headers=headers)
    assert answer.status_code == 422


async def test_unknown_skus_and_missing_keys_are_refused(shop: Shop) -> None:
    unknown = await shop.post_order(str(uuid4()))
    assert (unknown.status_code, unknown.json()["code"]) == (404, "sku_not_found")
    body = {"lines": [{"sku_id": await shop.sku(), "quantity": 1}]}
    assert (await shop.buyer.client.post("/api/orders", json=body)).status_code == 422


async def test_what_was_withdrawn_cannot_be_ordered(shop: Shop) -> None:
    sku_id = await shop.sku()
    await shop.rows("UPDATE products SET status = 'withdrawn' RETURNING id")
    answer = await shop.post_order(sku_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_on_sale")


async def test_a_price_that_changed_is_told_before_paying(shop: Shop) -> None:
    sku_id = await shop.sku(price_cents=9900)
    await shop.rows("UPDATE skus SET price_cents = 10900, list_price_cents = 10900 RETURNING id")
    answer = await shop.post_order(sku_id, expected_total_cents=9900)
    assert (answer.status_code, answer.json()["code"]) == (409, "price_changed")
    assert answer.json()["total_cents"] == 10_900
    assert await shop.stock(sku_id) == (10, 0)


async def test_mixed_currencies_are_refused(shop: Shop) -> None:
    yuan, dollars = await shop.sku(), await shop.sku()
    await shop.rows(f"UPDATE skus SET currency = 'USD' WHERE id = '{dollars}' RETURNING id")
    lines = [{"sku_id": sku_id, "quantity": 1} for sku_id in (yuan, dollars)]
    headers = {"idempotency-key": new_id().hex}
    answer = await shop.buyer.client.post("/api/orders", json={"lines": lines}, headers=headers)
    assert answer.json()["code"] == "mixed_currencies"


async def test_somebody_elses_order_does_not_exist(shop: Shop, log_in: LogIn) -> None:
    order_id = await shop.order(await shop.sku())
    other = await log_in()
    for method, path in (("GET", ""), ("POST", "/cancel"), ("POST", "/receive")):
        answer = await other.client.request(method, f"/api/orders/{order_id}{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "order_not_found")
    payment = await other.client.post(f"/api/orders/{order_id}/payments", json={"provider": "alipay"})
    assert payment.status_code == 404
    assert (await other.client.get("/api/orders/mine")).json() == {"items": []}
    assert await shop.status(order_id) == "pending_payment"


async def test_cancelling_gives_the_stock_back_once(shop: Shop) -> None:
    sku_id = await shop.sku(stock=2)
    order_id = await shop.order(sku_id, 2)
    path = f"/api/orders/{order_id}/cancel"
    answers = await asyncio.gather(*(shop.buyer.client.post(path) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert await shop.stock(sku_id) == (2, 0)


async def test_an_unpaid_order_expires_and_gives_its_stock_back(
    shop: Shop, commerce: Commerce, clock: ManualClock
) -> None:
    sku_id = await shop.sku(stock=1)
    order_id = await shop.order(sku_id)
    await commerce.expiry.expire([UUID(order_id)])
    assert await shop.status(order_id) == "pending_payment"
    clock.advance(15 * 60)
    await asyncio.gather(*(commerce.expiry.expire([UUID(order_id)]) for _ in range(3)))
    assert await shop.status(order_id) == "expired"
    assert await shop.stock(sku_id) == (1, 0)
    history = await shop.rows("SELECT event, actor, to_status FROM order_transitions ORDER BY id")
    assert [(row["event"], row["to_status"]) for row in history] == [
        ("create", "pending_payment"),
        ("expire", "expired"),
    ]


async def test_the_expiry_is_a_job_of_the_same_transaction(shop: Shop, clock: ManualClock) -> None:
    order_id = await shop.order(await shop.sku())
    jobs = await shop.rows("SELECT task_name, args, scheduled_at FROM procrastinate_jobs")
    assert [(job["task_name"], job["args"]) for job in jobs] == [("orders:expire", {"order_ids": [order_id]})]
    assert jobs[0]["scheduled_at"] == clock.now() + timedelta(minutes=15)
