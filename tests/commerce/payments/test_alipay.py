"""Paying through Alipay's wire format, signed and verified, against the sandbox gateway."""

import asyncio
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from app.core.bus import Bus
from app.core.clock import ManualClock
from app.core.events import user_topic
from commerce.payments.sandbox.books import Refused, Trade
from commerce.payments.sandbox.gateway import Gateway
from commerce.payments.sandbox.notifier import Behaviour
from commerce.runtime import Commerce
from tests.commerce.conftest import Shop, Wires
from tests.conftest import LogIn, User

HONEST = Behaviour()


async def notify(shop: Shop, body: bytes | str) -> str:
    """Post a notification as the gateway would; our answer."""
    answer = await shop.buyer.client.post("/api/payments/notifications/alipay", content=body)
    return answer.text


def genuine(gateway: Gateway, trade: Trade, **changed: str) -> str:
    """A notification signed by the gateway over these fields."""
    message = gateway.alipay.message(trade, trade.state, gateway.clock.now(), HONEST)
    fields = {k: v for k, v in parse_qsl(message.body.decode()) if k not in ("sign", "sign_type")} | changed
    return urlencode(gateway.alipay._signed(gateway.alipay._sdk, fields))


async def test_a_paid_order_is_paid_once_and_posted(shop: Shop, clock: ManualClock) -> None:
    sku_id = await shop.sku(stock=5)
    order_id = await shop.order(sku_id, 2)
    await shop.pay(order_id)
    order = (await shop.buyer.client.get(f"/api/orders/{order_id}")).json()
    assert order["status"] == "paid"
    assert order["paid_at"] == clock.now().isoformat().replace("+00:00", "Z")
    assert await shop.stock(sku_id) == (3, 0)
    assert await shop.verdicts() == ["accepted"]
    lines = await shop.rows("SELECT account, debit_cents, credit_cents FROM ledger_lines ORDER BY position")
    assert [tuple(line.values()) for line in lines] == [
        ("receivable:alipay", 19_681, 0),
        ("fees:alipay", 119, 0),
        ("revenue:commission", 0, 990),
        ("payable:merchant", 0, 18_810),
    ]


async def test_the_payment_address_is_alipays(shop: Shop) -> None:
    payment = await shop.payment(await shop.order(await shop.sku(price_cents=9900)))
    asked = parse_qs(urlsplit(payment["pay_url"]).query)
    assert urlsplit(payment["pay_url"]).netloc == "shop.test:8003"
    assert asked["method"] == ["alipay.trade.page.pay"]
    assert asked["sign_type"] == ["RSA2"]
    assert '"total_amount":"99.00"' in asked["biz_content"][0]
    assert '"product_code":"FAST_INSTANT_TRADE_PAY"' in asked["biz_content"][0]


async def test_a_phone_gets_the_wap_page(shop: Shop) -> None:
    order_id = await shop.order(await shop.sku())
    phone = {"user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)"}
    answer = await shop.buyer.client.post(f"/api/orders/{order_id}/payments", json={}, headers=phone)
    assert "method=alipay.trade.wap.pay" in answer.json()["pay_url"]


async def test_asking_again_gives_the_same_payment(shop: Shop) -> None:
    order_id = await shop.order(await shop.sku())
    payments = await asyncio.gather(*(shop.payment(order_id) for _ in range(3)))
    assert len({payment["id"] for payment in payments}) == 1
    other = await shop.buyer.client.post(f"/api/orders/{order_id}/payments", json={"provider": "barter"})
    assert (other.status_code, other.json()["code"]) == (404, "provider_unknown")


async def test_repeated_and_reordered_notifications_change_nothing(shop: Shop) -> None:
    sku_id = await shop.sku()
    order_id = await shop.order(sku_id)
    await shop.pay(order_id, Behaviour(repeat=3, reorder=True))
    assert await shop.verdicts() == ["accepted", "repeated", "repeated", "repeated", "ignored"]
    assert await shop.status(order_id) == "paid"
    assert await shop.stock(sku_id) == (9, 0)
    assert len(await shop.rows("SELECT 1 FROM ledger_entries")) == 1


