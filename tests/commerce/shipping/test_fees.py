"""What sending costs by region and weight."""

import pytest

from commerce.shipping.fees import Parcels, ShippingFee, Zone, zone_of
from tests.commerce.conftest import Shop
from tests.conftest import User

NEAR = Zone(("浙江", "上海"), True, 1_000, 600, 500, 200, None)
FAR = Zone(("西藏", "新疆"), False, 1, 0, 1, 0, None)
REST = Zone((), True, 1_000, 1_000, 1_000, 500, 9_900)


@pytest.mark.parametrize(
    ("region", "zone"),
    [
        ("浙江省 杭州市 西湖区", NEAR),
        ("上海市", NEAR),
        ("西藏自治区 拉萨市", FAR),
        ("广东省", REST),
        (None, REST),
    ],
)
def test_an_address_lies_in_the_zone_that_names_its_beginning(region: str | None, zone: Zone) -> None:
    assert zone_of([NEAR, FAR, REST], region) == zone


def test_a_place_that_no_zone_names_is_not_served() -> None:
    assert zone_of([NEAR, FAR], "广东省") is None
    assert zone_of([NEAR, FAR], None) == NEAR


@pytest.mark.parametrize(
    ("weight_g", "cents"), [(0, 600), (1_000, 600), (1_001, 800), (1_500, 800), (2_600, 1_400)]
)
def test_weight_beyond_the_first_counts_in_begun_steps(weight_g: int, cents: int) -> None:
    assert NEAR.cents(weight_g, 100) == cents


def test_each_template_is_a_parcel_of_its_own() -> None:
    parcels = Parcels(((NEAR, 500), (REST, 2_500)), ShippingFee(300, None))
    assert parcels.cents(9_899) == 600 + 2_000 + 300
    assert parcels.cents(9_900) == 600 + 0 + 300


async def test_orders_are_charged_by_where_they_go(shop: Shop, merchant: User) -> None:
    zones = [
        {"regions": ["浙江"], "first_g": 1000, "first_cents": 600, "next_g": 500, "next_cents": 200},
        {"regions": ["西藏"], "delivers": False},
        {"first_g": 1000, "first_cents": 1000, "next_g": 1000, "next_cents": 500},
    ]
    body = {"name": "标准", "is_default": True, "zones": zones}
    made = await merchant.client.post("/api/merchant/shipping-templates", json=body)
    assert made.status_code == 201
    assert (await merchant.client.post("/api/merchant/shipping-templates", json=body)).json()[
        "code"
    ] == "code_taken"
    sku_id = await shop.sku(price_cents=5000)
    await merchant.client.patch(f"/api/merchant/skus/{sku_id}", json={"weight_g": 700})
    outcomes = {}
    for region in ("浙江省 杭州市", "广东省 广州市", "西藏自治区 拉萨市"):
        address = {"recipient": "王小明", "phone": "13812345678", "region": region, "street": "文三路 1 号"}
        address_id = (await shop.buyer.client.post("/api/addresses", json=address)).json()["id"]
        answer = await shop.post_order(sku_id, 2, address_id=address_id)
        outcomes[region] = answer.json().get("shipping_cents", answer.json().get("code"))
    assert outcomes == {
        "浙江省 杭州市": 800,
        "广东省 广州市": 1000 + 500,
        "西藏自治区 拉萨市": "not_deliverable",
    }
    assert await shop.stock(sku_id) == (10, 4)
    path = f"/api/merchant/shipping-templates/{made.json()['id']}"
    special = {"name": "大件", "zones": [{"first_cents": 9900}]}
    assert (await merchant.client.put(path, json=special)).json()["is_default"] is False
    product_id = (await shop.rows("SELECT id FROM products"))[0]["id"]
    await merchant.client.patch(
        f"/api/merchant/products/{product_id}", json={"shipping_template_id": made.json()["id"]}
    )
    assert (await shop.post_order(sku_id)).json()["shipping_cents"] == 9900
    assert (await merchant.client.delete(path)).status_code == 204
    assert (await shop.post_order(sku_id)).json()["shipping_cents"] == 0
    assert (await merchant.client.delete(path)).json()["code"] == "shipping_template_not_found"


@pytest.mark.parametrize(
    "zones",
    [
        [],
        [{"regions": ["浙江"]}, {"regions": ["浙江"]}],
        [{}, {}],
        [{"first_g": 0}],
        [{"next_cents": -1}],
    ],
)
async def test_a_template_that_makes_no_sense_is_refused(merchant: User, zones: list[object]) -> None:
    answer = await merchant.client.post(
        "/api/merchant/shipping-templates", json={"name": "x", "zones": zones}
    )
    assert answer.status_code == 422
