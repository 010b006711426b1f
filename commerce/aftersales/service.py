"""Returns, exchanges and refunds that buyers ask for.

Whoever has to act has a deadline; when it is over, the request goes on by itself: a shop that does not
answer agrees, a buyer who sends nothing back has let it lapse, goods that nobody books in count as received.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow

from app.core.clock import Clock
from app.core.db import Database, Tx
from app.core.ids import new_id
from commerce.aftersales import repository
from commerce.aftersales.schemas import AfterSaleIn
from commerce.aftersales.states import DEADLINES, ON_DEADLINE, Event
from commerce.aftersales.states import AfterSaleKind as Kind
from commerce.aftersales.states import AfterSaleStatus as Status
from commerce.aftersales.steps import Steps, when_due
from commerce.errors import AfterSaleNotFound, AfterSaleNotPossible, IdempotencyKeyReused, SkuNotFound
from commerce.inventory import service as inventory
from commerce.inventory.rooms import ProductRooms
from commerce.orders.service import OrderBook
from commerce.orders.states import Status as OrderStatus
from commerce.payments.refunds import Refunder
from commerce.payments.schemas import RefundIn, RefundLineIn

ASKED_WITHIN = timedelta(days=15)
"""After the receipt; seven days are what Chinese law grants for goods bought at a distance."""
MAY_ASK = (OrderStatus.PAID, OrderStatus.SHIPPED, OrderStatus.COMPLETED)


class AfterSales:
    """Takes requests on and moves them along; each method works in the caller's transaction."""

    def __init__(
        self,
        db: Database,
        orders: OrderBook,
        steps: Steps,
        refunder: Refunder,
        clock: Clock,
        rooms: ProductRooms,
    ) -> None:
        self._db = db
        self._steps = steps
        self._orders = orders
        self._refunder = refunder
        self._clock = clock
        self._rooms = rooms

    async def request(self, tx: Tx, order: DictRow, wanted: AfterSaleIn, *, key: str) -> DictRow:
        """A request of a locked order's buyer; the same key and request again is the same one.

        Raises AfterSaleNotPossible, SkuNotFound or IdempotencyKeyReused.
        """
        known = await repository.by_key(tx, order["buyer_id"], key)
        if known is not None:
            if bytes(known["request_hash"]) != wanted.digest():
                raise IdempotencyKeyReused
            return known
        lines = self._lines(order, wanted)
        self._may_ask(order, wanted)
        if await repository.any_open(tx, order["id"]):
            raise AfterSaleNotPossible("one request at a time", reason="open_already")
        now = self._clock.now()
        request = {
            **wanted.model_dump(include={"kind", "reason", "description", "pictures"}),
            "id": new_id(),
            "order_id": order["id"],
            "buyer_id": order["buyer_id"],
            "status": Status.REQUESTED,
            "amount_cents": _amount(order, lines, wanted),
            "idempotency_key": key,
            "request_hash": wanted.digest(),
            "deadline_at": now + DEADLINES[Status.REQUESTED],
            "at": now,
        }
        await repository.insert(tx, request, lines)
        await repository.add_transition(
            tx,
            request["id"],
            None,
            Status.REQUESTED,
            Event.REQUEST,
            actor=f"buyer:{order['buyer_id']}",
            reason=wanted.reason,
            at=now,
        )
        await when_due(tx, request["id"], request["deadline_at"])
        return await self._steps.found(tx, request["id"])

    def _may_ask(self, order: DictRow, wanted: AfterSaleIn) -> None:
        if order["status"] not in MAY_ASK:
            raise AfterSaleNotPossible(status=order["status"], reason="not_paid")
        completed_at = order["completed_at"]
        if completed_at is not None and self._clock.now() > completed_at + ASKED_WITHIN:
            raise AfterSaleNotPossible("the time to ask is over", reason="too_late")
        shipped = {line["sku_id"]: line["shipped_quantity"] for line in order["lines"]}
        if wanted.kind != Kind.REFUND_ONLY:
            for line in wanted.lines:
                if shipped[str(line.sku_id)] < line.quantity:
                    raise AfterSaleNotPossible(sku_id=str(line.sku_id), reason="not_shipped")

    @staticmethod
    def _lines(order: DictRow, wanted: AfterSaleIn) -> dict[int, int]:
        by_sku = {line["sku_id"]: line for line in order["lines"]}
        lines: dict[int, int] = {}
        for part in wanted.lines:
            line = by_sku.get(str(part.sku_id))
            if line is None:
                raise SkuNotFound(sku_id=str(part.sku_id))
            position = line["position"]
            lines[position] = lines.get(position, 0) + part.quantity
            if lines[position] > line["quantity"] - line["refunded_quantity"]:
                raise AfterSaleNotPossible(sku_id=str(part.sku_id), reason="too_many")
        return lines

    async def of_buyer(self, tx: Tx, request_id: UUID, buyer_id: UUID) -> tuple[DictRow, DictRow]:
        """(order, request), both locked; another buyer's request does not exist for them."""
        order, request = await self.locked(tx, request_id)
        if request["buyer_id"] != buyer_id:
            raise AfterSaleNotFound
        return order, request

    async def locked(self, tx: Tx, request_id: UUID) -> tuple[DictRow, DictRow]:
        order_id = await repository.order_of(tx, request_id)
        if order_id is None:
            raise AfterSaleNotFound
        order = await self._orders.locked(tx, order_id)
        request = await repository.get_locked(tx, request_id)
        assert request is not None
        return order, request

    async def approve(
        self, tx: Tx, order: DictRow, request: DictRow, *, actor: str, answer: str = ""
    ) -> DictRow:
        """The goods are waited for or, where they may stay, the money goes back."""
        after = await self._steps.move(tx, request, Event.APPROVE, actor=actor, reason=answer, answer=answer)
        if after["status"] == Status.REFUNDING:
            return await self._refund(tx, order, after, actor=actor, restock=False)
        return after

    async def reject(self, tx: Tx, request: DictRow, *, actor: str, answer: str) -> DictRow:
        if not answer:
            raise AfterSaleNotPossible("say why", reason="answer_missing")
        return await self._steps.move(tx, request, Event.REJECT, actor=actor, reason=answer, answer=answer)

    async def withdraw(self, tx: Tx, request: DictRow, *, actor: str) -> DictRow:
        return await self._steps.move(tx, request, Event.WITHDRAW, actor=actor)

    async def send_back(
        self, tx: Tx, request: DictRow, *, carrier: str, tracking: str, actor: str
    ) -> DictRow:
        fields = {"return_carrier": carrier, "return_tracking": tracking}
        return await self._steps.move(
            tx, request, Event.SEND_BACK, actor=actor, reason=f"{carrier} {tracking}", **fields
        )

    async def receive(
        self, tx: Tx, order: DictRow, request: DictRow, *, restock: bool, actor: str
    ) -> DictRow:
        """The goods are here: the money goes back, or others are to be sent."""
        after = await self._steps.move(tx, request, Event.RECEIVE, actor=actor, restock=restock)
        if after["status"] == Status.REFUNDING:
            return await self._refund(tx, order, after, actor=actor, restock=restock)
        if restock:
            await inventory.restock(
                tx,
                self._rooms,
                units(after),
                order_id=order["id"],
                actor=actor,
                at=self._clock.now(),
            )
        return after

    async def replace(
        self, tx: Tx, order: DictRow, request: DictRow, *, carrier: str, tracking: str, actor: str
    ) -> DictRow:
        """Others are on their way; OutOfStock where there are none."""
        fields = {"replacement_carrier": carrier, "replacement_tracking": tracking}
        after = await self._steps.move(
            tx, request, Event.REPLACE, actor=actor, reason=f"{carrier} {tracking}", **fields
        )
        at = self._clock.now()
        await inventory.reserve(tx, self._rooms, units(after), order_id=order["id"], actor=actor, at=at)
        await inventory.sell(tx, units(after), order_id=order["id"], actor=actor, at=at)
        return after

    async def deadline(self, request_id: UUID) -> None:
        """What happens by itself once the time of whoever had to act is over."""
        async with self._db.transaction() as tx:
            order, request = await self.locked(tx, request_id)
            due = request["deadline_at"]
            event = ON_DEADLINE.get(Status(request["status"]))
            if event is None or due is None or due > self._clock.now():
                return
            if event == Event.APPROVE:
                await self.approve(tx, order, request, actor="system")
            elif event == Event.RECEIVE:
                await self.receive(tx, order, request, restock=False, actor="system")
            else:
                await self._steps.move(tx, request, event, actor="system")

    async def _refund(
        self, tx: Tx, order: DictRow, request: DictRow, *, actor: str, restock: bool
    ) -> DictRow:
        lines = [
            RefundLineIn(sku_id=sku_id, quantity=quantity, amount_cents=amount)
            for (sku_id, quantity), amount in zip(units(request), _shares(order, request), strict=True)
            if amount
        ]
        wanted = RefundIn(lines=lines, reason=request["reason"], restock=restock)
        refund = await self._refunder.request(
            tx, order, wanted, key=f"after-sale-{request['id']}-{len(request['steps'])}", actor=actor
        )
        await repository.set_status(tx, request["id"], Status.REFUNDING, {"refund_id": refund["id"]})
        return await self._steps.found(tx, request["id"])


