"""What makes no sense is answered with a clear problem+json, and nothing has changed."""

from typing import Any

import httpx
import pytest

from app.core.clock import ManualClock
from app.core.ids import new_id
from commerce.payments.keys import secret
from commerce.runtime import Commerce
from tests.commerce.conftest import Shop
from tests.conftest import LogIn, User

NOBODY = str(new_id())
UNTOUCHED = (
    "SELECT (SELECT count(*) FROM orders)::int AS orders, (SELECT sum(reserved) FROM stock)::int AS held"
)


def problem(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"]
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize("quantity", [-1, 0, 1000, 10**30, 1.5, "1", None, True])
async def test_quantities_are_small_and_whole(shop: Shop, quantity: Any) -> None:
    answer = await shop.post_order(await shop.sku(), quantity)
    assert problem(answer)[0] == 422
    assert await shop.rows(UNTOUCHED) == [{"orders": 0, "held": 0}]


async def test_ten_thousand_lines_are_no_order(shop: Shop) -> None:
    sku_id = await shop.sku()
    lines = [{"sku_id": sku_id, "quantity": 1} for _ in range(10_000)]
    answer = await shop.buyer.client.post(
        "/api/orders", json={"lines": lines}, headers={"idempotency-key": "ten-thousand"}
    )
    assert problem(answer)[0] == 422
    assert problem(await shop.buyer.client.post("/api/quotes", json={"lines": lines}))[0] == 422
    assert await shop.rows(UNTOUCHED) == [{"orders": 0, "held": 0}]


async def test_a_foreign_sku_takes_the_whole_order_down(shop: Shop, merchant: User) -> None:
    known, off = await shop.sku(), await shop.sku()
    await merchant.client.patch(f"/api/merchant/skus/{off}", json={"active": False})
    codes = []
    for foreign in (NOBODY, off):
        lines = [{"sku_id": known, "quantity": 1}, {"sku_id": foreign, "quantity": 1}]
        answer = await shop.buyer.client.post(
            "/api/orders", json={"lines": lines}, headers={"idempotency-key": new_id().hex}
        )
        codes.append(problem(answer))
    assert codes == [(404, "sku_not_found"), (409, "not_on_sale")]
    assert await shop.rows(UNTOUCHED) == [{"orders": 0, "held": 0}]


async def test_one_order_is_in_one_currency(shop: Shop, merchant: User) -> None:
    sku = {"code": "usd", "price_cents": 100, "currency": "USD", "stock": 5}
    product = {"name": "Mug", "status": "on_sale", "skus": [sku]}
    made = (await merchant.client.post("/api/merchant/products", json=product)).json()
    lines = [{"sku_id": sku_id, "quantity": 1} for sku_id in (await shop.sku(), made["skus"][0]["id"])]
    answer = await shop.buyer.client.post(
        "/api/orders", json={"lines": lines}, headers={"idempotency-key": "two-currencies"}
    )
    assert problem(answer) == (422, "mixed_currencies")
    for line in lines:
        await shop.buyer.client.post("/api/cart/lines", json=line)
    cart = (await shop.buyer.client.get("/api/cart")).json()
    assert (len(cart["lines"]), cart["quote"]) == (2, None)
    assert await shop.rows(UNTOUCHED) == [{"orders": 0, "held": 0}]


async def test_a_key_belongs_to_one_request(shop: Shop) -> None:
    sku_id = await shop.sku()
    first = await shop.post_order(sku_id, 1, key="the-same-key")
    assert (await shop.post_order(sku_id, 1, key="the-same-key")).json()["id"] == first.json()["id"]
    assert problem(await shop.post_order(sku_id, 2, key="the-same-key")) == (409, "idempotency_key_reused")
    for wrong in ("short", "x" * 129, "mit Leerzeichen"):
        assert problem(await shop.post_order(sku_id, 1, key=wrong))[0] == 422
    assert await shop.rows(UNTOUCHED) == [{"orders": 1, "held": 1}]


async def test_another_buyers_order_does_not_exist(shop: Shop, log_in: LogIn) -> None:
    order_id = await shop.order(await shop.sku())
    thief = (await log_in()).client
    key = {"idempotency-key": new_id().hex}
    request = {"kind": "refund_only", "lines": [{"sku_id": NOBODY, "quantity": 1}], "reason": "x"}
    answers = [
        await thief.get(f"/api/orders/{order_id}"),
        await thief.post(f"/api/orders/{order_id}/cancel"),
        await thief.post(f"/api/orders/{order_id}/receive"),
        await thief.post(f"/api/orders/{order_id}/payments", json={"provider": "alipay"}),
        await thief.get(f"/api/orders/{order_id}/shipments"),
        await thief.post(f"/api/orders/{order_id}/after-sales", json=request, headers=key),
    ]
    assert {problem(answer) for answer in answers} == {(404, "order_not_found")}
    assert await shop.status(order_id) == "pending_payment"
    assert await shop.rows("SELECT id FROM payments") == []


async def test_an_address_of_somebody_else_is_none(shop: Shop, log_in: LogIn) -> None:
    address = {"recipient": "王", "phone": "13812345678", "region": "浙江省", "street": "文三路"}
    theirs = (await (await log_in()).client.post("/api/addresses", json=address)).json()["id"]
    sku_id = await shop.sku()
    assert problem(await shop.post_order(sku_id, address_id=theirs)) == (404, "address_not_found")
    body = {"lines": [{"sku_id": sku_id, "quantity": 1}], "address_id": theirs}
    assert problem(await shop.buyer.client.post("/api/quotes", json=body)) == (404, "address_not_found")
    assert await shop.rows(UNTOUCHED) == [{"orders": 0, "held": 0}]


async def test_an_expired_coupon_is_no_discount(shop: Shop, merchant: User, clock: ManualClock) -> None:
    coupon = {
        "code": "OLD",
        "amount_cents": 100,
        "starts_at": "2020-01-01T00:00:00Z",
        "ends_at": "2020-01-02T00:00:00Z",
    }
    await merchant.client.post("/api/merchant/coupons", json=coupon)
    answer = await shop.post_order(await shop.sku(), coupon_code="OLD")
    assert (problem(answer), answer.json()["reason"]) == ((409, "coupon_not_usable"), "expired")
    assert await shop.rows(UNTOUCHED) == [{"orders": 0, "held": 0}]


@pytest.mark.parametrize(
    ("content", "outcome"),
    [
        (b"", (422, "not_a_picture")),
        (b"<script>alert(1)</script>", (422, "not_a_picture")),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 100, (422, "not_a_picture")),
        (b"x" * (10 * 1024 * 1024 + 1), (413, "picture_too_large")),
    ],
)
async def test_a_picture_is_a_picture(
    shop: Shop, merchant: User, content: bytes, outcome: tuple[int, str]
) -> None:
    await shop.sku()
    product_id = (await shop.rows("SELECT id FROM products"))[0]["id"]
    answer = await merchant.client.put(
        f"/api/merchant/products/{product_id}/image", files={"picture": ("a.png", content, "image/png")}
    )
    assert problem(answer) == outcome
    assert await shop.rows("SELECT image_url FROM products") == [{"image_url": None}]


