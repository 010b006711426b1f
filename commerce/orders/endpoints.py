"""/api/orders and /api/merchant/orders"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.core.errors import NotFound, answers
from app.core.http import ClockDep, CurrentUser, DatabaseDep
from commerce.addresses.schemas import AddressOut
from commerce.addresses.service import of_order
from commerce.carts import service as carts
from commerce.deps import CommerceDep, IdempotencyKey, Merchant
from commerce.errors import AddressNotFound, OrderNotFound
from commerce.orders import repository
from commerce.orders.desk import Busy
from commerce.orders.placement import OrderDraft
from commerce.orders.schemas import (
    CancelIn,
    InvoiceOut,
    MerchantOrders,
    OrderIn,
    OrderOut,
    Orders,
    RevealIn,
    Reveals,
    ShipIn,
    Transitions,
)
from commerce.orders.states import Status
from commerce.orders.views import invoice_of, present

router = APIRouter(prefix="/api/orders", tags=["orders"])
merchant_router = APIRouter(prefix="/api/merchant/orders", tags=["merchant"])

PAGE = 50


@router.post("", status_code=201, response_model=OrderOut, responses=answers(Busy))
async def place_order(
    order: OrderIn, key: IdempotencyKey, db: DatabaseDep, commerce: CommerceDep, user: CurrentUser
) -> Response:
    """Reserve the stock and write the order. The same key and body again: the same order."""
    sealed = None
    if order.invoice:
        sealed = commerce.vault.seal(order.invoice.model_dump(), user.user_id.bytes)
    row = await commerce.desk.place(OrderDraft(user, key, order, sealed))
    if order.from_cart:
        async with db.transaction() as tx:
            await carts.bought(tx, user.user_id, [line.sku_id for line in order.lines])
    # Written out here: in a rush FastAPI's second validation of the answer costs as much as the order.
    body = present(commerce.vault, row, masked=False).model_dump_json()
    return Response(body, 201, media_type="application/json")


@router.get("/mine")
async def my_orders(db: DatabaseDep, commerce: CommerceDep, user: CurrentUser) -> Orders:
    async with db.transaction() as tx:
        rows = await repository.of_buyer(tx, user.user_id, PAGE)
    return Orders(items=[present(commerce.vault, row, masked=False) for row in rows])


@router.get("/{order_id}")
async def get_order(order_id: UUID, db: DatabaseDep, commerce: CommerceDep, user: CurrentUser) -> OrderOut:
    async with db.transaction() as tx:
        row = await repository.get(tx, order_id)
    if row is None or row["buyer_id"] != user.user_id:
        raise OrderNotFound
    return present(commerce.vault, row, masked=False)


@router.post("/{order_id}/cancel")
async def cancel_order(
    order_id: UUID,
    db: DatabaseDep,
    commerce: CommerceDep,
    user: CurrentUser,
    clock: ClockDep,
    body: CancelIn | None = None,
) -> OrderOut:
    async with db.transaction() as tx:
        order = await commerce.orders.of_buyer(tx, order_id, user.user_id)
        reason = body.reason if body else ""
        row = await commerce.orders.cancel(
            tx, order, actor=f"buyer:{user.user_id}", reason=reason, at=clock.now()
        )
    return present(commerce.vault, row, masked=False)


@router.post("/{order_id}/receive")
async def receive_order(
    order_id: UUID, db: DatabaseDep, commerce: CommerceDep, user: CurrentUser, clock: ClockDep
) -> OrderOut:
    """The buyer confirms receipt."""
    async with db.transaction() as tx:
        order = await commerce.orders.of_buyer(tx, order_id, user.user_id)
        row = await commerce.orders.receive(tx, order, actor=f"buyer:{user.user_id}", at=clock.now())
    return present(commerce.vault, row, masked=False)


@merchant_router.get("")
async def orders_to_handle(
    db: DatabaseDep,
    commerce: CommerceDep,
    merchant: Merchant,
    status: Status | None = None,
    room_id: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = PAGE,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> MerchantOrders:
    """Addresses are masked here."""
    async with db.transaction() as tx:
        rows, total = await repository.page(tx, status=status, room_id=room_id, limit=limit, offset=offset)
    return MerchantOrders(items=[present(commerce.vault, row, masked=True) for row in rows], total=total)


@merchant_router.post("/{order_id}/address")
async def reveal_address(
    order_id: UUID,
    body: RevealIn,
    db: DatabaseDep,
    commerce: CommerceDep,
    merchant: Merchant,
    clock: ClockDep,
) -> AddressOut:
    """The whole address, for who ships; that it was looked at is logged."""
    async with db.transaction() as tx:
        order = await commerce.orders.locked(tx, order_id)
        address = of_order(commerce.vault, order["address_sealed"], order["buyer_id"], masked=False)
        if address is None:
            raise AddressNotFound
        actor = f"merchant:{merchant.user_id}"
        await repository.log_reveal(tx, order_id, actor=actor, reason=body.reason, at=clock.now())
    return address


@merchant_router.post("/{order_id}/invoice")
async def reveal_invoice(
    order_id: UUID,
    body: RevealIn,
    db: DatabaseDep,
    commerce: CommerceDep,
    merchant: Merchant,
    clock: ClockDep,
) -> InvoiceOut:
    """Who the invoice is for, whole, for who writes it; that it was looked at is logged."""
    async with db.transaction() as tx:
        order = await commerce.orders.locked(tx, order_id)
        invoice = invoice_of(commerce.vault, order["invoice_sealed"], order["buyer_id"], masked=False)
        if invoice is None:
            raise NotFound("no invoice was asked for")
        actor = f"merchant:{merchant.user_id}"
        await repository.log_reveal(
            tx, order_id, actor=actor, reason=f"invoice: {body.reason}", at=clock.now()
        )
    return invoice


@merchant_router.get("/{order_id}/reveals")
async def list_reveals(order_id: UUID, db: DatabaseDep, commerce: CommerceDep, merchant: Merchant) -> Reveals:
    """Who looked at the buyer's whole address or invoice, when and why."""
    async with db.transaction() as tx:
        await commerce.orders.locked(tx, order_id)
        return Reveals.model_validate({"items": await repository.reveals(tx, order_id)})


@merchant_router.post("/{order_id}/ship")
async def ship_order(
    order_id: UUID, shipment: ShipIn, db: DatabaseDep, commerce: CommerceDep, merchant: Merchant
) -> OrderOut:
    """All that is left or, with `lines`, a part: the order is shipped with its last parcel."""
    async with db.transaction() as tx:
        order = await commerce.orders.locked(tx, order_id)
        row = await commerce.shipping.ship(
            tx,
            order,
            shipment.lines,
            carrier=shipment.carrier,
            tracking=shipment.tracking,
            actor=f"merchant:{merchant.user_id}",
        )
    return present(commerce.vault, row, masked=True)


@merchant_router.get("/{order_id}/transitions")
async def order_history(order_id: UUID, db: DatabaseDep, merchant: Merchant) -> Transitions:
    """Who moved the order, when and why."""
    async with db.transaction() as tx:
        rows = await repository.transitions(tx, order_id)
    if not rows:
        raise OrderNotFound
    return Transitions.model_validate({"items": rows})
