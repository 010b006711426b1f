"""What things cost, to whom, where and when."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from app.core.db import Tx
from commerce.errors import MixedCurrencies, SkuNotFound
from commerce.inventory.rooms import ProductRooms
from commerce.inventory.service import per_sku
from commerce.orders import repository as orders
from commerce.orders.schemas import OrderIn
from commerce.promotions import repository
from commerce.promotions.facts import Cart, PriceFacts
from commerce.promotions.schemas import CouponOut, OfferOut, QuoteLineOut, QuoteOut, StepOut


def cart_of(order: OrderIn, buyer_id: UUID | None, region: str | None) -> Cart:
    quantities = per_sku((line.sku_id, line.quantity) for line in order.lines)
    return Cart(buyer_id, order.room_id, quantities, order.coupon_code, region)


async def quote(tx: Tx, rooms: ProductRooms, cart: Cart, at: datetime) -> QuoteOut:
    """The price of an order that is not placed; stock plays no part in it."""
    offers = await orders.offers(tx, cart.quantities)
    for sku_id in cart.quantities:
        if sku_id not in offers:
            raise SkuNotFound(sku_id=str(sku_id))
    currencies = {offer["currency"] for offer in offers.values()}
    if len(currencies) > 1:
        raise MixedCurrencies
    facts = await PriceFacts.load(tx, rooms, [cart], at, lock=False)
    priced = facts.quote(cart, offers)
    return QuoteOut(
        lines=[QuoteLineOut.model_validate(line, from_attributes=True) for line in priced.lines],
        items_cents=priced.items_cents,
        discount_cents=priced.discount_cents,
        shipping_cents=priced.shipping_cents,
        total_cents=priced.total_cents,
        currency=currencies.pop(),
        steps=[StepOut.model_validate(step, from_attributes=True) for step in priced.steps],
    )


async def offers(tx: Tx, room_id: UUID, at: datetime) -> list[OfferOut]:
    """Flash sales first, then room prices."""
    return [OfferOut.model_validate(row) for row in await repository.offers_of_room(tx, room_id, at)]


async def coupons_of_room(tx: Tx, room_id: UUID, at: datetime) -> list[CouponOut]:
    """Coupons of this room alone that can be used now, the best known first."""
    return [CouponOut.model_validate(row) for row in await repository.coupons_of_room(tx, room_id, at)]


async def set_room_prices(tx: Tx, room_id: UUID, prices: Mapping[UUID, int]) -> None:
    """These SKUs cost that much in this room from now on; other SKUs stay as they are."""
    await repository.set_room_prices(tx, room_id, prices)
