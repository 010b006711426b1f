"""/api/cart: for guests by a cookie, for members by their account"""

import secrets
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from app.core.http import ClockDep, DatabaseDep, OptionalUser
from commerce.carts import service
from commerce.carts.schemas import CartLineIn, CartOut, CartQuantityIn
from commerce.deps import CommerceDep

router = APIRouter(prefix="/api/cart", tags=["cart"])

COOKIE = "shopcast_cart"
KEPT_S = 30 * 24 * 3600


async def guest_of(request: Request) -> str | None:
    """The secret of the guest's cart, if the browser has one."""
    return request.cookies.get(COOKIE)


Guest = Annotated[str | None, Depends(guest_of)]


@router.get("")
async def get_cart(
    response: Response,
    db: DatabaseDep,
    commerce: CommerceDep,
    user: OptionalUser,
    guest: Guest,
    clock: ClockDep,
) -> CartOut:
    """The cart as it is now. What a guest chose is in the member's cart from their first look at it."""
    now = clock.now()
    hashed = service.guest_hash(guest) if guest else None
    async with db.transaction() as tx:
        cart = await service.find(tx, user.user_id if user else None, hashed, now, make=False)
        shown = await service.show(tx, commerce.rooms, cart, now)
    if user and guest:
        response.delete_cookie(COOKIE, path="/")
    return shown


@router.post("/lines", status_code=201)
async def add_to_cart(
    line: CartLineIn,
    response: Response,
    db: DatabaseDep,
    commerce: CommerceDep,
    user: OptionalUser,
    guest: Guest,
    clock: ClockDep,
) -> CartOut:
    """So many more of a SKU."""
    now = clock.now()
    secret = guest or (None if user else secrets.token_urlsafe(32))
    hashed = service.guest_hash(secret) if secret else None
    async with db.transaction() as tx:
        cart = await service.find(tx, user.user_id if user else None, hashed, now, make=True)
        assert cart is not None
        await service.add(tx, commerce.rooms, cart, line, now)
        shown = await service.show(tx, commerce.rooms, cart, now)
    if user and guest:
        response.delete_cookie(COOKIE, path="/")
    elif secret:
        response.set_cookie(
            COOKIE,
            secret,
            max_age=KEPT_S,
            httponly=True,
            samesite="lax",
            secure=commerce.config.secure_cookies,
            path="/",
        )
    return shown


@router.put("/lines/{sku_id}")
async def change_quantity(
    sku_id: UUID,
    body: CartQuantityIn,
    db: DatabaseDep,
    commerce: CommerceDep,
    user: OptionalUser,
    guest: Guest,
    clock: ClockDep,
) -> CartOut:
    now = clock.now()
    hashed = service.guest_hash(guest) if guest else None
    async with db.transaction() as tx:
        cart = await service.find(tx, user.user_id if user else None, hashed, now, make=False)
        await service.set_quantity(tx, cart, sku_id, body.quantity, now)
        return await service.show(tx, commerce.rooms, cart, now)


@router.delete("/lines/{sku_id}")
async def remove_from_cart(
    sku_id: UUID, db: DatabaseDep, commerce: CommerceDep, user: OptionalUser, guest: Guest, clock: ClockDep
) -> CartOut:
    now = clock.now()
    hashed = service.guest_hash(guest) if guest else None
    async with db.transaction() as tx:
        cart = await service.find(tx, user.user_id if user else None, hashed, now, make=False)
        await service.remove(tx, cart, [sku_id])
        return await service.show(tx, commerce.rooms, cart, now)


@router.post("/seen")
async def accept_prices(
    db: DatabaseDep, commerce: CommerceDep, user: OptionalUser, guest: Guest, clock: ClockDep
) -> CartOut:
    """The buyer has seen what has changed; it is told no more."""
    now = clock.now()
    hashed = service.guest_hash(guest) if guest else None
    async with db.transaction() as tx:
        cart = await service.find(tx, user.user_id if user else None, hashed, now, make=False)
        if cart is not None:
            await service.see(tx, commerce.rooms, cart, now)
        return await service.show(tx, commerce.rooms, cart, now)
