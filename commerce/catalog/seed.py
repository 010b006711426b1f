"""Brings a catalogue file into the shop: for demos, benches and evaluations. Doing it twice changes nothing.

The file is a list of products, or an object with `catalog` and `policies` (title → text). A product has
`id` (its slug here), `name`, `name_en`, `aliases`, `category`, `price_cents`, `list_price_cents`, `stock`,
and may have `details` (attributes), `description`, `tags`, and `skus`: each `name`, `options`, `stock` and
perhaps a price of its own.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from app.core.clock import Clock
from app.core.db import Database, Tx
from commerce.catalog import repository, service
from commerce.catalog.pictures import PictureStore
from commerce.catalog.schemas import Policy, ProductIn, SkuIn

ACTOR = "seed"

Catalogue = Sequence[Mapping[str, Any]] | Mapping[str, Any]


async def seed(
    db: Database,
    clock: Clock,
    catalogue: Catalogue,
    *,
    store: PictureStore | None = None,
    pictures: Path | None = None,
) -> dict[str, UUID]:
    """The products' ids by slug. `pictures` holds `<slug>.webp` files, which go into `store`."""
    products = catalogue["catalog"] if isinstance(catalogue, Mapping) else catalogue
    policies = catalogue.get("policies", {}) if isinstance(catalogue, Mapping) else {}
    ids: dict[str, UUID] = {}
    async with db.transaction() as tx:
        for product in products:
            ids[product["id"]] = await _product(tx, product, clock.now())
        if policies and not (await service.policies(tx)).items:
            await service.replace_policies(tx, [Policy(title=k, text=v) for k, v in policies.items()])
    if store is not None and pictures is not None:
        for slug, product_id in ids.items():
            await _picture(db, clock, store, pictures / f"{slug}.webp", product_id)
    return ids


async def _product(tx: Tx, product: Mapping[str, Any], at: datetime) -> UUID:
    """The product of that slug, made where it is missing; what a merchant changed stays."""
    known = await repository.get_by_slug(tx, product["id"])
    if known is not None:
        known_id: UUID = known["id"]
        return known_id
    wanted = ProductIn(
        slug=product["id"],
        name=product["name"],
        name_en=product.get("name_en", ""),
        category=product.get("category", ""),
        description=product.get("description", ""),
        status="on_sale",
        attributes=product.get("details", {}),
        aliases=product.get("aliases", []),
        tags=product.get("tags", []),
        skus=[_sku(product, sku, number) for number, sku in enumerate(product.get("skus") or [{}])],
    )
    row = await service.create(tx, wanted, actor=ACTOR, at=at)
    product_id: UUID = row["id"]
    return product_id


def _sku(product: Mapping[str, Any], sku: Mapping[str, Any], number: int) -> SkuIn:
    """A SKU has what it says, else what its product says."""
    merged = {**product, **sku}
    return SkuIn(
        code=product["id"] if not sku else f"{product['id']}-{number + 1}",
        name=sku.get("name", ""),
        options=sku.get("options", {}),
        price_cents=merged["price_cents"],
        list_price_cents=merged.get("list_price_cents"),
        weight_g=merged.get("weight_g", 0),
        stock=merged["stock"],
    )


async def _picture(db: Database, clock: Clock, store: PictureStore, path: Path, product_id: UUID) -> None:
    if not await asyncio.to_thread(path.is_file):
        return
    image_url = await store.add(await asyncio.to_thread(path.read_bytes))
    async with db.transaction() as tx:
        if (await service.get(tx, product_id))["image_url"] is None:
            await repository.update_product(tx, product_id, {"image_url": image_url}, clock.now())
