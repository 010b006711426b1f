"""Products, pictures, files and addresses over HTTP."""

import io
import json
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from PIL import Image

from app.core.clock import ManualClock
from app.core.db import Database
from app.demo import DATA
from commerce.catalog.seed import seed
from commerce.runtime import Commerce
from tests.builders import create_product
from tests.commerce.conftest import Shop
from tests.conftest import LogIn, User

PRODUCT = {
    "name": "便携式烧水壶",
    "name_en": "Travel Electric Kettle",
    "status": "on_sale",
    "attributes": {"容量": "400ml", "功率": "300W"},
    "skus": [{"code": "kettle", "price_cents": 18900, "list_price_cents": 29900, "stock": 60}],
}


def picture(size: tuple[int, int] = (2000, 1000), form: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#e8b4b8").save(out, form)
    return out.getvalue()


async def upload(merchant: User, product_id: str, content: bytes) -> httpx.Response:
    files = {"picture": ("p.png", content, "image/png")}
    return await merchant.client.put(f"/api/merchant/products/{product_id}/image", files=files)


async def test_a_product_is_made_shown_and_changed(shop: Shop, merchant: User) -> None:
    made = await merchant.client.post("/api/merchant/products", json=PRODUCT)
    assert made.status_code == 201
    product = made.json()
    assert product["slug"] == "travel-electric-kettle"
    assert list(product["attributes"]) == ["容量", "功率"]
    shown = (await shop.buyer.client.get(f"/api/products/{product['id']}")).json()
    assert (shown["status"], shown["skus"][0]["available"]) == ("on_sale", 60)
    path = f"/api/merchant/skus/{product['skus'][0]['id']}"
    stock = await merchant.client.post(f"{path}/stock", json={"delta": -60, "reason": "破损"})
    assert stock.json()["available"] == 0
    assert (await shop.buyer.client.get(f"/api/products/{product['id']}")).json()["status"] == "sold_out"
    too_much = await merchant.client.post(f"{path}/stock", json={"delta": -1})
    assert (too_much.status_code, too_much.json()["code"]) == (409, "stock_too_low")
    again = await merchant.client.post("/api/merchant/products", json=PRODUCT)
    assert (again.status_code, again.json()["code"]) == (409, "code_taken")


async def test_drafts_are_nobodys_business(shop: Shop, merchant: User) -> None:
    draft = PRODUCT | {"status": "draft"}
    product = (await merchant.client.post("/api/merchant/products", json=draft)).json()
    answer = await shop.buyer.client.get(f"/api/products/{product['id']}")
    assert (answer.status_code, answer.json()["code"]) == (404, "product_not_found")
    assert (await shop.buyer.client.post("/api/merchant/products", json=PRODUCT)).status_code == 403


async def test_a_picture_is_resized_and_served(db: Database, merchant: User) -> None:
    product_id = str(await create_product(db))
    url = (await upload(merchant, product_id, picture())).json()["image_url"]
    served = await merchant.client.get(url)
    assert served.headers["content-type"] == "image/webp"
    assert "immutable" in served.headers["cache-control"]
    assert Image.open(io.BytesIO(served.content)).size == (1200, 600)
    assert (await merchant.client.get("/media-files/pictures/secret.key")).status_code == 422


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not_a_picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "not_a_picture"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 100, "not_a_picture"),
        (picture()[:400], "not_a_picture"),
        (picture(form="BMP"), "not_a_picture"),
        (picture((8000, 6000)), "picture_too_large"),
        (b"\xff" * (10 * 1024 * 1024 + 1), "picture_too_large"),
    ],
    ids=["empty", "svg", "header only", "cut off", "bmp", "too many pixels", "too many bytes"],
)
async def test_what_is_no_picture_is_refused(
    db: Database, merchant: User, commerce: Commerce, content: bytes, code: str
) -> None:
    answer = await upload(merchant, str(await create_product(db)), content)
    assert answer.json()["code"] == code
    assert not commerce.config.pictures_dir.exists()


