"""What must hold for every payment service, each in its own wire format."""

import asyncio
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from app.core.clock import ManualClock
from app.core.ids import new_id
from commerce.payments.sandbox.books import Trade
from commerce.payments.sandbox.gateway import Gateway
from commerce.payments.sandbox.notifier import Behaviour, Message, Wire
from commerce.runtime import Commerce
from tests.commerce.conftest import Shop
from tests.conftest import User

pytestmark = pytest.mark.parametrize("provider", ["alipay", "wechat", "stripe"])


def message(gateway: Gateway, trade: Trade, behaviour: Behaviour | None = None) -> Message:
    wires: dict[str, Wire] = {"alipay": gateway.alipay, "wechat": gateway.wechat, "stripe": gateway.stripe}
    return wires[trade.provider].message(trade, trade.state, gateway.clock.now(), behaviour or Behaviour())


async def notify(shop: Shop, provider: str, sent: Message, body: bytes | None = None) -> int:
    answer = await shop.buyer.client.post(
        f"/api/payments/notifications/{provider}",
        content=sent.body if body is None else body,
        headers=dict(sent.headers),
    )
    return answer.status_code


async def test_buying_and_refunding_balances(
    shop: Shop, merchant: User, commerce: Commerce, provider: str
) -> None:
    sku_id = await shop.sku(stock=3)
    order_id = await shop.order(sku_id, 2)
    trade = await shop.pay(order_id, Behaviour(repeat=1, reorder=True), provider)
    assert await shop.status(order_id) == "paid"
    assert await shop.verdicts() == ["accepted", "repeated", "ignored"]
    answer = await merchant.client.post(
        f"/api/merchant/orders/{order_id}/refunds",
        json={"lines": [{"sku_id": sku_id, "quantity": 1}], "restock": True},
        headers={"idempotency-key": new_id().hex},
    )
    await asyncio.gather(*(commerce.refunder.send(UUID(answer.json()["id"])) for _ in range(2)))
    assert trade.refunds == {UUID(answer.json()["id"]).hex: 9_900}
    assert await shop.status(order_id) == "paid"
    assert await shop.stock(sku_id) == (2, 0)
    sums = await shop.rows("SELECT sum(debit_cents)::int AS d, sum(credit_cents)::int AS c FROM ledger_lines")
    assert sums[0]["d"] == sums[0]["c"]


@pytest.mark.parametrize(
    ("behaviour", "verdict"),
    [(Behaviour(forge=True), "bad_signature"), (Behaviour(amount_delta_cents=1), "wrong_amount")],
)
async def test_forged_and_wrong_amounts_change_nothing(
    shop: Shop, provider: str, behaviour: Behaviour, verdict: str
) -> None:
    order_id = await shop.order(await shop.sku())
    await shop.pay(order_id, behaviour, provider)
    assert (await shop.status(order_id), await shop.verdicts()) == ("pending_payment", [verdict])
    assert await shop.rows("SELECT 1 FROM ledger_entries") == []


async def test_altered_and_old_notifications_are_refused(
    shop: Shop, gateway: Gateway, clock: ManualClock, provider: str
) -> None:
    order_id = await shop.order(await shop.sku())
    trade = await shop.open_page(await shop.payment(order_id, provider))
    gateway.books.pay(trade, clock.now())
    sent = message(gateway, trade)
    await notify(shop, provider, sent, sent.body[:-1] + b" ")
    await notify(shop, provider, sent, b"")
    await notify(shop, provider, sent, b"\xff\xfe\x00")
    clock.advance(301)
    await notify(shop, provider, sent)
    verdicts = await shop.verdicts()
    assert set(verdicts[:3]) <= {"bad_signature", "malformed"}
    assert verdicts[3] == "stale"
    assert await shop.status(order_id) == "pending_payment"


async def test_a_notification_of_somebody_elses_payment_is_refused(
    shop: Shop, gateway: Gateway, provider: str
) -> None:
    trade = await shop.open_page(await shop.payment(await shop.order(await shop.sku()), provider))
    gateway.books.pay(trade, gateway.clock.now())
    trade.out_trade_no = new_id().hex
    await notify(shop, provider, message(gateway, trade))
    assert await shop.verdicts() == ["unknown_payment"]


async def test_a_silent_service_is_asked(shop: Shop, commerce: Commerce, provider: str) -> None:
    order_id = await shop.order(await shop.sku())
    trade = await shop.pay(order_id, Behaviour(silent=True), provider)
    await commerce.cashier.check(UUID(trade.out_trade_no), 20)
    assert await shop.status(order_id) == "paid"


async def test_expiry_closes_the_payment_there(
    shop: Shop, commerce: Commerce, clock: ManualClock, provider: str
) -> None:
    order_id = await shop.order(await shop.sku())
    trade = await shop.open_page(await shop.payment(order_id, provider))
    clock.advance(15 * 60)
    await commerce.expiry.expire([UUID(order_id)])
    assert (await shop.status(order_id), trade.state) == ("expired", "closed")


async def test_two_payments_of_one_order_are_one_too_many(
    shop: Shop, commerce: Commerce, provider: str
) -> None:
    order_id = await shop.order(await shop.sku())
    other = "stripe" if provider == "alipay" else "alipay"
    second = await shop.open_page(await shop.payment(order_id, other))
    await shop.pay(order_id, provider=provider)
    shop.gateway.pay(second)
    await shop.gateway.notifier.deliver_due()
    assert await shop.status(order_id) == "paid"
    refund = (await shop.rows("SELECT id, kind FROM refunds"))[0]
    assert refund["kind"] == "double_payment"
    assert isinstance(refund["id"], UUID)
    await commerce.refunder.send(refund["id"])
    assert second.refunded_cents == 9_900


async def test_a_failing_service_is_said_to_be_unavailable(shop: Shop, provider: str) -> None:
    """Alipay's address is signed here and needs no call."""
    order_id = await shop.order(await shop.sku())
    shop.gateway.notifier.behaviour = Behaviour(fail=True)
    answer = await shop.buyer.client.post(f"/api/orders/{order_id}/payments", json={"provider": provider})
    if provider == "alipay":
        assert answer.status_code == 201
    else:
        assert (answer.status_code, answer.json()["code"]) == (503, "provider_unavailable")
        shop.gateway.notifier.behaviour = Behaviour()
        await shop.pay(order_id, provider=provider)
        assert await shop.status(order_id) == "paid"


async def test_the_gateway_refuses_who_is_not_the_merchant(
    sandbox: FastAPI, gateway: Gateway, provider: str
) -> None:
    path = {"alipay": "/gateway.do", "wechat": "/v3/pay/transactions/h5", "stripe": "/v1/checkout/sessions"}
    transport = httpx.ASGITransport(sandbox)
    async with httpx.AsyncClient(transport=transport, base_url="http://pay.test") as client:
        answer = await client.post(path[provider], content=b"{}")
    assert answer.status_code in (400, 401)
    assert list(gateway.books) == []
