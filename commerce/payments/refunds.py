"""Money out: a refund is written first, sent by a job until the service has taken it, and posted then."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from uuid import UUID

import structlog
from psycopg.rows import DictRow

from app.core.clock import Clock
from app.core.db import Database, Tx
from app.core.errors import VendorError
from app.core.ids import new_id
from app.core.jobs import defer_in
from commerce.errors import IdempotencyKeyReused, RefundTooLarge, WrongOrderStatus
from commerce.inventory import service as inventory
from commerce.inventory.rooms import ProductRooms
from commerce.ledger import repository as ledger
from commerce.ledger.postings import reversal
from commerce.orders.service import OrderBook, left_to_ship, partly_shipped
from commerce.orders.states import OrderEvent, Status
from commerce.payments import repository
from commerce.payments.provider import PaymentKey, Provider, RefundRequest
from commerce.payments.refund_plan import RefundPlan, plan
from commerce.payments.schemas import RefundIn

MAX_ATTEMPTS = 12
FIRST_RETRY_S = 5
LONGEST_RETRY_S = 3600

Settled = Callable[[Tx, UUID, bool], Awaitable[None]]

log = structlog.get_logger()


class Refunder:
    """Takes refunds on and carries them out."""

    def __init__(
        self,
        db: Database,
        orders: OrderBook,
        providers: Mapping[str, Provider],
        clock: Clock,
        rooms: ProductRooms,
        settled: Settled | None = None,
    ) -> None:
        """`settled` hears, in its transaction, of each refund's end: whether it succeeded."""
        self._settled = settled
        self._db = db
        self._orders = orders
        self._providers = providers
        self._clock = clock
        self._rooms = rooms

    async def request(self, tx: Tx, order: DictRow, wanted: RefundIn, *, key: str, actor: str) -> DictRow:
        """Take a refund of a locked, paid order on; the same key and request again is the same refund.

        Raises RefundTooLarge, WrongOrderStatus (one refund at a time) or IdempotencyKeyReused.
        """
        known = await repository.refund_by_key(tx, order["id"], key)
        if known is not None:
            if bytes(known["request_hash"]) != wanted.digest():
                raise IdempotencyKeyReused
            return known
        payment = await repository.paying(tx, order["id"])
        if payment is None:
            raise WrongOrderStatus("there is nothing to refund", status=order["status"])
        planned = plan(order, wanted)
        if planned.amount_cents < 1:
            raise RefundTooLarge(refundable_cents=order["total_cents"] - order["refunded_cents"])
        now = self._clock.now()
        await self._orders.move(tx, order, OrderEvent.REFUND, actor=actor, at=now, reason=wanted.reason)
        refund = await self._insert(tx, order, payment, wanted, planned, key=key, actor=actor)
        await defer_in(tx, "payments:refund", refund_id=str(refund["id"]))
        return refund

    async def _insert(
        self,
        tx: Tx,
        order: DictRow,
        payment: DictRow,
        wanted: RefundIn,
        planned: RefundPlan,
        *,
        key: str,
        actor: str,
    ) -> DictRow:
        refund = {
            "id": new_id(),
            "order_id": order["id"],
            "payment_id": payment["id"],
            "kind": "order",
            "amount_cents": planned.amount_cents,
            "reason": wanted.reason,
            "requested_by": actor,
            "at": self._clock.now(),
            "idempotency_key": key,
            "request_hash": wanted.digest(),
            "restock": wanted.restock,
            "back_to": order["status"],
        }
        row = await repository.insert_refund(tx, refund)
        lines = [(line.position, line.quantity, line.amount_cents) for line in planned.lines]
        await repository.insert_refund_lines(tx, row["id"], lines)
        return row

    async def send(self, refund_id: UUID) -> None:
        """Send a pending refund; the service knows its number, so that sending it twice refunds once."""
        async with self._db.transaction() as tx:
            refund = await repository.get_refund(tx, refund_id)
            payment = await repository.get(tx, refund["payment_id"]) if refund else None
        if refund is None or payment is None or refund["status"] != "pending":
            return
        request = RefundRequest(
            payment=PaymentKey(payment["out_trade_no"], payment["provider_trade_no"]),
            refund_no=refund_id.hex,
            amount_cents=refund["amount_cents"],
            total_cents=payment["amount_cents"],
            currency=payment["currency"],
            reason=refund["reason"],
        )
        try:
            await self._providers[payment["provider"]].refund(request)
        except VendorError as error:
            await self._failed(refund, error)
            return
        async with self._db.transaction() as tx:
            await self._succeeded(tx, refund)

    async def _failed(self, refund: DictRow, error: VendorError) -> None:
        final = not error.retryable or refund["attempts"] + 1 >= MAX_ATTEMPTS
        log.warning("refund not sent", refund=str(refund["id"]), error=str(error), final=final)
        delay_s = min(FIRST_RETRY_S * 2 ** refund["attempts"], LONGEST_RETRY_S)
        async with self._db.transaction() as tx:
            order = await self._orders.locked(tx, refund["order_id"])
            still = await repository.get_refund_locked(tx, refund["id"])
            if still is None or still["status"] != "pending":
                return
            await repository.note_refund_failure(tx, refund["id"], str(error), final=final)
            if not final:
                await send_later(tx, refund["id"], self._clock, delay_s)
            elif refund["kind"] == "order":
                await repository.uncount_refund_lines(tx, refund["id"])
                await self._orders.move(
                    tx,
                    order,
                    OrderEvent.REFUND_FAILED,
                    actor="system",
                    at=self._clock.now(),
                    reason=str(error),
                    back_to=Status(refund["back_to"]),
                )
                if self._settled:
                    await self._settled(tx, refund["id"], False)

    async def _succeeded(self, tx: Tx, refund: DictRow) -> None:
        order = await self._orders.locked(tx, refund["order_id"])
        payment = await repository.get_locked(tx, refund["payment_id"])
        still = await repository.get_refund_locked(tx, refund["id"])
        assert payment is not None
        assert still is not None
        if still["status"] == "succeeded":
            return
        now = self._clock.now()
        await repository.settle_refund(tx, refund["id"], now)
        await repository.add_refunded(tx, payment["id"], refund["amount_cents"])
        entry = "sale" if refund["kind"] == "order" else "unapplied"
        postings = reversal(
            await ledger.posted(tx, entry, payment["id"]),
            payment["amount_cents"],
            before_cents=payment["refunded_cents"],
            after_cents=payment["refunded_cents"] + refund["amount_cents"],
        )
        await ledger.post(
            tx,
            f"{entry}_refund",
            refund["id"],
            postings,
            currency=payment["currency"],
            order_id=order["id"],
            at=now,
            memo=refund["kind"],
        )
        if refund["kind"] == "order":
            await self._settle_order(tx, order, refund)
            if self._settled:
                await self._settled(tx, refund["id"], True)

    async def _settle_order(self, tx: Tx, order: DictRow, refund: DictRow) -> None:
        now = self._clock.now()
        if refund["restock"]:
            lines = await repository.refund_lines(tx, refund["id"])
            units = [(line["sku_id"], line["quantity"]) for line in lines if line["quantity"]]
            await inventory.restock(tx, self._rooms, units, order_id=order["id"], actor="system", at=now)
        refunded_cents = order["refunded_cents"] + refund["amount_cents"]
        everything = refunded_cents == order["total_cents"]
        back_to = Status(refund["back_to"])
        shipped_at = {}
        if back_to == Status.PAID and partly_shipped(order) and not left_to_ship(order):
            # What was still to be shipped went back: the rest is on its way already.
            back_to, shipped_at = Status.SHIPPED, {"shipped_at": now}
            if not everything:
                await self._orders.receive_later(tx, order["id"], now)
        await self._orders.move(
            tx,
            order,
            OrderEvent.REFUND_ALL if everything else OrderEvent.REFUND_PART,
            actor="system",
            at=now,
            reason=refund["reason"],
            back_to=None if everything else back_to,
            refunded_cents=refunded_cents,
            **({} if everything else shipped_at),
        )


async def send_later(tx: Tx, refund_id: UUID, clock: Clock, delay_s: int) -> None:
    await defer_in(
        tx, "payments:refund", at=clock.now() + timedelta(seconds=delay_s), refund_id=str(refund_id)
    )
