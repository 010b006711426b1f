"""Rows that many tests begin with."""

from datetime import UTC, datetime
from uuid import UUID

from app.core.auth import Principal
from app.core.db import Database
from app.core.http import Services
from app.core.ids import new_id
from app.rooms import service as rooms
from app.rooms.schemas import NewRoom
from commerce.catalog import service as catalog
from commerce.catalog.schemas import ProductIn, SkuIn

AT = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)


async def create_product(
    db: Database, name: str = "玻尿酸补水面膜", *, price_cents: int = 9900, stock: int = 100
) -> UUID:
    """A product on sale with one SKU; its id."""
    sku = SkuIn(code=new_id().hex, price_cents=price_cents, stock=stock)
    async with db.transaction() as tx:
        row = await catalog.create(
            tx, ProductIn(name=name, status="on_sale", skus=[sku]), actor="test", at=AT
        )
    product_id: UUID = row["id"]
    return product_id


async def create_room(
    services: Services, host: Principal, products: list[UUID], title: str = "小美的直播间"
) -> UUID:
    """A scheduled room that sells `products`; its id."""
    row = await rooms.create(services.db, services.clock, host, NewRoom(title=title))
    await rooms.set_queue(services.db, services.clock, host, row["id"], products)
    room_id: UUID = row["id"]
    return room_id
