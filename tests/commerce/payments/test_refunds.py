"""Refunds, whole and in part: to the cent, once, and through the ledger."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
from hypothesis import given
from hypothesis import strategies as st

from app.core.ids import new_id
from commerce.ledger.postings import Posting, Rates, Sale, balance, reversal, sale, unapplied
from commerce.payments.sandbox.notifier import Behaviour
from commerce.runtime import Commerce
from tests.commerce.conftest import Shop
from tests.conftest import User


async def refund(merchant: User, order_id: str, key: str | None = None, **body: Any) -> httpx.Response:
    return await merchant.client.post(
        f"/api/merchant/orders/{order_id}/refunds",
        json=body,
        headers={"idempotency-key": key or new_id().hex},
    )


async def send(commerce: Commerce, answer: httpx.Response) -> None:
    await commerce.refunder.send(UUID(answer.json()["id"]))


async def unbalanced(shop: Shop) -> list[dict[str, object]]:
    return await shop.rows(
        """SELECT account, sum(debit_cents - credit_cents)::int AS cents FROM ledger_lines
           GROUP BY account HAVING sum(debit_cents) <> sum(credit_cents) ORDER BY account"""
    )


async def test_a_whole_refund_leaves_nothing_on_any_account(
    shop: Shop, merchant: User, commerce: Commerce
) -> None:
    sku_id = await shop.sku(stock=5)
    order_id = await shop.order(sku_id, 2)
    trade = await shop.pay(order_id)
    answer = await refund(merchant, order_id, reason="七天无理由", restock=True)
    assert (answer.status_code, answer.json()["amount_cents"]) == (201, 19_800)
    assert await shop.status(order_id) == "refunding"
    await asyncio.gather(*(send(commerce, answer) for _ in range(3)))
    order = (await shop.buyer.client.get(f"/api/orders/{order_id}")).json()
    assert (order["status"], order["refunded_cents"]) == ("refunded", 19_800)
    assert trade.refunds == {UUID(answer.json()["id"]).hex: 19_800}
    assert await shop.stock(sku_id) == (5, 0)
    assert await unbalanced(shop) == []


async def test_partial_refunds_sum_to_the_cent(shop: Shop, merchant: User, commerce: Commerce) -> None:
    """Three units for 100.00 less a coupon that does not divide by three."""
    sku_id = await shop.sku(price_cents=3_333)
    order_id = await shop.order(sku_id, 3)
    trade = await shop.pay(order_id)
    amounts = []
    for _ in range(3):
        answer = await refund(merchant, order_id, lines=[{"sku_id": sku_id, "quantity": 1}])
        amounts.append(answer.json()["amount_cents"])
        assert await shop.status(order_id) == "refunding"
        await send(commerce, answer)
    assert amounts == [3_333, 3_333, 3_333]
    assert await shop.status(order_id) == "refunded"
    assert trade.refunded_cents == 9_999
    assert await unbalanced(shop) == []
    history = await shop.rows("SELECT event FROM order_transitions ORDER BY id")
    assert [row["event"] for row in history] == [
        *("create", "pay", "refund", "refund_part", "refund", "refund_part", "refund", "refund_all")
    ]


async def test_an_amount_of_a_line_can_be_given_back(shop: Shop, merchant: User, commerce: Commerce) -> None:
    sku_id = await shop.sku()
    order_id = await shop.order(sku_id)
    await shop.pay(order_id)
    await send(commerce, await refund(merchant, order_id, lines=[{"sku_id": sku_id, "amount_cents": 500}]))
    order = (await shop.buyer.client.get(f"/api/orders/{order_id}")).json()
    assert (order["status"], order["refunded_cents"]) == ("paid", 500)
    assert (order["lines"][0]["refunded_quantity"], order["lines"][0]["refunded_cents"]) == (0, 500)
    rest = await refund(merchant, order_id)
    assert rest.json()["amount_cents"] == 9_400
    await send(commerce, rest)
    assert await unbalanced(shop) == []


async def test_more_than_was_paid_is_never_refunded(shop: Shop, merchant: User) -> None:
    sku_id = await shop.sku()
    order_id = await shop.order(sku_id)
    await shop.pay(order_id)
    for line in (
        {"quantity": 2},
        {"amount_cents": 9_901},
        {"quantity": 0},
    ):
        answer = await refund(merchant, order_id, lines=[{"sku_id": sku_id, **line}])
        assert (answer.status_code, answer.json()["code"]) == (409, "refund_too_large")
    assert await shop.status(order_id) == "paid"
    assert await shop.rows("SELECT 1 FROM refunds") == []


async def test_many_refunds_at_once_are_one(shop: Shop, merchant: User) -> None:
    order_id = await shop.order(await shop.sku())
    await shop.pay(order_id)
    answers = await asyncio.gather(*(refund(merchant, order_id) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]


async def test_the_same_key_is_the_same_refund(shop: Shop, merchant: User) -> None:
    order_id = await shop.order(await shop.sku())
    await shop.pay(order_id)
    key = new_id().hex
    answers = await asyncio.gather(*(refund(merchant, order_id, key) for _ in range(3)))
    assert len({answer.json()["id"] for answer in answers}) == 1
    other = await refund(merchant, order_id, key, reason="another")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")


async def test_a_refund_that_is_refused_for_good_gives_the_order_back(
    shop: Shop, merchant: User, commerce: Commerce
) -> None:
    sku_id = await shop.sku()
    order_id = await shop.order(sku_id)
    trade = await shop.pay(order_id)
    trade.refunds["by-hand"] = 9_900  # somebody refunded it at the gateway
    await send(commerce, await refund(merchant, order_id))
    assert await shop.status(order_id) == "paid"
    line = (await shop.buyer.client.get(f"/api/orders/{order_id}")).json()["lines"][0]
    assert (line["refunded_quantity"], line["refunded_cents"]) == (0, 0)
    assert (await shop.rows("SELECT status FROM refunds")) == [{"status": "failed"}]


async def test_a_refund_survives_an_unreachable_gateway(
    shop: Shop, merchant: User, commerce: Commerce
) -> None:
    order_id = await shop.order(await shop.sku())
    await shop.pay(order_id)
    shop.gateway.notifier.behaviour = Behaviour(fail=True)
    answer = await refund(merchant, order_id)
    await send(commerce, answer)
    assert await shop.status(order_id) == "refunding"
    shop.gateway.notifier.behaviour = Behaviour()
    await send(commerce, answer)
    assert await shop.status(order_id) == "refunded"


async def test_what_was_not_paid_cannot_be_refunded(shop: Shop, merchant: User) -> None:
    order_id = await shop.order(await shop.sku())
    answer = await refund(merchant, order_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_order_status")
    buyer = await refund(shop.buyer, order_id)
    assert buyer.status_code == 403


cents = st.integers(1, 10**9)
rates = st.builds(Rates, st.integers(0, 500), st.integers(0, 2_000), st.integers(0, 3_000))


@given(cents, cents, st.booleans(), rates, st.lists(st.integers(1, 10**9), max_size=6))
def test_any_sequence_of_refunds_ends_at_zero(
    paid: int, coupon: int, in_room: bool, shares: Rates, parts: list[int]
) -> None:
    posted = sale(Sale("alipay", paid, paid + coupon, coupon, in_room), shares)
    assert balance(posted) == 0
    totals: dict[str, int] = {posting.account: posting.amount_cents for posting in posted}
    before = 0
    for part in [*parts, paid]:
        after = min(before + part, paid)
        if after == before:
            break
        back = reversal(posted, paid, before_cents=before, after_cents=after)
        assert balance(back) == 0
        for posting in back:
            totals[posting.account] += posting.amount_cents
        before = after
    assert set(totals.values()) == {0}


@given(cents, rates)
def test_money_that_nobody_can_take_balances(paid: int, shares: Rates) -> None:
    posted = unapplied("alipay", paid, shares)
    assert Posting("unapplied", -paid) in posted
    assert balance(posted) == 0
