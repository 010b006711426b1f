"""/api/quotes, /api/offers and the merchant's promotions"""

from uuid import UUID

from fastapi import APIRouter
from psycopg import errors as pg

from app.core.http import ClockDep, DatabaseDep, OptionalUser
from app.core.ids import new_id
from commerce.addresses import service as addresses
from commerce.deps import CommerceDep, Merchant
from commerce.errors import CodeTaken, PromotionNotFound, SkuNotFound
from commerce.orders.schemas import OrderIn
from commerce.promotions import repository, service
from commerce.promotions.schemas import (
    CouponIn,
    CouponOut,
    Coupons,
    FlashSaleIn,
    FlashSaleOut,
    FlashSales,
    Offers,
    QuoteOut,
    RoomPrices,
    ShippingFeeIn,
)

router = APIRouter(prefix="/api", tags=["promotions"])
merchant_router = APIRouter(prefix="/api/merchant", tags=["merchant"])

LIMIT = 200


@router.post("/quotes")
async def quote(
    order: OrderIn, db: DatabaseDep, commerce: CommerceDep, user: OptionalUser, clock: ClockDep
) -> QuoteOut:
    """What an order would cost now, and why; the same rules price the order itself."""
    buyer_id = user.user_id if user else None
    async with db.transaction() as tx:
        region = None
        if order.address_id is not None and buyer_id is not None:
            region = await addresses.region(tx, commerce.vault, buyer_id, order.address_id)
        cart = service.cart_of(order, buyer_id, region)
        return await service.quote(tx, commerce.rooms, cart, clock.now())


@router.get("/offers")
async def offers(room_id: UUID, db: DatabaseDep, clock: ClockDep) -> Offers:
    """Room prices and flash sales that count in this room now."""
    async with db.transaction() as tx:
        return Offers(items=await service.offers(tx, room_id, clock.now()))


@merchant_router.get("/rooms/{room_id}/prices")
async def get_room_prices(room_id: UUID, db: DatabaseDep, merchant: Merchant) -> RoomPrices:
    async with db.transaction() as tx:
        return RoomPrices.model_validate({"items": await repository.prices_of_room(tx, room_id)})


@merchant_router.put("/rooms/{room_id}/prices")
async def set_room_prices(
    room_id: UUID, prices: RoomPrices, db: DatabaseDep, merchant: Merchant
) -> RoomPrices:
    try:
        async with db.transaction() as tx:
            await repository.replace_room_prices(
                tx, room_id, {item.sku_id: item.price_cents for item in prices.items}
            )
    except pg.ForeignKeyViolation as error:
        raise SkuNotFound from error
    return prices


@merchant_router.get("/flash-sales")
async def list_flash_sales(db: DatabaseDep, merchant: Merchant) -> FlashSales:
    async with db.transaction() as tx:
        return FlashSales.model_validate({"items": await repository.flash_sales(tx, LIMIT)})


@merchant_router.post("/flash-sales", status_code=201)
async def add_flash_sale(sale: FlashSaleIn, db: DatabaseDep, merchant: Merchant) -> FlashSaleOut:
    try:
        async with db.transaction() as tx:
            row = await repository.insert_flash_sale(tx, sale.model_dump() | {"id": new_id()})
    except pg.ForeignKeyViolation as error:
        raise SkuNotFound from error
    return FlashSaleOut.model_validate(row)


@merchant_router.post("/flash-sales/{sale_id}/end")
async def end_flash_sale(sale_id: UUID, db: DatabaseDep, merchant: Merchant, clock: ClockDep) -> FlashSaleOut:
    async with db.transaction() as tx:
        row = await repository.end_flash_sale(tx, sale_id, clock.now())
    if row is None:
        raise PromotionNotFound
    return FlashSaleOut.model_validate(row)


@merchant_router.get("/coupons")
async def list_coupons(db: DatabaseDep, merchant: Merchant) -> Coupons:
    async with db.transaction() as tx:
        return Coupons.model_validate({"items": await repository.coupons(tx, LIMIT)})


@merchant_router.post("/coupons", status_code=201)
async def add_coupon(coupon: CouponIn, db: DatabaseDep, merchant: Merchant) -> CouponOut:
    async with db.transaction() as tx:
        row = await repository.insert_coupon(tx, coupon.model_dump() | {"id": new_id()})
    if row is None:
        raise CodeTaken(codes=[coupon.code])
    return CouponOut.model_validate(row)


@merchant_router.post("/coupons/{coupon_id}/end")
async def end_coupon(coupon_id: UUID, db: DatabaseDep, merchant: Merchant, clock: ClockDep) -> CouponOut:
    async with db.transaction() as tx:
        row = await repository.end_coupon(tx, coupon_id, clock.now())
    if row is None:
        raise PromotionNotFound
    return CouponOut.model_validate(row)


@merchant_router.put("/shipping-fee")
async def set_shipping_fee(fee: ShippingFeeIn, db: DatabaseDep, merchant: Merchant) -> ShippingFeeIn:
    async with db.transaction() as tx:
        await repository.set_shipping_fee(tx, fee.currency, fee.fee_cents, fee.free_from_cents)
    return fee