def units(request: Mapping[str, Any]) -> list[tuple[UUID, int]]:
    """(SKU, quantity) of each line."""
    return [(UUID(line["sku_id"]), line["quantity"]) for line in request["lines"]]


def _rest_cents(line: Mapping[str, Any], quantity: int) -> int:
    """What so many more units of an order's line give back, as `payments.refund_plan` counts."""
    refunded = line["refunded_quantity"] + quantity
    so_far_cents = line["total_cents"] * refunded // line["quantity"]
    left_cents: int = so_far_cents - line["refunded_cents"]
    return max(left_cents, 0)


def _amount(order: DictRow, lines: Mapping[int, int], wanted: AfterSaleIn) -> int:
    if wanted.kind == Kind.EXCHANGE:
        return 0
    most = sum(
        _rest_cents(line, lines[line["position"]]) for line in order["lines"] if line["position"] in lines
    )
    amount: int = wanted.amount_cents if wanted.amount_cents is not None else most
    if not 0 < amount <= most:
        raise AfterSaleNotPossible(refundable_cents=most, reason="too_much")
    return amount


def _shares(order: DictRow, request: DictRow) -> list[int]:
    """The request's amount over its lines, up to what each may give back; they sum to it."""
    by_sku = {line["sku_id"]: line for line in order["lines"]}
    left: int = request["amount_cents"]
    shares: list[int] = []
    for sku_id, quantity in units(request):
        share = min(left, _rest_cents(by_sku[str(sku_id)], quantity))
        shares.append(share)
        left -= share
    return shares