async def test_many_notifications_at_once_pay_once(shop: Shop, gateway: Gateway) -> None:
    order_id = await shop.order(await shop.sku())
    trade = await shop.open_page(await shop.payment(order_id))
    gateway.books.pay(trade, gateway.clock.now())
    body = genuine(gateway, trade)
    assert set(await asyncio.gather(*(notify(shop, body) for _ in range(8)))) == {"success"}
    assert sorted(map(str, await shop.verdicts())) == ["accepted"] + ["repeated"] * 7
    assert len(await shop.rows("SELECT 1 FROM ledger_entries")) == 1


@pytest.mark.parametrize(
    ("behaviour", "verdict"),
    [(Behaviour(forge=True), "bad_signature"), (Behaviour(amount_delta_cents=-1), "wrong_amount")],
)
async def test_forged_and_wrong_amounts_change_nothing_and_are_recorded(
    shop: Shop, behaviour: Behaviour, verdict: str
) -> None:
    sku_id = await shop.sku()
    order_id = await shop.order(sku_id)
    await shop.pay(order_id, behaviour)
    assert await shop.status(order_id) == "pending_payment"
    assert await shop.verdicts() == [verdict]
    assert await shop.stock(sku_id) == (10, 1)
    assert await shop.rows("SELECT 1 FROM ledger_entries") == []


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({"app_id": "2021999999999999"}, "wrong_app"),
        ({"seller_id": "2088999999999999"}, "wrong_seller"),
        ({"out_trade_no": "00000000000000000000000000000000"}, "unknown_payment"),
        ({"total_amount": "99"}, "accepted"),
        ({"total_amount": "9900"}, "wrong_amount"),
        ({"total_amount": "99.001"}, "malformed"),
        ({"total_amount": "1e4"}, "malformed"),
        ({"trade_status": "TRADE_PENDING"}, "malformed"),
        ({"trade_status": "WAIT_BUYER_PAY"}, "ignored"),
        ({"trade_status": "TRADE_FINISHED"}, "accepted"),
        ({"notify_time": "2026-11-24 03:50:00"}, "stale"),
        ({"notify_time": "2026-11-24 04:06:00"}, "stale"),
        ({"notify_time": "yesterday"}, "malformed"),
    ],
)
async def test_each_field_is_compared(
    shop: Shop, gateway: Gateway, changed: dict[str, str], verdict: str
) -> None:
    """All of them rightly signed by the gateway, at 04:00 in China."""
    order_id = await shop.order(await shop.sku())
    trade = await shop.open_page(await shop.payment(order_id))
    gateway.books.pay(trade, gateway.clock.now())
    answer = await notify(shop, genuine(gateway, trade, **changed))
    assert await shop.verdicts() == [verdict]
    assert answer == ("success" if verdict in ("accepted", "ignored") else "failure")
    assert await shop.status(order_id) == ("paid" if verdict == "accepted" else "pending_payment")


async def test_an_altered_notification_is_refused(shop: Shop, gateway: Gateway) -> None:
    order_id = await shop.order(await shop.sku())
    trade = await shop.open_page(await shop.payment(order_id))
    gateway.books.pay(trade, gateway.clock.now())
    body = genuine(gateway, trade)
    assert await notify(shop, body.replace("total_amount=99.00", "total_amount=0.01")) == "failure"
    assert await notify(shop, f"{body}&total_amount=99.00") == "failure"
    assert await notify(shop, body.replace("sign_type=RSA2", "sign_type=RSA")) == "failure"
    assert await shop.verdicts() == ["bad_signature", "malformed", "bad_signature"]
    assert await shop.status(order_id) == "pending_payment"


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"{}", b"a=b", b"sign=%00&sign_type=RSA2", b"&" * 5000])
async def test_what_is_no_notification_is_refused(shop: Shop, body: bytes) -> None:
    assert await notify(shop, body) == "failure"
    assert len(await shop.verdicts()) == 1


async def test_an_endless_notification_is_cut_off(shop: Shop) -> None:
    answer = await shop.buyer.client.post("/api/payments/notifications/alipay", content=b"a" * 300_000)
    assert (answer.status_code, answer.json()["code"]) == (413, "notification_too_large")


async def test_a_silent_gateway_is_asked(shop: Shop, commerce: Commerce) -> None:
    order_id = await shop.order(await shop.sku())
    trade = await shop.pay(order_id, Behaviour(silent=True))
    assert await shop.status(order_id) == "pending_payment"
    await commerce.cashier.check(UUID(trade.out_trade_no), 20)
    assert await shop.status(order_id) == "paid"


