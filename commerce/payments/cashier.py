"""Money in: payments are created, verified, and settled with the order and the ledger in one transaction.

Locks are always taken in the order: order, payment, stock.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from psycopg.rows import DictRow

from app.core.clock import Clock
from app.core.db import Database, Tx
from app.core.errors import VendorError
from app.core.ids import new_id
from app.core.jobs import defer_in
from commerce.config import CommerceConfig
from commerce.errors import OrderNotFound, OutOfStock, ProviderUnavailable, ProviderUnknown, WrongOrderStatus
from commerce.ledger import repository as ledger
from commerce.ledger.postings import Rates, Sale, sale, unapplied
from commerce.orders.service import OrderBook
from commerce.orders.states import Status
from commerce.payments import repository
from commerce.payments.provider import PaymentKey, PaymentRequest, Provider, Rejected, Reply, Trade

FIRST_CHECK_S = 20
LAST_CHECK_S = 3600

log = structlog.get_logger()


class Cashier:
    """Takes payments through any of the `providers`."""

    def __init__(
        self,
        db: Database,
        orders: OrderBook,
        providers: Mapping[str, Provider],
        clock: Clock,
        config: CommerceConfig,
        rates: Rates,
    ) -> None:
        self._db = db
        self._orders = orders
        self._providers = providers
        self._clock = clock
        self._config = config
        self.rates = rates

    def provider(self, name: str) -> Provider:
        if name not in self._providers:
            raise ProviderUnknown
        return self._providers[name]

    async def create(
        self, order_id: UUID, buyer_id: UUID, provider_name: str, *, origin: str, mobile: bool
    ) -> DictRow:
        """A payment for the buyer's own unpaid order, and where to pay it; asked again, the same one."""
        provider = self.provider(provider_name)
        now = self._clock.now()
        async with self._db.transaction() as tx:
            order = await self._orders.of_buyer(tx, order_id, buyer_id)
            if order["status"] != Status.PENDING_PAYMENT or order["expires_at"] <= now:
                raise WrongOrderStatus("only an unpaid order can be paid", status=order["status"])
            pending = await repository.pending_of_order(tx, order_id)
            payment = next((row for row in pending if row["provider"] == provider_name), None)
            if payment is None:
                payment = await self._insert(tx, order, provider_name, now)
        if not payment["pay_url"]:
            request = self._request(order, payment, origin=origin, mobile=mobile)
            try:
                created = await provider.create(request)
            except VendorError as error:
                log.warning("payment not created", provider=provider_name, error=str(error))
                raise ProviderUnavailable from error
            async with self._db.transaction() as tx:
                await repository.set_created(tx, payment["id"], created.pay_url, created.trade_no)
            payment["pay_url"] = created.pay_url
        return payment

    async def _insert(self, tx: Tx, order: DictRow, provider_name: str, now: datetime) -> DictRow:
        payment_id = new_id()
        payment = await repository.insert(
            tx,
            {
                "id": payment_id,
                "order_id": order["id"],
                "provider": provider_name,
                "out_trade_no": payment_id.hex,
                "amount_cents": order["total_cents"],
                "currency": order["currency"],
                "at": now,
            },
        )
        await self._check_later(tx, payment_id, now, FIRST_CHECK_S)
        return payment

    def _request(self, order: DictRow, payment: DictRow, *, origin: str, mobile: bool) -> PaymentRequest:
        first = order["lines"][0]["product_name"]
        more = len(order["lines"]) - 1
        return PaymentRequest(
            out_trade_no=payment["out_trade_no"],
            subject=f"{first} +{more}" if more else first,
            amount_cents=payment["amount_cents"],
            currency=payment["currency"],
            expires_at=order["expires_at"],
            notify_url=f"{self._config.notify_url}/api/payments/notifications/{payment['provider']}",
            return_url=f"{self._config.shop_url(origin)}/orders/{order['id']}",
            origin=origin,
            mobile=mobile,
        )

    async def _check_later(self, tx: Tx, payment_id: UUID, now: datetime, delay_s: int) -> None:
        at = now + timedelta(seconds=delay_s)
        await defer_in(tx, "payments:check", at=at, payment_id=str(payment_id), delay_s=delay_s)

    async def notified(self, provider_name: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Judge a notification, record it whatever it is, and let it do what it proves; once."""
        provider = self.provider(provider_name)
        now = self._clock.now()
        try:
            trade = provider.verify(body, headers, now)
        except Rejected as rejected:
            async with self._db.transaction() as tx:
                await self._record(
                    tx, provider_name, body, rejected.verdict, rejected.detail, rejected.out_trade_no
                )
            return provider.reply(accepted=rejected.verdict == "ignored")
        async with self._db.transaction() as tx:
            payment = await repository.by_out_trade_no(tx, provider_name, trade.out_trade_no)
            verdict, detail = await self._apply(
                tx, payment, trade, actor=f"notification:{provider_name}", at=now
            )
            payment_id = payment["id"] if payment else None
            await self._record(tx, provider_name, body, verdict, detail, trade.out_trade_no, payment_id)
        return provider.reply(accepted=verdict in ("accepted", "repeated", "ignored"))

    async def _record(
        self,
        tx: Tx,
        provider_name: str,
        body: bytes,
        verdict: str,
        detail: str,
        out_trade_no: str | None,
        payment_id: UUID | None = None,
    ) -> None:
        if verdict not in ("accepted", "repeated", "ignored"):
            log.warning(
                "payment notification refused", provider=provider_name, verdict=verdict, detail=detail
            )
        await repository.record_notification(
            tx,
            new_id(),
            provider_name,
            body,
            verdict=verdict,
            detail=detail,
            out_trade_no=out_trade_no,
            payment_id=payment_id,
            at=self._clock.now(),
        )

    async def check(self, payment_id: UUID, delay_s: int) -> None:
        """Ask the service what became of a payment that we have heard nothing of; then again, ever later."""
        async with self._db.transaction() as tx:
            payment = await repository.get(tx, payment_id)
        if payment is None or payment["status"] != "pending":
            return
        trade: Trade | None = None
        try:
            trade = await self.provider(payment["provider"]).query(_key(payment))
        except VendorError as error:
            log.warning("payment not queried", provider=payment["provider"], error=str(error))
        now = self._clock.now()
        async with self._db.transaction() as tx:
            if trade is not None:
                await self._apply(tx, payment, trade, actor=f"query:{payment['provider']}", at=now)
            still = await repository.get(tx, payment_id)
            if still and still["status"] == "pending" and delay_s * 2 <= LAST_CHECK_S:
                await self._check_later(tx, payment_id, now, delay_s * 2)

    async def _apply(
        self, tx: Tx, payment: DictRow | None, trade: Trade, *, actor: str, at: datetime
    ) -> tuple[str, str]:
        """Let what the service says take effect; the verdict and its detail."""
        if payment is None:
            return "unknown_payment", ""
        order = await self._orders.locked(tx, payment["order_id"])
        locked = await repository.get_locked(tx, payment["id"])
        assert locked is not None
        if trade.status == "closed":
            await repository.set_closed(tx, payment["id"])
            return "ignored", "closed"
        if trade.status != "succeeded":
            return "ignored", trade.status
        if trade.currency != locked["currency"]:
            return "wrong_currency", f"{trade.currency} instead of {locked['currency']}"
        if trade.amount_cents != locked["amount_cents"]:
            return "wrong_amount", f"{trade.amount_cents} instead of {locked['amount_cents']}"
        if locked["status"] in ("succeeded", "refunded"):
            return "repeated", ""
        await repository.set_succeeded(tx, payment["id"], trade.trade_no, at)
        return "accepted", await self._settle(tx, order, locked, actor=actor, at=at)

    async def _settle(self, tx: Tx, order: DictRow, payment: DictRow, *, actor: str, at: datetime) -> str:
        """The money is here: the order is paid, or the money goes back; how it went."""
        status = Status(order["status"])
        if status == Status.PENDING_PAYMENT:
            await self._orders.pay(tx, order, actor=actor, at=at)
        elif status == Status.EXPIRED:
            try:
                await self._orders.pay_late(tx, order, actor=actor, at=at)
            except OutOfStock:
                await self._send_back(tx, order, payment, "late_payment", at)
                return "paid late and sold out: refunded"
        elif status == Status.CANCELLED:
            await self._send_back(tx, order, payment, "late_payment", at)
            return "paid after it was cancelled: refunded"
        else:
            await self._send_back(tx, order, payment, "double_payment", at)
            return "the order was paid already: refunded"
        postings = sale(sold(order, payment["provider"]), self.rates)
        await ledger.post(
            tx,
            "sale",
            payment["id"],
            postings,
            currency=payment["currency"],
            order_id=order["id"],
            at=at,
        )
        return status

    async def _send_back(self, tx: Tx, order: DictRow, payment: DictRow, kind: str, at: datetime) -> None:
        await ledger.post(
            tx,
            "unapplied",
            payment["id"],
            unapplied(payment["provider"], payment["amount_cents"], self.rates),
            currency=payment["currency"],
            order_id=order["id"],
            at=at,
            memo=kind,
        )
        refund = {
            "id": new_id(),
            "order_id": order["id"],
            "payment_id": payment["id"],
            "kind": kind,
            "amount_cents": payment["amount_cents"],
            "reason": kind,
            "requested_by": "system",
            "at": at,
        }
        await repository.insert_refund(tx, refund)
        await defer_in(tx, "payments:refund", refund_id=str(refund["id"]))

    async def before_expiry(self, order_id: UUID) -> bool:
        """Ask once more and close what is open, so that nobody pays for what is given back.

        False where a service could not be reached; a payment that it accepts later is refunded or served.
        """
        async with self._db.transaction() as tx:
            pending = await repository.pending_of_order(tx, order_id)
        reached = True
        for payment in pending:
            provider = self.provider(payment["provider"])
            try:
                trade = await provider.query(_key(payment))
                if trade.status in ("pending", "unknown"):
                    await provider.close(_key(payment))
            except VendorError as error:
                log.warning("payment not closed", provider=payment["provider"], error=str(error))
                reached = False
                continue
            async with self._db.transaction() as tx:
                await self._apply(
                    tx, payment, trade, actor=f"query:{payment['provider']}", at=self._clock.now()
                )
        return reached

    async def of_order(self, order_id: UUID, payment_id: UUID, buyer_id: UUID) -> DictRow:
        """The buyer's own payment; OrderNotFound for everything else."""
        async with self._db.transaction() as tx:
            await self._orders.of_buyer(tx, order_id, buyer_id)
            payment = await repository.get(tx, payment_id)
        if payment is None or payment["order_id"] != order_id:
            raise OrderNotFound
        return payment


def _key(payment: DictRow) -> PaymentKey:
    return PaymentKey(payment["out_trade_no"], payment["provider_trade_no"])


def sold(order: DictRow, provider: str) -> Sale:
    """What the ledger needs to know of a paid order."""
    return Sale(
        provider=provider,
        paid_cents=order["total_cents"],
        goods_cents=order["items_cents"] - order["discount_cents"] + order["platform_discount_cents"],
        coupon_cents=order["platform_discount_cents"],
        in_room=order["room_id"] is not None,
    )
