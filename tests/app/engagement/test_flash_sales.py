"""Flash sales of a room: cheaper for a while and for so many, then the old price again."""

from uuid import UUID

from app.core.clock import ManualClock
from app.core.events import room_topic
from app.core.http import Services
from app.core.ids import new_id
from app.engagement.flash_sales import repository, service
from tests.builders import create_product
from tests.conftest import LogIn, User


async def test_a_flash_sale_sells_out_at_its_price(
    services: Services, clock: ManualClock, host: User, room_id: UUID, log_in: LogIn
) -> None:
    product = await create_product(services.db)
    await host.client.put(f"/api/rooms/{room_id}/products", json={"product_ids": [str(product)]})
    buyers = [await log_in() for _ in range(3)]
    snapshot = f"/api/rooms/{room_id}/snapshot"
    [sku] = (await host.client.get(snapshot)).json()["products"][0]["product"]["skus"]
    terms = {"sku_id": sku["id"], "price_cents": 4_900, "quantity": 2, "open_for_s": 60}
    path = f"/api/rooms/{room_id}/flash-sales"

    assert (await buyers[0].client.post(path, json=terms)).status_code == 403
    for wrong, code in (({"price_cents": 9_900}, "not_cheaper"), ({"sku_id": str(new_id())}, "not_in_queue")):
        assert (await host.client.post(path, json=terms | wrong)).json()["code"] == code
    sale = (await host.client.post(path, json=terms)).json()
    assert (sale["left"], sale["sale_price_cents"]) == (2, 9_900)

    async def price() -> int:
        [shown] = (await host.client.get(snapshot)).json()["products"][0]["product"]["skus"]
        return int(shown["price_cents"])

    assert await price() == 4_900
    paid = []
    for buyer in buyers:
        order = await buyer.client.post(
            "/api/orders",
            json={"room_id": str(room_id), "lines": [{"sku_id": sku["id"], "quantity": 1}]},
            headers={"Idempotency-Key": new_id().hex},
        )
        paid.append(order.json()["total_cents"])
    assert paid == [4_900, 4_900, 9_900]
    async with services.db.transaction() as tx:
        assert await repository.left(tx, [room_id], clock.now()) == {room_id: {sale["id"]: 0}}
    assert await price() == 9_900
    clock.advance(61)
    async with services.db.transaction() as tx:
        assert await repository.left(tx, [room_id], clock.now()) == {}
    await service.tell_ended(services.db, clock, UUID(sale["id"]))
    types = [entry.event.type for entry in await services.bus.read_after(room_topic(room_id), 0)]
    assert [kind for kind in types if kind.startswith("flash_sale")] == [
        "flash_sale.opened",
        "flash_sale.ended",
    ]
    [shown] = (await host.client.get(path)).json()["items"]
    assert (shown["id"], shown["left"]) == (sale["id"], 0)
