"""The catalogue in SQL."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow
from psycopg.types.json import Json

from app.core.db import Tx, fetch_all, fetch_one

# A product with its SKUs and stock, as one row; sold out is a consequence of stock, never stored.
PRODUCT = """
    SELECT p.*, s.skus,
           CASE WHEN p.status = 'on_sale' AND coalesce(s.available, 0) = 0 THEN 'sold_out'
                ELSE p.status END AS shown_status
    FROM products p
    LEFT JOIN LATERAL (
        SELECT sum(st.on_hand - st.reserved) FILTER (WHERE k.active) AS available,
               json_agg(json_build_object(
                   'id', k.id, 'product_id', k.product_id, 'code', k.code, 'name', k.name,
                   'options', k.options, 'price_cents', k.price_cents,
                   'list_price_cents', k.list_price_cents, 'currency', k.currency,
                   'weight_g', k.weight_g, 'active', k.active, 'on_hand', st.on_hand,
                   'reserved', st.reserved, 'available', st.on_hand - st.reserved
               ) ORDER BY k.position, k.id) AS skus
        FROM skus k JOIN stock st ON st.sku_id = k.id
        WHERE k.product_id = p.id
    ) s ON true
"""


async def get(tx: Tx, product_id: UUID) -> DictRow | None:
    return await fetch_one(tx, f"{PRODUCT} WHERE p.id = %(id)s", {"id": product_id})


async def get_by_slug(tx: Tx, slug: str) -> DictRow | None:
    return await fetch_one(tx, f"{PRODUCT} WHERE p.slug = %(slug)s", {"slug": slug})


async def get_many(tx: Tx, product_ids: Collection[UUID]) -> list[DictRow]:
    return await fetch_all(tx, f"{PRODUCT} WHERE p.id = ANY(%(ids)s)", {"ids": list(product_ids)})


async def page(tx: Tx, *, statuses: Collection[str], limit: int, offset: int) -> tuple[list[DictRow], int]:
    """Newest first, and how many there are in all."""
    params = {"statuses": list(statuses), "limit": limit, "offset": offset}
    where = "WHERE p.status = ANY(%(statuses)s)"
    rows = await fetch_all(
        tx,
        f"{PRODUCT} {where} ORDER BY p.created_at DESC, p.id DESC LIMIT %(limit)s OFFSET %(offset)s",
        params,
    )
    count = await fetch_one(tx, f"SELECT count(*) AS n FROM products p {where}", params)
    return rows, count["n"] if count else 0


# What a product is searched by.
BODY = """concat_ws(' ', p.name, p.name_en, p.category, array_to_string(p.aliases, ' '),
                    array_to_string(p.tags, ' '))"""


async def without_meaning(tx: Tx, model: str, limit: int) -> list[DictRow]:
    """id and body of products on sale that this model has not read as they are now."""
    return await fetch_all(
        tx,
        f"""SELECT p.id, {BODY} AS body FROM products p
            LEFT JOIN product_meanings m ON m.product_id = p.id AND m.model = %(model)s
            WHERE p.status = 'on_sale' AND m.hash IS DISTINCT FROM decode(md5({BODY}), 'hex')
            ORDER BY p.id LIMIT %(limit)s""",
        {"model": model, "limit": limit},
    )


async def set_meaning(tx: Tx, product_id: UUID, model: str, body: str, vector: Sequence[float]) -> None:
    await tx.execute(
        """INSERT INTO product_meanings (product_id, model, hash, embedding)
           VALUES (%s, %s, decode(md5(%s), 'hex'), %s::vector)
           ON CONFLICT (product_id, model) DO UPDATE
             SET hash = excluded.hash, embedding = excluded.embedding""",
        (product_id, model, body, _literal(vector)),
    )


async def nearest(tx: Tx, model: str, vector: Sequence[float], margin: float, limit: int) -> list[DictRow]:
    """Products on sale whose meaning is about as near as the nearest one's, the nearest first."""
    return await fetch_all(
        tx,
        f"""SELECT found.* FROM (
              SELECT product_id, embedding <=> %(vector)s::vector AS far FROM product_meanings
              WHERE model = %(model)s ORDER BY embedding <=> %(vector)s::vector LIMIT %(limit)s
            ) near JOIN ({PRODUCT} WHERE p.status = 'on_sale') found ON found.id = near.product_id
            WHERE far <= (SELECT min(embedding <=> %(vector)s::vector) FROM product_meanings
                          WHERE model = %(model)s) + %(margin)s
            ORDER BY far""",
        {"model": model, "vector": _literal(vector), "margin": margin, "limit": limit},
    )


