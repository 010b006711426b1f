"""The demo's shop, people and room. Doing it twice changes nothing."""

import json
from uuid import UUID

from app.adapters.shop import open_shop
from app.core.auth import Principal
from app.core.http import Services
from app.demo import ACCOUNTS, DATA, HOST, PASSWORD, ROOM_TITLE, Account
from app.identity import repository as users
from app.identity import service as identity
from app.identity.schemas import Registration
from app.rooms import repository as rooms_repository
from app.rooms import service as rooms
from app.rooms.schemas import NewRoom
from app.runtime import open_services
from app.settings import Settings
from commerce.addresses import service as addresses
from commerce.addresses.schemas import AddressIn
from commerce.catalog import seed as catalogue
from commerce.runtime import Commerce

HOME = AddressIn(
    recipient="小雨",
    phone="13800138000",
    region="上海市 黄浦区",
    street="南京东路 100 号 8 楼",
    is_default=True,
)


async def seed(settings: Settings) -> None:
    """Make what is missing."""
    async with open_services(settings) as services, open_shop(services, settings) as shop:
        for account in ACCOUNTS:
            await _person(services, shop, account)
        catalog = json.loads((DATA / "catalog.json").read_text(encoding="utf-8"))
        products = await catalogue.seed(
            services.db,
            services.clock,
            catalog,
            store=shop.pictures,
            pictures=DATA / "products",
        )
        await _room(services, list(products.values()))


async def _person(services: Services, shop: Commerce, account: Account) -> None:
    """An account with an address to ship to."""
    async with services.db.transaction() as tx:
        if await users.user_by_email(tx, account.email):
            return
    form = Registration(email=account.email, password=PASSWORD, display_name=account.display_name)
    user = await identity.register(services.db, services.clock, form, roles=[account.role])
    async with services.db.transaction() as tx:
        await addresses.add(tx, shop.vault, user["id"], HOME, services.clock.now())


async def _room(services: Services, product_ids: list[UUID]) -> None:
    """The host's room, unless one is open."""
    async with services.db.transaction() as tx:
        user = await users.user_by_email(tx, HOST.email)
        assert user is not None
        host: Principal = identity.principal(user)
        open_rooms = await rooms_repository.rooms(tx, statuses=["scheduled", "live"], host_id=host.user_id)
    if open_rooms:
        return
    room = await rooms.create(services.db, services.clock, host, NewRoom(title=ROOM_TITLE))
    await rooms.set_queue(services.db, services.clock, host, room["id"], product_ids)