async def test_a_failing_gateway_is_asked_again_later(
    shop: Shop, commerce: Commerce, clock: ManualClock
) -> None:
    order_id = await shop.order(await shop.sku())
    trade = await shop.pay(order_id, Behaviour(silent=True, fail=True))
    await commerce.cashier.check(UUID(trade.out_trade_no), 20)
    assert await shop.status(order_id) == "pending_payment"
    jobs = await shop.rows(
        """SELECT args ->> 'delay_s' AS s FROM procrastinate_jobs
           WHERE task_name = 'payments:check' ORDER BY id"""
    )
    assert [job["s"] for job in jobs] == ["20", "40"]


async def test_expiry_asks_before_it_gives_the_stock_back(
    shop: Shop, commerce: Commerce, clock: ManualClock
) -> None:
    order_id = await shop.order(await shop.sku())
    await shop.pay(order_id, Behaviour(silent=True))
    clock.advance(15 * 60)
    await commerce.expiry.expire([UUID(order_id)])
    assert await shop.status(order_id) == "paid"


async def test_expiry_closes_the_payment_at_the_gateway(
    shop: Shop, commerce: Commerce, gateway: Gateway, clock: ManualClock
) -> None:
    order_id = await shop.order(await shop.sku())
    trade = await shop.open_page(await shop.payment(order_id))
    clock.advance(15 * 60)
    await commerce.expiry.expire([UUID(order_id)])
    assert await shop.status(order_id) == "expired"
    assert trade.state == "closed"
    with pytest.raises(Refused):
        gateway.pay(trade)


async def test_an_unreachable_gateway_extends_the_reservation_a_few_times(
    shop: Shop, commerce: Commerce, clock: ManualClock, wires: Wires, sandbox: FastAPI
) -> None:
    sku_id = await shop.sku()
    order_id = await shop.order(sku_id)
    await shop.payment(order_id)
    wires.to_sandbox.app = None
    clock.advance(15 * 60)
    for extensions in range(3):
        await commerce.expiry.expire([UUID(order_id)], extensions)
        assert await shop.status(order_id) == "pending_payment"
        clock.advance(60)
    await commerce.expiry.expire([UUID(order_id)], 3)
    assert await shop.status(order_id) == "expired"
    assert await shop.stock(sku_id) == (10, 0)


async def expired_but_paid(shop: Shop, commerce: Commerce, clock: ManualClock, order_id: str) -> Trade:
    """The order expires while its payment page is open, and the gateway takes the money all the same."""
    trade = await shop.open_page(await shop.payment(order_id))
    clock.advance(15 * 60)
    await commerce.expiry.expire([UUID(order_id)])
    shop.gateway.notifier.behaviour = Behaviour(pay_after_expiry=True)
    shop.gateway.pay(trade)
    return trade


async def test_a_late_payment_reserves_again(shop: Shop, commerce: Commerce, clock: ManualClock) -> None:
    sku_id = await shop.sku(stock=1)
    order_id = await shop.order(sku_id)
    await expired_but_paid(shop, commerce, clock, order_id)
    await shop.gateway.notifier.deliver_due()
    assert await shop.status(order_id) == "paid"
    assert await shop.stock(sku_id) == (0, 0)


async def test_a_late_payment_for_what_is_sold_out_is_refunded(
    shop: Shop, commerce: Commerce, clock: ManualClock
) -> None:
    sku_id = await shop.sku(stock=1)
    order_id = await shop.order(sku_id)
    trade = await expired_but_paid(shop, commerce, clock, order_id)
    await shop.order(sku_id)  # somebody else has taken the last one
    await shop.gateway.notifier.deliver_due()
    assert await shop.status(order_id) == "expired"
    refund = (await shop.rows("SELECT * FROM refunds"))[0]
    refund_id = refund["id"]
    assert isinstance(refund_id, UUID)
    assert (refund["kind"], refund["status"], refund["amount_cents"]) == ("late_payment", "pending", 9900)
    await asyncio.gather(*(commerce.refunder.send(refund_id) for _ in range(3)))
    assert trade.refunds == {refund_id.hex: 9900}
    assert (await shop.rows("SELECT status FROM refunds"))[0]["status"] == "succeeded"
    assert (await shop.rows("SELECT status FROM payments"))[0]["status"] == "refunded"
    balances = await shop.rows(
        "SELECT account FROM ledger_lines GROUP BY account HAVING sum(debit_cents) <> sum(credit_cents)"
    )
    assert balances == []