def _literal(vector: Sequence[float]) -> str:
    return "[" + ",".join(f"{number:.6f}" for number in vector) + "]"


async def search(tx: Tx, query: str, limit: int) -> list[DictRow]:
    """What is on sale and looks like `query`: it holds it, or its trigrams come near it."""
    # Trigrams see nothing in one or two Chinese characters: there the text itself must hold them.
    return await fetch_all(
        tx,
        f"""SELECT * FROM ({PRODUCT} WHERE p.status = 'on_sale') found,
            LATERAL (SELECT concat_ws(' ', name, name_en, category, array_to_string(aliases, ' '),
                                      array_to_string(tags, ' ')) AS body) t
            WHERE strpos(lower(body), lower(%(q)s)) > 0 OR word_similarity(%(q)s, body) > 0.4
            ORDER BY strpos(lower(name), lower(%(q)s)) = 1 DESC, strpos(lower(body), lower(%(q)s)) > 0 DESC,
                     word_similarity(%(q)s, body) DESC, created_at DESC, id
            LIMIT %(limit)s""",
        {"q": query, "limit": limit},
    )


async def insert_product(tx: Tx, product: Mapping[str, Any]) -> None:
    await tx.execute(
        """INSERT INTO products (id, slug, name, name_en, category, description, image_url, status,
                                 attributes, aliases, tags, faq, created_at, updated_at)
           VALUES (%(id)s, %(slug)s, %(name)s, %(name_en)s, %(category)s, %(description)s, %(image_url)s,
                   %(status)s, %(attributes)s, %(aliases)s, %(tags)s, %(faq)s, %(now)s, %(now)s)""",
        {**product, "attributes": Json(product["attributes"]), "faq": Json(product["faq"])},
    )


async def update_product(tx: Tx, product_id: UUID, changes: Mapping[str, Any], now: datetime) -> None:
    """`changes` holds columns of `products`; their names come from our own schemas."""
    values = {k: Json(v) if k in ("attributes", "faq") else v for k, v in changes.items()}
    columns = "".join(f", {column} = %({column})s" for column in values)
    await tx.execute(
        f"UPDATE products SET updated_at = %(now)s{columns} WHERE id = %(id)s".encode(),
        {**values, "id": product_id, "now": now},
    )


async def insert_sku(tx: Tx, sku: Mapping[str, Any]) -> None:
    await tx.execute(
        """INSERT INTO skus (id, product_id, code, name, options, price_cents, list_price_cents, currency,
                             weight_g, position)
           VALUES (%(id)s, %(product_id)s, %(code)s, %(name)s, %(options)s, %(price_cents)s,
                   %(list_price_cents)s, %(currency)s, %(weight_g)s, %(position)s)""",
        {**sku, "options": Json(sku["options"])},
    )


async def get_sku(tx: Tx, sku_id: UUID) -> DictRow | None:
    return await fetch_one(tx, "SELECT * FROM skus WHERE id = %(id)s FOR UPDATE", {"id": sku_id})


async def update_sku(tx: Tx, sku_id: UUID, changes: Mapping[str, Any]) -> None:
    """`changes` holds columns of `skus`; their names come from our own schemas."""
    values = {k: Json(v) if k == "options" else v for k, v in changes.items()}
    columns = ", ".join(f"{column} = %({column})s" for column in values)
    await tx.execute(f"UPDATE skus SET {columns} WHERE id = %(id)s".encode(), {**values, "id": sku_id})


async def sku_id_by_code(tx: Tx, code: str) -> UUID | None:
    row = await fetch_one(tx, "SELECT id FROM skus WHERE code = %(code)s", {"code": code})
    return row["id"] if row else None


async def slugs_like(tx: Tx, stem: str) -> set[str]:
    rows = await fetch_all(
        tx,
        "SELECT slug FROM products WHERE slug = %(s)s OR slug LIKE %(like)s",
        {"s": stem, "like": f"{stem}-%"},
    )
    return {row["slug"] for row in rows}


async def taken_codes(tx: Tx, codes: Sequence[str]) -> list[str]:
    rows = await fetch_all(tx, "SELECT code FROM skus WHERE code = ANY(%(codes)s)", {"codes": list(codes)})
    return [row["code"] for row in rows]


async def policies(tx: Tx) -> list[DictRow]:
    return await fetch_all(tx, "SELECT title, body AS text FROM shop_policies ORDER BY position")


async def replace_policies(tx: Tx, items: Sequence[tuple[str, str]]) -> None:
    await tx.execute("DELETE FROM shop_policies")
    async with tx.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO shop_policies (title, body, position) VALUES (%s, %s, %s)",
            [(title, body, position) for position, (title, body) in enumerate(items)],
        )
