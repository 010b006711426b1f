"""Personal data at rest, and the change of its key."""

import pytest

from app.core.db import Database
from commerce.addresses.rotation import reseal_all
from commerce.privacy import Unreadable, Vault, add_key
from commerce.runtime import Commerce
from tests.commerce.conftest import Shop
from tests.conftest import User

ADDRESS = {
    "recipient": "王小明",
    "phone": "13812345678",
    "region": "浙江省 杭州市",
    "street": "文三路 478 号",
}
INVOICE = {"kind": "personal", "title": "王小明"}
KEYS = """SELECT get_byte(sealed, 0) AS address, get_byte(address_sealed, 0) AS copy,
                 get_byte(invoice_sealed, 0) AS invoice FROM addresses, orders"""


async def test_a_new_key_takes_over_every_record(shop: Shop, db: Database, commerce: Commerce) -> None:
    address = (await shop.buyer.client.post("/api/addresses", json=ADDRESS)).json()
    order_id = await shop.order(await shop.sku(), address_id=address["id"], invoice=INVOICE)
    assert await shop.rows(KEYS) == [{"address": 1, "copy": 1, "invoice": 1}]
    assert add_key(commerce.config.keys_dir) == 2
    assert await reseal_all(db, commerce.vault) == 3
    assert await shop.rows(KEYS) == [{"address": 2, "copy": 2, "invoice": 2}]
    (commerce.config.keys_dir / "privacy-1.key").unlink()
    commerce.vault.reload()
    order = (await shop.buyer.client.get(f"/api/orders/{order_id}")).json()
    assert (order["address"]["street"], order["invoice"]["title"]) == ("文三路 478 号", "王小明")
    assert await reseal_all(db, commerce.vault) == 0


def test_a_process_takes_up_a_key_that_another_has_made(commerce: Commerce) -> None:
    keys_dir = commerce.config.keys_dir
    add_key(keys_dir)
    sealed = Vault.in_directory(keys_dir).seal({"phone": "1"}, b"owner")
    assert commerce.vault.open(sealed, b"owner") == {"phone": "1"}
    with pytest.raises(Unreadable):
        commerce.vault.open(sealed, b"somebody else")
    with pytest.raises(Unreadable):
        commerce.vault.open(b"\x09" + sealed[1:], b"owner")


async def test_each_look_at_personal_data_is_logged(shop: Shop, merchant: User) -> None:
    address = (await shop.buyer.client.post("/api/addresses", json=ADDRESS)).json()
    order_id = await shop.order(await shop.sku(), address_id=address["id"], invoice=INVOICE)
    listed = (await merchant.client.get("/api/merchant/orders")).json()["items"][0]
    assert (listed["address"]["recipient"], listed["invoice"]["title"]) == ("王**", "王**")
    base = f"/api/merchant/orders/{order_id}"
    whole = await merchant.client.post(f"{base}/address", json={"reason": "发货"})
    invoice = await merchant.client.post(f"{base}/invoice", json={"reason": "开票"})
    assert (whole.json()["phone"], invoice.json()["title"]) == ("13812345678", "王小明")
    looks = (await merchant.client.get(f"{base}/reveals")).json()["items"]
    actor = f"merchant:{merchant.principal.user_id}"
    assert [(look["actor"], look["reason"]) for look in looks] == [(actor, "invoice: 开票"), (actor, "发货")]
