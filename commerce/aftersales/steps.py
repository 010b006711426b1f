"""How a request gets from one status to the next: written down, with its deadline, and told to its buyer."""

from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow

from app.core.clock import Clock
from app.core.db import Tx
from app.core.jobs import defer_in
from commerce.aftersales import repository
from commerce.aftersales.states import CLOSED, DEADLINES, Event, follow
from commerce.aftersales.states import AfterSaleKind as Kind
from commerce.aftersales.states import AfterSaleStatus as Status
from commerce.orders.service import OrderBook


class Steps:
    """Moves locked requests, in the caller's transaction."""

    def __init__(self, orders: OrderBook, clock: Clock) -> None:
        self._orders = orders
        self._clock = clock

    async def move(
        self, tx: Tx, request: DictRow, event: Event, *, actor: str, reason: str = "", **changes: Any
    ) -> DictRow:
        """Follow `event`; the request's new row. Raises AfterSaleNotPossible."""
        before = Status(request["status"])
        after = follow(Kind(request["kind"]), before, event)
        now = self._clock.now()
        deadline = now + DEADLINES[after] if after in DEADLINES else None
        closed = {"closed_at": now} if after in CLOSED else {}
        await repository.set_status(tx, request["id"], after, {"deadline_at": deadline, **closed, **changes})
        await repository.add_transition(
            tx, request["id"], before, after, event, actor=actor, reason=reason, at=now
        )
        if deadline:
            await when_due(tx, request["id"], deadline)
        await self._orders.tell(tx, await self._orders.locked(tx, request["order_id"]))
        return await self.found(tx, request["id"])

    async def found(self, tx: Tx, request_id: UUID) -> DictRow:
        row = await repository.get(tx, request_id)
        assert row is not None
        return row

    async def refund_settled(self, tx: Tx, refund_id: UUID, succeeded: bool) -> None:
        """A refund came to its end; where a request waits for it, it goes on."""
        request_id = await repository.by_refund(tx, refund_id)
        request = await repository.get_locked(tx, request_id) if request_id else None
        if request is None or request["status"] != Status.REFUNDING:
            return
        if succeeded:
            await self.move(tx, request, Event.REFUNDED, actor="system")
        else:
            await self.move(tx, request, Event.REFUND_FAILED, actor="system", refund_id=None)


async def when_due(tx: Tx, request_id: UUID, at: datetime) -> None:
    """Look at it again when its deadline is over."""
    await defer_in(tx, "aftersales:deadline", at=at, after_sale_id=str(request_id))
