"""Carts: of guests and members, at the prices that were seen."""

import httpx
import pytest

from tests.commerce.conftest import Shop, Show
from tests.conftest import User


async def put_in(client: httpx.AsyncClient, sku_id: str, quantity: int = 1, **more: str) -> httpx.Response:
    return await client.post("/api/cart/lines", json={"sku_id": sku_id, "quantity": quantity, **more})


def content(answer: httpx.Response) -> dict[str, tuple[int, str]]:
    return {line["sku_id"]: (line["quantity"], line["state"]) for line in answer.json()["lines"]}


@pytest.fixture
async def guest(shop: Shop) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=shop.buyer.client._transport, base_url="http://shop.test")


async def test_what_a_guest_chose_is_theirs_after_logging_in(shop: Shop, guest: httpx.AsyncClient) -> None:
    mine, both = await shop.sku(price_cents=1000), await shop.sku(price_cents=300)
    await put_in(guest, mine, 2)
    await put_in(guest, both)
    assert (await guest.get("/api/cart")).json()["quote"]["total_cents"] == 2300
    await put_in(shop.buyer.client, both, 3)
    member = shop.buyer.client
    for name, value in guest.cookies.items():
        member.cookies.set(name, value)
    merged = await member.get("/api/cart")
    assert content(merged) == {mine: (2, "ok"), both: (4, "ok")}
    assert (merged.json()["pieces"], merged.json()["quote"]["total_cents"]) == (6, 3200)
    assert content(await member.get("/api/cart")) == content(merged)
    assert (await guest.get("/api/cart")).json()["lines"] == []
    assert await shop.rows("SELECT count(*)::int AS n FROM carts") == [{"n": 1}]


async def test_the_buyer_is_told_what_changed_before_paying(shop: Shop, merchant: User) -> None:
    client = shop.buyer.client
    dearer, gone, fewer, off = [await shop.sku(stock=5, price_cents=1000) for _ in range(4)]
    for sku_id in (dearer, gone, fewer, off):
        await put_in(client, sku_id, 3)
    await merchant.client.patch(f"/api/merchant/skus/{dearer}", json={"price_cents": 1200})
    await merchant.client.patch(f"/api/merchant/skus/{off}", json={"active": False})
    for sku_id, delta in ((gone, -5), (fewer, -3)):
        await merchant.client.post(f"/api/merchant/skus/{sku_id}/stock", json={"delta": delta})
    cart = await client.get("/api/cart")
    assert content(cart) == {
        dearer: (3, "price_changed"),
        gone: (3, "sold_out"),
        fewer: (3, "less_left"),
        off: (3, "not_on_sale"),
    }
    changed = next(line for line in cart.json()["lines"] if line["sku_id"] == dearer)
    assert (changed["seen_price_cents"], changed["unit_price_cents"]) == (1000, 1200)
    assert cart.json()["quote"]["total_cents"] == 3600
    order = {"lines": [{"sku_id": dearer, "quantity": 3}], "expected_total_cents": 3000, "from_cart": True}
    key = {"idempotency-key": "from-the-cart"}
    refused = await client.post("/api/orders", json=order, headers=key)
    assert (refused.status_code, refused.json()["total_cents"]) == (409, 3600)
    assert content(await client.post("/api/cart/seen"))[dearer] == (3, "ok")
    order["expected_total_cents"] = 3600
    assert (await client.post("/api/orders", json=order, headers=key)).status_code == 201
    assert dearer not in content(await client.get("/api/cart"))


async def test_the_cart_has_the_prices_of_its_room(shop: Shop, merchant: User, show: Show) -> None:
    sku_id = await shop.sku(price_cents=1000)
    room = await show(sku_id)
    prices = {"items": [{"sku_id": sku_id, "price_cents": 800}]}
    await merchant.client.put(f"/api/merchant/rooms/{room}/prices", json=prices)
    cart = await put_in(shop.buyer.client, sku_id, 2, room_id=room)
    assert (cart.json()["room_id"], cart.json()["quote"]["total_cents"]) == (room, 1600)


async def test_lines_are_changed_and_taken_out(shop: Shop) -> None:
    client, sku_id = shop.buyer.client, await shop.sku()
    await put_in(client, sku_id)
    line = f"/api/cart/lines/{sku_id}"
    assert content(await client.put(line, json={"quantity": 4})) == {sku_id: (4, "ok")}
    for wrong in (0, -1, 1000, 10**20, "2"):
        assert (await client.put(line, json={"quantity": wrong})).status_code == 422
    assert content(await client.delete(line)) == {}
    for gone in (await client.delete(line), await client.put(line, json={"quantity": 1})):
        assert (gone.status_code, gone.json()["code"]) == (404, "cart_line_not_found")


async def test_what_cannot_be_bought_does_not_go_in(shop: Shop, merchant: User) -> None:
    client, sku_id = shop.buyer.client, await shop.sku()
    await merchant.client.patch(f"/api/merchant/skus/{sku_id}", json={"active": False})
    answers = [
        await put_in(client, sku_id),
        await put_in(client, "01890000-0000-7000-8000-000000000000"),
        await put_in(client, await shop.sku(), room_id="01890000-0000-7000-8000-000000000000"),
    ]
    assert [answer.json()["code"] for answer in answers] == ["not_on_sale", "sku_not_found", "room_not_found"]
    assert (await client.get("/api/cart")).json()["lines"] == []