@pytest.mark.parametrize(
    "content", ["slug,name,sku_code,price_cents\na,面膜,s,1\n".encode("gbk"), b"\xff\xfe\x00", b"a,b\n1,2\n"]
)
async def test_a_csv_file_is_utf_8_with_our_columns(shop: Shop, merchant: User, content: bytes) -> None:
    answer = await merchant.client.post(
        "/api/merchant/products/import", files={"file": ("catalogue.csv", content)}
    )
    assert problem(answer) == (422, "not_csv")
    assert await shop.rows("SELECT count(*)::int AS n FROM products") == [{"n": 0}]


@pytest.mark.parametrize(
    "invoice",
    [
        {"kind": "company", "title": "某某公司"},
        {"kind": "company", "title": "某某公司", "tax_number": "123"},
        {"kind": "personal", "title": "王小明", "tax_number": "91330100MA27XX1X2X"},
        {"kind": "personal", "title": "  "},
    ],
)
async def test_an_invoice_is_for_a_person_or_a_taxpayer(shop: Shop, invoice: dict[str, str]) -> None:
    assert problem(await shop.post_order(await shop.sku(), invoice=invoice))[0] == 422
    assert await shop.rows(UNTOUCHED) == [{"orders": 0, "held": 0}]


async def test_the_sandbox_obeys_nobody_without_its_token(shop: Shop, commerce: Commerce) -> None:
    transport = httpx.ASGITransport(shop.sandbox)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox.test") as stranger:
        for token in ("", "Bearer guess"):
            headers = {"authorization": token}
            answer = await stranger.put("/admin/behaviour", json={"forge": True}, headers=headers)
            assert answer.status_code == 401
            assert (await stranger.get("/admin/trades", headers=headers)).status_code == 401
        assert shop.gateway.behaviour.forge is False
        token = secret(commerce.config.keys_dir, "sandbox-admin")
        headers = {"authorization": f"Bearer {token}"}
        told = await stranger.put("/admin/behaviour", json={"forge": True}, headers=headers)
        assert told.json()["forge"] is True
        assert (await stranger.get("/bills/alipay.zip?day=2026-11-23&token=x")).status_code == 403
