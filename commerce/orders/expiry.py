"""Unpaid orders give their stock back; shipped ones are received by and by."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from app.core.clock import Clock
from app.core.db import Database
from app.core.jobs import defer_in
from commerce.aftersales import repository as after_sales
from commerce.orders import repository
from commerce.orders.service import OrderBook
from commerce.orders.states import Status
from commerce.payments.cashier import Cashier

GRACE_S = 60
MAX_EXTENSIONS = 3
LOOK_AGAIN = timedelta(days=1)


class Expiry:
    """What time does to orders: unpaid ones end, shipped ones count as received."""

    def __init__(self, db: Database, orders: OrderBook, cashier: Cashier, clock: Clock) -> None:
        self._db = db
        self._orders = orders
        self._cashier = cashier
        self._clock = clock

    async def expire(self, order_ids: Iterable[UUID], extensions: int = 0) -> None:
        """Expire those that are unpaid and whose time is over.

        While a payment service cannot be asked, an order is held a little longer, a few times.
        """
        for order_id in order_ids:
            reached = await self._cashier.before_expiry(order_id)
            await self._expire_one(
                order_id, extend=not reached and extensions < MAX_EXTENSIONS, extensions=extensions
            )

    async def receive(self, order_id: UUID) -> None:
        """Complete a shipped order, unless something is asked about it; what is elsewhere stays there."""
        async with self._db.transaction() as tx:
            order = await self._orders.locked(tx, order_id)
            if order["status"] == Status.REFUNDING or await after_sales.any_open(tx, order_id):
                at = self._clock.now() + LOOK_AGAIN
                await defer_in(tx, "orders:receive", at=at, order_id=str(order_id))
            elif order["status"] == Status.SHIPPED:
                await self._orders.receive(tx, order, actor="system", at=self._clock.now())

    async def _expire_one(self, order_id: UUID, *, extend: bool, extensions: int) -> None:
        now = self._clock.now()
        async with self._db.transaction() as tx:
            order = await self._orders.locked(tx, order_id)
            if order["status"] != Status.PENDING_PAYMENT:
                return
            if extend:
                until = now + timedelta(seconds=GRACE_S)
                await repository.extend(tx, order_id, until)
            elif order["expires_at"] > now:
                until = order["expires_at"]
            else:
                await self._orders.expire(tx, order, at=now)
                return
            await defer_in(
                tx, "orders:expire", at=until, order_ids=[str(order_id)], extensions=extensions + int(extend)
            )
