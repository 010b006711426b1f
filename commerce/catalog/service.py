"""What is on sale."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import errors as pg
from psycopg.rows import DictRow
from pypinyin import lazy_pinyin

from app.core.db import Tx
from app.core.errors import Invalid
from app.core.ids import new_id
from commerce.catalog import repository
from commerce.catalog.schemas import (
    MerchantProductOut,
    Policies,
    Policy,
    ProductIn,
    ProductOut,
    ProductPatch,
    SkuIn,
    SkuPatch,
)
from commerce.errors import CodeTaken, ProductNotFound, SkuNotFound, TemplateNotFound
from commerce.inventory import repository as stock

SLUG_LENGTH = 60


def public(row: Mapping[str, Any]) -> ProductOut:
    """A product row as everybody may see it: without inactive SKUs."""
    skus = [sku for sku in row["skus"] or () if sku["active"]]
    return ProductOut.model_validate({**row, "status": row["shown_status"], "skus": skus})


def for_merchant(row: Mapping[str, Any]) -> MerchantProductOut:
    return MerchantProductOut.model_validate(
        {**row, "status": row["shown_status"], "skus": row["skus"] or ()}
    )


async def get_public(tx: Tx, product_id: UUID) -> ProductOut:
    """A product that is or was on sale; ProductNotFound for drafts."""
    row = await repository.get(tx, product_id)
    if row is None or row["status"] == "draft":
        raise ProductNotFound
    return public(row)


async def get_many(tx: Tx, product_ids: Collection[UUID]) -> list[ProductOut]:
    """The products in the order of `product_ids`; unknown ones are left out."""
    rows = {row["id"]: row for row in await repository.get_many(tx, product_ids)}
    return [public(rows[product_id]) for product_id in product_ids if product_id in rows]


async def get(tx: Tx, product_id: UUID) -> DictRow:
    row = await repository.get(tx, product_id)
    if row is None:
        raise ProductNotFound
    return row


async def create(tx: Tx, product: ProductIn, *, actor: str, at: datetime) -> DictRow:
    """A new product with its SKUs and first stock; CodeTaken where a SKU's code or the slug is in use."""
    codes = [sku.code for sku in product.skus]
    if len(set(codes)) != len(codes):
        raise Invalid("two SKUs have the same code")
    if taken := await repository.taken_codes(tx, codes):
        raise CodeTaken(codes=taken)
    slug = product.slug or await free_slug(tx, product.name_en or product.name)
    if product.slug and await repository.get_by_slug(tx, slug):
        raise CodeTaken(codes=[slug])
    product_id = new_id()
    body = product.model_dump(exclude={"skus"}) | {
        "id": product_id,
        "slug": slug,
        "image_url": None,
        "now": at,
    }
    try:
        await repository.insert_product(tx, body)
        for position, sku in enumerate(product.skus):
            await add_sku(tx, product_id, sku, position=position, actor=actor, at=at)
    except pg.UniqueViolation as error:
        raise CodeTaken(codes=[slug, *codes]) from error
    return await get(tx, product_id)


async def add_sku(tx: Tx, product_id: UUID, sku: SkuIn, *, position: int, actor: str, at: datetime) -> UUID:
    """One more SKU with its first stock; its id."""
    sku_id = new_id()
    body = sku.model_dump(exclude={"stock"}) | {
        "id": sku_id,
        "product_id": product_id,
        "position": position,
        "list_price_cents": sku.list_price_cents or sku.price_cents,
    }
    await repository.insert_sku(tx, body)
    await stock.create(tx, sku_id)
    if sku.stock:
        await stock.move(
            tx, "receive", {sku_id: (sku.stock, 0)}, order_id=None, actor=actor, at=at, reason="first stock"
        )
    return sku_id


async def update(tx: Tx, product_id: UUID, patch: ProductPatch, at: datetime) -> DictRow:
    await get(tx, product_id)
    changes = patch.model_dump(exclude_none=True)
    if "shipping_template_id" in patch.model_fields_set:
        changes["shipping_template_id"] = patch.shipping_template_id
    try:
        await repository.update_product(tx, product_id, changes, at)
    except pg.ForeignKeyViolation as error:
        raise TemplateNotFound from error
    return await get(tx, product_id)


async def update_sku(tx: Tx, sku_id: UUID, patch: SkuPatch) -> DictRow:
    """Raises Invalid where the list price would lie below the price."""
    sku = await repository.get_sku(tx, sku_id)
    if sku is None:
        raise SkuNotFound
    changes: dict[str, Any] = patch.model_dump(exclude_none=True)
    price_cents = {**sku, **changes}["price_cents"]
    if "list_price_cents" not in changes and price_cents > sku["list_price_cents"]:
        changes["list_price_cents"] = price_cents
    if {**sku, **changes}["list_price_cents"] < price_cents:
        raise Invalid("the list price lies below the price")
    if changes:
        await repository.update_sku(tx, sku_id, changes)
    return await get(tx, sku["product_id"])


async def free_slug(tx: Tx, name: str) -> str:
    """A slug that nobody has, from a name in any script (Chinese by its sound)."""
    sounds = " ".join(lazy_pinyin(name)).lower()
    stem = re.sub(r"[^a-z0-9]+", "-", sounds).strip("-")[:SLUG_LENGTH].strip("-") or "product"
    taken = await repository.slugs_like(tx, stem)
    if stem not in taken:
        return stem
    number = 2
    while f"{stem}-{number}" in taken:
        number += 1
    return f"{stem}-{number}"


async def policies(tx: Tx) -> Policies:
    return Policies(items=[Policy.model_validate(row) for row in await repository.policies(tx)])


async def replace_policies(tx: Tx, items: Sequence[Policy]) -> Policies:
    await repository.replace_policies(tx, [(policy.title, policy.text) for policy in items])
    return await policies(tx)