async def test_the_demo_catalogue_comes_in_once(
    db: Database, clock: ManualClock, commerce: Commerce, shop: Shop
) -> None:
    catalogue = json.loads((DATA / "catalog.json").read_text())
    pictures: Path = DATA / "products"
    first = await seed(db, clock, catalogue, store=commerce.pictures, pictures=pictures)
    again = await seed(db, clock, catalogue, store=commerce.pictures, pictures=pictures)
    assert first == again
    assert len(first) == 12
    shown = (await shop.buyer.client.get(f"/api/products/{first['yoga']}")).json()
    assert [sku["name"] for sku in shown["skus"]] == ["S", "M", "L", "XL"]
    assert (await shop.buyer.client.get(shown["image_url"])).status_code == 200
    assert len((await shop.buyer.client.get("/api/policies")).json()["items"]) == 7


@pytest.mark.parametrize(
    ("query", "found"),
    [("耳机", "buds"), ("Earbuds", "buds"), ("earbud noise", "buds"), ("大红袍", "tea"), ("lipstik", "lip")],
)
async def test_search_speaks_both_languages(
    db: Database, clock: ManualClock, shop: Shop, query: str, found: str
) -> None:
    await seed(db, clock, json.loads((DATA / "catalog.json").read_text()))
    items = (await shop.buyer.client.get("/api/products/search", params={"q": query})).json()["items"]
    assert items[0]["slug"].startswith(found)


async def import_csv(merchant: User, content: bytes, *, dry_run: bool = False) -> httpx.Response:
    return await merchant.client.post(
        "/api/merchant/products/import",
        params={"dry_run": dry_run},
        files={"file": ("products.csv", content, "text/csv")},
    )


async def test_what_is_exported_can_be_imported(db: Database, clock: ManualClock, merchant: User) -> None:
    await seed(db, clock, json.loads((DATA / "catalog.json").read_text()))
    exported = (await merchant.client.get("/api/merchant/products.csv")).content
    changed = exported.replace("降噪蓝牙耳机".encode(), "主动降噪耳机".encode())
    dry = (await import_csv(merchant, changed, dry_run=True)).json()
    assert dry == {"created": 0, "changed": 12, "dry_run": True, "errors": []}
    assert (await merchant.client.get("/api/merchant/products.csv")).content == exported
    await import_csv(merchant, changed)
    assert (await merchant.client.get("/api/merchant/products.csv")).content == changed


async def test_every_text_survives_export_and_import(merchant: User) -> None:
    awkward = "- 一行；a;b=c\\\n\n'=1+1"
    product = {
        "name": "玻尿酸精华",
        "slug": "awkward",
        "description": awkward,
        "aliases": ["a;b", "c\\"],
        "attributes": {"成分=主要": "水;甘油=2%"},
        "faq": [
            {"question": "敏感肌=能用吗", "answer": "能;\n先试用"},
            {"question": "保质期", "answer": "3 年"},
        ],
        "skus": [{"code": "k-1", "price_cents": 9_900, "options": {"容量": "30ml;滴管"}}],
    }
    made = (await merchant.client.post("/api/merchant/products", json=product)).json()
    exported = (await merchant.client.get("/api/merchant/products.csv")).content
    emptied = {"description": "", "faq": [], "aliases": [], "attributes": {}}
    await merchant.client.patch(f"/api/merchant/products/{made['id']}", json=emptied)
    assert (await import_csv(merchant, exported)).json()["changed"] == 1
    back = (await merchant.client.get("/api/merchant/products")).json()["items"][0]
    assert {name: back[name] for name in emptied} == {name: product[name] for name in emptied}
    assert back["skus"][0]["options"] == {"容量": "30ml;滴管"}
    await import_csv(merchant, b"slug,name,sku_code,price_cents\nawkward,serum,k-1,8800")
    partly = (await merchant.client.get("/api/merchant/products")).json()["items"][0]
    assert (partly["name"], partly["skus"][0]["price_cents"]) == ("serum", 8_800)
    assert (partly["description"], partly["faq"], partly["skus"][0]["options"]) == (
        awkward,
        product["faq"],
        {"容量": "30ml;滴管"},
    )


