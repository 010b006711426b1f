"""From paid to received."""

from datetime import timedelta
from uuid import UUID

from app.core.clock import ManualClock
from commerce.runtime import Commerce
from tests.commerce.conftest import Shop
from tests.conftest import User

ADDRESS = {"recipient": "王小明", "phone": "13812345678", "region": "浙江省 杭州市", "street": "文三路 1 号"}
SHIPMENT = {"carrier": "中通快递", "tracking": "ZT7788990011"}


async def paid_order(shop: Shop) -> str:
    address = (await shop.buyer.client.post("/api/addresses", json=ADDRESS)).json()
    order_id = await shop.order(await shop.sku(), address_id=address["id"])
    await shop.pay(order_id)
    return order_id


async def test_who_ships_sees_the_address_and_leaves_a_trace(shop: Shop, merchant: User) -> None:
    order_id = await paid_order(shop)
    path = f"/api/merchant/orders/{order_id}/address"
    seen = await merchant.client.post(path, json={"reason": "打印面单"})
    assert seen.json() | {"id": None} == {"id": None, "is_default": False, **ADDRESS}
    assert (await shop.buyer.client.post(path, json={})).status_code == 403
    traces = await shop.rows("SELECT actor, reason FROM address_reveals")
    assert traces == [{"actor": f"merchant:{merchant.principal.user_id}", "reason": "打印面单"}]


async def test_a_shipped_order_is_received_by_itself(
    shop: Shop, merchant: User, commerce: Commerce, clock: ManualClock
) -> None:
    order_id = await paid_order(shop)
    shipped = await merchant.client.post(f"/api/merchant/orders/{order_id}/ship", json=SHIPMENT)
    assert (shipped.json()["status"], shipped.json()["tracking"]) == ("shipped", "ZT7788990011")
    job = (await shop.rows("SELECT scheduled_at FROM procrastinate_jobs WHERE task_name = 'orders:receive'"))[
        0
    ]
    assert job["scheduled_at"] == clock.now() + timedelta(days=10)
    for _ in range(2):
        await commerce.expiry.receive(UUID(order_id))
    assert await shop.status(order_id) == "completed"


async def test_the_buyer_confirms_receipt(shop: Shop, merchant: User) -> None:
    order_id = await paid_order(shop)
    early = await shop.buyer.client.post(f"/api/orders/{order_id}/receive")
    assert (early.status_code, early.json()["code"]) == (409, "wrong_order_status")
    await merchant.client.post(f"/api/merchant/orders/{order_id}/ship", json=SHIPMENT)
    twice = await merchant.client.post(f"/api/merchant/orders/{order_id}/ship", json=SHIPMENT)
    assert twice.status_code == 409
    assert (await shop.buyer.client.post(f"/api/orders/{order_id}/receive")).json()["status"] == "completed"
