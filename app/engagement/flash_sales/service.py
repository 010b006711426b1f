"""Flash sales that a host opens while talking; prices and stock are the shop's business (`commerce.promotions`)."""

from datetime import timedelta
from uuid import UUID

from app.core.auth import Principal
from app.core.clock import Clock
from app.core.db import Database, Tx
from app.core.errors import Invalid, NotFound
from app.core.events import Event, room_topic
from app.core.ids import new_id
from app.core.jobs import defer_in
from app.core.outbox import emit
from app.engagement.flash_sales import repository
from app.engagement.flash_sales.schemas import FlashSale, NewFlashSale
from app.rooms import service as rooms
from commerce.promotions import repository as promotions


class FlashSaleNotFound(NotFound):
    code = "flash_sale_not_found"
    title = "There is no such flash sale"


class NotInQueue(Invalid):
    code = "not_in_queue"
    title = "The room does not sell this"


class NotCheaper(Invalid):
    code = "not_cheaper"
    title = "A flash sale costs less than the listed price"


async def begin(db: Database, clock: Clock, host: Principal, room_id: UUID, form: NewFlashSale) -> FlashSale:
    """Begin a sale in the host's room; everybody is told. Raises NotInQueue, NotCheaper, RoomEnded, Forbidden."""
    now = clock.now()
    async with db.transaction() as tx:
        await rooms.lock_open(tx, host, room_id)
        sku = await repository.sku_of_room(tx, room_id, form.sku_id)
        if sku is None:
            raise NotInQueue
        if form.price_cents >= sku["price_cents"]:
            raise NotCheaper(price_cents=sku["price_cents"])
        ends_at = now + timedelta(seconds=form.open_for_s)
        terms = form.model_dump(include={"sku_id", "price_cents", "quantity", "per_buyer"})
        row = await promotions.insert_flash_sale(
            tx, terms | {"id": new_id(), "room_id": room_id, "starts_at": now, "ends_at": ends_at}
        )
        sale = await get(tx, row["id"])
        await emit(tx, room_topic(room_id), Event("flash_sale.opened", sale.model_dump(mode="json")))
        await rooms.announce_queue(tx, clock, room_id)
        await defer_in(tx, "engagement:end_flash_sale", at=ends_at, sale_id=str(sale.id))
    return sale


async def stop(db: Database, clock: Clock, host: Principal, sale_id: UUID) -> FlashSale:
    """End a sale of the host's room before its time; raises FlashSaleNotFound, Forbidden."""
    async with db.transaction() as tx:
        sale = await get(tx, sale_id)
        if sale.room_id is None:
            raise FlashSaleNotFound
        rooms.require_host(host, await rooms.lock(tx, sale.room_id))
        await promotions.end_flash_sale(tx, sale_id, clock.now())
        await _tell_ended(tx, clock, sale_id)
        return await get(tx, sale_id)


async def tell_ended(db: Database, clock: Clock, sale_id: UUID) -> None:
    """The time of a sale is over: the room's prices are the old ones again."""
    async with db.transaction() as tx:
        await _tell_ended(tx, clock, sale_id)


async def _tell_ended(tx: Tx, clock: Clock, sale_id: UUID) -> None:
    sale = await get(tx, sale_id)
    if sale.room_id is None:
        return
    await emit(tx, room_topic(sale.room_id), Event("flash_sale.ended", sale.model_dump(mode="json")))
    await rooms.announce_queue(tx, clock, sale.room_id)


async def get(tx: Tx, sale_id: UUID) -> FlashSale:
    """Raises FlashSaleNotFound."""
    row = await repository.sale(tx, sale_id)
    if row is None:
        raise FlashSaleNotFound
    return FlashSale(**row)


async def of_room(tx: Tx, clock: Clock, room_id: UUID) -> list[FlashSale]:
    """What runs in the room, or did until just now; the newest first."""
    return [FlashSale(**row) for row in await repository.of_room(tx, room_id, clock.now())]