async def test_a_wrong_line_is_named_and_nothing_comes_in(merchant: User) -> None:
    lines = [
        "slug,name,sku_code,price_cents,stock,description,faq",
        'good,好,g1,100,5,"两\n行",能用吗=能',
        "bad,坏,b1,-5,5,,",
        ",没有,n1,100,5,,",
        "worse,更坏,w1,1.5,5,,",
        "unanswered,无答,u1,100,5,,能用吗",
    ]
    answer = (await import_csv(merchant, "\n".join(lines).encode())).json()
    assert [(error["line"], error["column"], error["code"]) for error in answer["errors"]] == [
        (3, "price_cents", "greater_than_equal"),
        (4, "slug", "missing"),
        (5, "price_cents", "int_parsing"),
        (6, "faq/0/answer", "string_too_short"),
    ]
    assert (answer["created"], (await merchant.client.get("/api/merchant/products")).json()["total"]) == (
        0,
        0,
    )


@pytest.mark.parametrize(
    "content",
    ["slug,name,sku_code,price_cents\nx,面膜,x,1".encode("gb18030"), b"\x00\x01", b"", b"a,b\n1,2"],
    ids=["gb18030", "binary", "empty", "other columns"],
)
async def test_another_encoding_is_a_clear_problem(merchant: User, content: bytes) -> None:
    answer = await import_csv(merchant, content)
    assert (answer.status_code, answer.json()["code"]) == (422, "not_csv")


ADDRESS = {
    "recipient": "王小明",
    "phone": "13812345678",
    "region": "浙江省 杭州市 西湖区",
    "street": "文三路 1 号 2 室",
}


async def test_addresses_are_sealed_and_their_owners_alone_open_them(
    shop: Shop, merchant: User, log_in: LogIn
) -> None:
    made = (await shop.buyer.client.post("/api/addresses", json=ADDRESS)).json()
    assert made["is_default"] is True
    sealed = (await shop.rows("SELECT sealed FROM addresses"))[0]["sealed"]
    assert isinstance(sealed, bytes)
    assert "王小明".encode() not in sealed
    other = await log_in()
    assert (await other.client.get("/api/addresses")).json() == {"items": []}
    for method in ("PATCH", "DELETE"):
        answer = await other.client.request(method, f"/api/addresses/{made['id']}", json={})
        assert answer.json()["code"] == "address_not_found"
    stolen = await shop.post_order(await shop.sku(), buyer=other, address_id=made["id"])
    assert stolen.json()["code"] == "address_not_found"
    own = await shop.post_order(await shop.sku(), address_id=made["id"])
    assert own.json()["address"]["phone"] == "13812345678"
    seen = (await merchant.client.get("/api/merchant/orders")).json()["items"][0]["address"]
    assert (seen["recipient"], seen["phone"], seen["street"]) == ("王**", "138****5678", "文三路 ****")


async def test_there_is_one_default_address(shop: Shop) -> None:
    first = (await shop.buyer.client.post("/api/addresses", json=ADDRESS)).json()
    await shop.buyer.client.post("/api/addresses", json=ADDRESS | {"is_default": True})
    items = (await shop.buyer.client.get("/api/addresses")).json()["items"]
    assert [item["is_default"] for item in items] == [True, False]
    assert items[1]["id"] == first["id"]


async def test_unknown_products_are_not_found(shop: Shop) -> None:
    assert (await shop.buyer.client.get(f"/api/products/{uuid4()}")).status_code == 404
    assert (await shop.buyer.client.get("/api/products/not-a-uuid")).status_code == 422
