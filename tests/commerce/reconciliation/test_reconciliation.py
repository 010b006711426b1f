"""The gateway's statement, the ledger and the orders: every kind of difference is named, none invented."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.core.clock import ManualClock
from app.core.ids import new_id
from commerce.payments.bills import NotABill, read_alipay, read_stripe, read_wechat
from commerce.payments.sandbox.books import Trade
from commerce.payments.sandbox.notifier import Behaviour
from commerce.reconciliation.matching import Difference, OurPayment, OurRefund, differences
from commerce.reconciliation.matching import DifferenceKind as Kind
from commerce.reconciliation.statements import StatementLine, day_bounds, day_of
from commerce.runtime import Commerce
from tests.commerce.conftest import Shop
from tests.conftest import User

PROVIDERS = ("alipay", "wechat", "stripe")
ORDER, OTHER = new_id(), new_id()
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


async def bought(shop: Shop, provider: str, quantity: int = 1) -> str:
    order_id = await shop.order(await shop.sku(price_cents=9_999, stock=10), quantity)
    await shop.pay(order_id, provider=provider)
    return order_id


async def refunded(shop: Shop, merchant: User, commerce: Commerce, order_id: str, cents: int) -> None:
    order = (await shop.buyer.client.get(f"/api/orders/{order_id}")).json()
    lines = [{"sku_id": order["lines"][0]["sku_id"], "amount_cents": cents}]
    refund = await merchant.client.post(
        f"/api/merchant/orders/{order_id}/refunds",
        json={"lines": lines},
        headers={"idempotency-key": new_id().hex},
    )
    await commerce.refunder.send(UUID(refund.json()["id"]))


async def reconciled(
    merchant: User, clock: ManualClock, provider: str = "alipay"
) -> tuple[str, list[tuple[str, int | None, int | None]]]:
    """Half an hour later: the status, and what differs."""
    day = day_of(clock.now())
    clock.advance(1800)
    answer = await merchant.client.post(
        "/api/merchant/reconciliations", json={"provider": provider, "day": day.isoformat()}
    )
    assert answer.status_code == 200, answer.text
    found = answer.json()
    return found["status"], [
        (one["kind"], one["ours_cents"], one["theirs_cents"]) for one in found["differences"]
    ]


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_honest_books_agree_to_the_cent(
    shop: Shop, merchant: User, commerce: Commerce, clock: ManualClock, provider: str
) -> None:
    order_id = await bought(shop, provider, 3)
    for cents in (100, 333, 7_777):
        await refunded(shop, merchant, commerce, order_id, cents)
    await bought(shop, provider)
    await bought(shop, PROVIDERS[PROVIDERS.index(provider) - 1])
    assert await reconciled(merchant, clock, provider) == ("agrees", [])
    listed = (await merchant.client.get("/api/merchant/reconciliations")).json()
    assert listed["providers"] == list(PROVIDERS)
    (row,) = listed["items"]
    assert (row["lines"], row["paid_cents"], row["refunded_cents"]) == (5, 4 * 9_999, 8_210)
    fees = await shop.rows(
        f"SELECT sum(debit_cents - credit_cents)::int AS n FROM ledger_lines WHERE account = 'fees:{provider}'"
    )
    assert fees == [{"n": row["fee_cents"]}]
    statement = await merchant.client.get(f"/api/merchant/statements/{provider}/{row['day']}")
    assert len(statement.text.splitlines()) == 6


Tamper = Callable[[Shop, Trade], Awaitable[object]]


async def _more_at_the_gateway(shop: Shop, trade: Trade) -> None:
    trade.amount_cents += 1


async def _refunded_by_hand(shop: Shop, trade: Trade) -> None:
    trade.refunds["by hand"] = 100


async def _forgotten_there(shop: Shop, trade: Trade) -> None:
    trade.state = "waiting"


async def _paid_in_silence(shop: Shop, trade: Trade) -> None:
    order_id = await shop.order(await shop.sku(price_cents=500))
    await shop.pay(order_id, Behaviour(silent=True))


async def _unknown_here(shop: Shop, trade: Trade) -> None:
    shop.gateway.books.register(
        Trade("alipay", "f" * 32, "1", "x", 700, "CNY", "", "", AT, None, "paid", shop.gateway.clock.now())
    )


async def _order_forgotten(shop: Shop, trade: Trade) -> None:
    await shop.rows("UPDATE orders SET status = 'expired' RETURNING id")


@pytest.mark.parametrize(
    ("tamper", "named"),
    [
        (_more_at_the_gateway, ("payment_amount", 9_999, 10_000)),
        (_refunded_by_hand, ("unknown_refund", None, 100)),
        (_forgotten_there, ("missing_payment", 9_999, None)),
        (_paid_in_silence, ("unsettled_payment", None, 500)),
        (_unknown_here, ("unknown_payment", None, 700)),
        (_order_forgotten, ("order_unpaid", 0, 9_999)),
    ],
)
async def test_what_was_tampered_with_is_named_and_nothing_else(
    shop: Shop, merchant: User, clock: ManualClock, tamper: Tamper, named: tuple[str, int, int]
) -> None:
    await bought(shop, "alipay")
    await tamper(shop, next(iter(shop.gateway.books)))
    assert await reconciled(merchant, clock) == ("differs", [named])


async def test_a_day_ends_at_midnight_in_china_and_late_news_is_no_difference(
    shop: Shop, merchant: User, clock: ManualClock
) -> None:
    """Paid just before midnight, told after it: in yesterday's statement, in today's books."""
    clock.advance((day_bounds(day_of(clock.now()))[1] - clock.now()).total_seconds() - 1)
    order_id = await shop.order(await shop.sku())
    await shop.pay(order_id, Behaviour(delay_s=60))
    yesterday = day_of(clock.now())
    clock.advance(61)
    await shop.gateway.notifier.deliver_due()
    assert await shop.status(order_id) == "paid"
    body = {"provider": "alipay", "day": yesterday.isoformat()}
    clock.advance(1800)
    first = await merchant.client.post("/api/merchant/reconciliations", json=body)
    assert (first.json()["status"], first.json()["lines"]) == ("agrees", 1)
    assert await reconciled(merchant, clock) == ("agrees", [])


async def test_without_a_statement_nothing_is_said(
    shop: Shop, merchant: User, commerce: Commerce, clock: ManualClock
) -> None:
    await bought(shop, "wechat")
    shop.gateway.notifier.behaviour = Behaviour(fail=True)
    assert await reconciled(merchant, clock, "wechat") == ("unavailable", [])
    shop.gateway.notifier.behaviour = Behaviour()
    await commerce.reconciler.daily()
    assert {row["status"] for row in await shop.rows("SELECT status FROM reconciliations")} == {
        "unavailable",
        "agrees",
    }
    tomorrow = (day_of(clock.now()) + timedelta(days=1)).isoformat()
    early = await merchant.client.post(
        "/api/merchant/reconciliations", json={"provider": "wechat", "day": tomorrow}
    )
    assert early.status_code == 422


async def test_the_ledger_shows_who_is_owed_what(shop: Shop, merchant: User) -> None:
    order_id = await bought(shop, "stripe")
    answer = (await merchant.client.get("/api/merchant/ledger/balances")).json()["items"]
    assert {row["account"]: row["balance_cents"] for row in answer} == {
        "fees:stripe": 60,
        "receivable:stripe": 9_939,
        "payable:merchant": -9_499,
        "revenue:commission": -500,
    }
    entries = (await merchant.client.get(f"/api/merchant/ledger/entries?order_id={order_id}")).json()["items"]
    assert [(entry["kind"], len(entry["lines"])) for entry in entries] == [("sale", 4)]
    assert (await shop.buyer.client.get("/api/merchant/ledger/balances")).status_code == 403
    old = "first_day=2020-01-01&last_day=2020-01-02"
    assert (await merchant.client.get(f"/api/merchant/ledger/balances?{old}")).json()["items"] == []


def line(reference: str = "p", kind: str = "payment", **more: object) -> StatementLine:
    fields = {"amount_cents": 100, "fee_cents": 1, "currency": "CNY", "at": AT} | more
    return StatementLine("payment" if kind == "payment" else "refund", reference, "p", **fields)  # type: ignore[arg-type]


def payment(reference: str = "p", **more: object) -> OurPayment:
    fields: dict[str, object] = {
        "settled": True,
        "kept": True,
        "amount_cents": 100,
        "currency": "CNY",
        "order_id": ORDER,
        "order_paid": True,
        "order_cents": 100,
        "posted_cents": 100,
        "posted_fee_cents": 1,
    }
    return OurPayment(reference, **(fields | more))  # type: ignore[arg-type]


def refund(**more: object) -> OurRefund:
    fields: dict[str, object] = {
        "settled": True,
        "amount_cents": 100,
        "order_id": ORDER,
        "posted_cents": 100,
        "posted_fee_cents": 1,
    }
    return OurRefund("r", **(fields | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ours", "kind"),
    [
        (payment(currency="USD"), Kind.PAYMENT_CURRENCY),
        (payment(posted_fee_cents=2), Kind.PAYMENT_FEE),
        (payment(posted_cents=None), Kind.UNPOSTED_PAYMENT),
        (payment(posted_cents=99), Kind.POSTED_AMOUNT),
        (payment(order_cents=99), Kind.ORDER_AMOUNT),
    ],
)
def test_payments_differ_in_one_thing_at_a_time(ours: OurPayment, kind: Kind) -> None:
    found = differences([line()], {"p": ours}, {}, frozenset({"p"}))
    assert [one.kind for one in found] == [kind]


@pytest.mark.parametrize(
    ("ours", "lines", "kind"),
    [
        (refund(settled=False), [line("r", "refund")], Kind.UNSETTLED_REFUND),
        (refund(), [], Kind.MISSING_REFUND),
        (refund(amount_cents=99, posted_cents=99), [line("r", "refund")], Kind.REFUND_AMOUNT),
        (refund(posted_fee_cents=0), [line("r", "refund")], Kind.REFUND_FEE),
        (refund(posted_cents=None), [line("r", "refund")], Kind.UNPOSTED_REFUND),
        (refund(posted_cents=98), [line("r", "refund")], Kind.POSTED_REFUND_AMOUNT),
    ],
)
def test_refunds_differ_in_one_thing_at_a_time(
    ours: OurRefund, lines: list[StatementLine], kind: Kind
) -> None:
    found = differences(lines, {}, {"r": ours}, frozenset(one.reference for one in lines))
    assert [one.kind for one in found] == [kind]


def test_two_payments_of_one_order_are_one_too_many_unless_one_went_back() -> None:
    pair = {"p": payment(), "q": payment("q")}
    lines, stated = [line(), line("q")], frozenset({"p", "q"})
    assert differences(lines, pair, {}, stated) == [
        Difference(Kind.PAID_TWICE, name, ORDER, None, 100) for name in ("p", "q")
    ]
    assert differences(lines, pair | {"q": payment("q", kept=False, order_paid=False)}, {}, stated) == []
    assert differences(lines, pair | {"q": payment("q", order_id=OTHER)}, {}, stated) == []


def test_what_is_no_statement_is_not_read_as_an_empty_one() -> None:
    for content in (b"", b"PK\x03\x04", b"<html>", "交易时间\n".encode("gbk")):
        with pytest.raises(NotABill):
            read_alipay(content)
        with pytest.raises(NotABill):
            read_wechat(content)
    with pytest.raises(NotABill):
        read_stripe([{"type": "charge", "amount": 1}])
    assert read_stripe([{"type": "payout", "amount": -1}]) == []
