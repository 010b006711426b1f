"""Orders that leave in several parcels, and tracking numbers in bulk."""

from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from app.core.clock import ManualClock
from app.core.ids import new_id
from commerce.runtime import Commerce
from tests.commerce.conftest import Shop
from tests.conftest import User


async def paid_order(shop: Shop, *lines: tuple[str, int]) -> dict[str, object]:
    body = {"lines": [{"sku_id": sku_id, "quantity": quantity} for sku_id, quantity in lines]}
    answer = await shop.buyer.client.post("/api/orders", json=body, headers={"idempotency-key": new_id().hex})
    await shop.pay(answer.json()["id"])
    order: dict[str, object] = answer.json()
    return order


async def ship(merchant: User, order: dict[str, object], tracking: str, **lines: object) -> httpx.Response:
    body = {"carrier": "顺丰速运", "tracking": tracking, **lines}
    return await merchant.client.post(f"/api/merchant/orders/{order['id']}/ship", json=body)


async def import_csv(merchant: User, text: str | bytes, *, dry_run: bool = False) -> httpx.Response:
    content = text.encode() if isinstance(text, str) else text
    return await merchant.client.post(
        f"/api/merchant/shipments/import?dry_run={dry_run}", files={"file": ("parcels.csv", content)}
    )


async def test_an_order_leaves_in_parts_and_is_shipped_with_the_last(
    shop: Shop, merchant: User, commerce: Commerce, clock: ManualClock
) -> None:
    one, two = await shop.sku(), await shop.sku()
    order = await paid_order(shop, (one, 2), (two, 1))
    first = await ship(merchant, order, "SF0001", lines=[{"sku_id": one, "quantity": 1}])
    assert first.json()["status"] == "paid"
    assert {line["sku_id"]: line["shipped_quantity"] for line in first.json()["lines"]} == {one: 1, two: 0}
    too_many = await ship(merchant, order, "SF0002", lines=[{"sku_id": one, "quantity": 2}])
    assert (too_many.status_code, too_many.json()["code"], too_many.json()["left"]) == (
        409,
        "too_many_to_ship",
        1,
    )
    again = await ship(merchant, order, "SF0001", lines=[{"sku_id": two, "quantity": 1}])
    assert again.json()["code"] == "code_taken"
    foreign = await ship(merchant, order, "SF0003", lines=[{"sku_id": await shop.sku(), "quantity": 1}])
    assert foreign.json()["code"] == "sku_not_found"
    last = await ship(merchant, order, "SF0004")
    assert last.json()["status"] == "shipped"
    path = f"/api/orders/{order['id']}/shipments"
    parcels = (await shop.buyer.client.get(path)).json()["items"]
    assert [(p["tracking"], sum(line["quantity"] for line in p["lines"])) for p in parcels] == [
        ("SF0001", 1),
        ("SF0004", 2),
    ]
    clock.advance(timedelta(hours=50).total_seconds())
    await commerce.shipping.follow(UUID(parcels[0]["id"]))
    arrived = await shop.rows("SELECT status FROM shipments ORDER BY id")
    passed = await shop.rows("SELECT status FROM shipment_events ORDER BY at DESC")
    assert [row["status"] for row in arrived] == ["delivered", "handed_over"]
    assert [row["status"] for row in passed] == [
        "delivered",
        "out_for_delivery",
        "in_transit",
        "in_transit",
        "handed_over",
    ]
    events = await shop.rows("SELECT event FROM order_transitions ORDER BY id")
    assert [row["event"] for row in events] == ["create", "pay", "ship_part", "ship"]


async def test_refunding_what_was_left_ships_the_order(
    shop: Shop, merchant: User, commerce: Commerce
) -> None:
    one, two = await shop.sku(), await shop.sku()
    order = await paid_order(shop, (one, 1), (two, 1))
    await ship(merchant, order, "SF0001", lines=[{"sku_id": one, "quantity": 1}])
    refund = await merchant.client.post(
        f"/api/merchant/orders/{order['id']}/refunds",
        json={"lines": [{"sku_id": two, "quantity": 1}], "restock": True},
        headers={"idempotency-key": new_id().hex},
    )
    await commerce.refunder.send(UUID(refund.json()["id"]))
    assert await shop.status(str(order["id"])) == "shipped"


async def test_tracking_numbers_come_in_all_or_none(shop: Shop, merchant: User) -> None:
    one, two = await shop.sku(), await shop.sku()
    code = (await shop.rows(f"SELECT code FROM skus WHERE id = '{one}'"))[0]["code"]
    whole = await paid_order(shop, (one, 1))
    part = await paid_order(shop, (one, 2), (two, 1))
    header = "order_number,carrier,tracking,sku_code,quantity\n"
    good = f"{header}{whole['number']},中通快递,ZT0001,,\n{part['number']},中通快递,ZT0002,{code},1\n"
    bad = f"{good}nobody,中通快递,ZT0003,,\n{part['number']},中通快递,#,,\n"
    refused = (await import_csv(merchant, bad)).json()
    assert (refused["parcels"], [(e["line"], e["column"]) for e in refused["errors"]]) == (
        0,
        [(4, "order_number"), (5, "tracking")],
    )
    assert (await import_csv(merchant, good, dry_run=True)).json()["parcels"] == 2
    assert await shop.rows("SELECT id FROM shipments") == []
    assert (await import_csv(merchant, good)).json() == {"parcels": 2, "dry_run": False, "errors": []}
    assert [await shop.status(str(order["id"])) for order in (whole, part)] == ["shipped", "paid"]
    twice = (await import_csv(merchant, good)).json()["errors"]
    assert [error["code"] for error in twice] == ["wrong_order_status", "code_taken"]


@pytest.mark.parametrize(
    "content", ["订单号,快递\n".encode("gbk"), b"\xff\xfe\x00", b"number,carrier\n1,2\n"]
)
async def test_a_file_that_is_no_list_of_parcels_is_refused(
    merchant: User, shop: Shop, content: bytes
) -> None:
    answer = await import_csv(merchant, content)
    assert (answer.status_code, answer.json()["code"]) == (422, "not_csv")