async def test_money_for_a_cancelled_order_goes_back(shop: Shop) -> None:
    order_id = await shop.order(await shop.sku())
    trade = await shop.open_page(await shop.payment(order_id))
    await shop.buyer.client.post(f"/api/orders/{order_id}/cancel")
    shop.gateway.pay(trade)
    await shop.gateway.notifier.deliver_due()
    assert await shop.status(order_id) == "cancelled"
    assert (await shop.rows("SELECT kind FROM refunds"))[0]["kind"] == "late_payment"


async def test_a_refund_that_fails_is_tried_again(shop: Shop, commerce: Commerce, clock: ManualClock) -> None:
    order_id = await shop.order(await shop.sku())
    trade = await shop.open_page(await shop.payment(order_id))
    await shop.buyer.client.post(f"/api/orders/{order_id}/cancel")
    shop.gateway.pay(trade)
    await shop.gateway.notifier.deliver_due()
    refund_id = (await shop.rows("SELECT id FROM refunds"))[0]["id"]
    assert isinstance(refund_id, UUID)
    shop.gateway.notifier.behaviour = Behaviour(fail=True)
    await commerce.refunder.send(refund_id)
    failed = (await shop.rows("SELECT status, attempts FROM refunds"))[0]
    assert failed == {"status": "pending", "attempts": 1}
    shop.gateway.notifier.behaviour = HONEST
    await commerce.refunder.send(refund_id)
    assert trade.refunds == {refund_id.hex: 9900}


async def test_paying_what_is_paid_or_expired_is_refused(shop: Shop, clock: ManualClock) -> None:
    paid, expired = await shop.order(await shop.sku()), await shop.order(await shop.sku())
    await shop.pay(paid)
    clock.advance(15 * 60)
    for order_id in (paid, expired):
        answer = await shop.buyer.client.post(f"/api/orders/{order_id}/payments", json={})
        assert (answer.status_code, answer.json()["code"]) == (409, "wrong_order_status")


async def test_the_buyer_and_the_staff_hear_of_it(shop: Shop, bus: Bus) -> None:
    await shop.pay(await shop.order(await shop.sku()))
    events = [entry.event for entry in await bus.read_after(user_topic(shop.buyer.principal.user_id), 0)]
    assert [(event.type, event.data["status"]) for event in events] == [("order.updated", "paid")]


async def test_the_page_takes_the_money_and_sends_the_buyer_back(shop: Shop, sandbox: FastAPI) -> None:
    order_id = await shop.order(await shop.sku())
    payment = await shop.payment(order_id)
    transport = httpx.ASGITransport(sandbox)
    async with httpx.AsyncClient(transport=transport, base_url="http://pay.test") as browser:
        page = await browser.get(payment["pay_url"], headers={"accept-language": "en"})
        assert "99.00" in page.text
        form = {"provider": "alipay", "out_trade_no": UUID(payment["id"]).hex}
        done = await browser.post("/pay", data=form, headers={"accept-language": "zh-CN,zh;q=0.9"})
        again = await browser.post("/pay", data=form)
        forged = await browser.get(payment["pay_url"].replace("99.00", "0.01"))
    assert "付款成功" in done.text
    assert f"http://shop.test/orders/{order_id}?" in done.text
    assert again.status_code == 200
    assert forged.status_code == 400
    assert await shop.gateway.notifier.deliver_due() == 1
    assert await shop.status(order_id) == "paid"


async def test_notifications_wait_for_a_shop_that_is_down(
    shop: Shop, wires: Wires, clock: ManualClock
) -> None:
    order_id = await shop.order(await shop.sku())
    app, wires.to_shop.app = wires.to_shop.app, None
    await shop.pay(order_id)
    assert shop.gateway.notifier.waiting == 1
    wires.to_shop.app = app
    clock.advance(2)
    await shop.gateway.notifier.deliver_due()
    assert await shop.status(order_id) == "paid"


async def test_the_merchant_sees_every_notification(shop: Shop, merchant: User, log_in: LogIn) -> None:
    await notify(shop, b"a=b")
    items = (await merchant.client.get("/api/merchant/payment-notifications")).json()["items"]
    assert [item["verdict"] for item in items] == ["bad_signature"]
    assert (await shop.buyer.client.get("/api/merchant/payment-notifications")).status_code == 403
