"""Room prices, flash sales, coupons and shipping fees in SQL."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow

from app.core.db import Tx, fetch_all, fetch_one


async def room_prices(tx: Tx, pairs: Collection[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], int]:
    """Prices by (room, SKU)."""
    wanted = list(pairs)
    rows = await fetch_all(
        tx,
        """SELECT room_id, sku_id, price_cents FROM room_prices
           JOIN unnest(%(rooms)s::uuid[], %(skus)s::uuid[]) AS w(room_id, sku_id) USING (room_id, sku_id)""",
        {"rooms": [room for room, _ in wanted], "skus": [sku for _, sku in wanted]},
    )
    return {(row["room_id"], row["sku_id"]): row["price_cents"] for row in rows}


async def prices_of_room(tx: Tx, room_id: UUID) -> list[DictRow]:
    return await fetch_all(
        tx,
        "SELECT sku_id, price_cents FROM room_prices WHERE room_id = %(id)s ORDER BY sku_id",
        {"id": room_id},
    )


async def replace_room_prices(tx: Tx, room_id: UUID, prices: Mapping[UUID, int]) -> None:
    await tx.execute("DELETE FROM room_prices WHERE room_id = %s", (room_id,))
    await tx.execute(
        """INSERT INTO room_prices (room_id, sku_id, price_cents)
           SELECT %s, sku_id, price_cents FROM unnest(%s::uuid[], %s::int[]) AS p(sku_id, price_cents)""",
        (room_id, list(prices), list(prices.values())),
    )


async def set_room_prices(tx: Tx, room_id: UUID, prices: Mapping[UUID, int]) -> None:
    """Those named; the others stay."""
    await tx.execute(
        """INSERT INTO room_prices (room_id, sku_id, price_cents)
           SELECT %s, sku_id, price_cents FROM unnest(%s::uuid[], %s::int[]) AS p(sku_id, price_cents)
           ON CONFLICT (room_id, sku_id) DO UPDATE SET price_cents = excluded.price_cents""",
        (room_id, list(prices), list(prices.values())),
    )


async def running_flash_sales(
    tx: Tx, sku_ids: Collection[UUID], at: datetime, *, lock: bool
) -> list[DictRow]:
    """Sales that run now and have units left, cheapest first; locked in one global order on demand."""
    query = """SELECT * FROM flash_sales WHERE sku_id = ANY(%(ids)s) AND starts_at <= %(at)s
               AND ends_at > %(at)s AND sold < quantity ORDER BY id"""
    rows = await fetch_all(tx, query + (" FOR UPDATE" if lock else ""), {"ids": list(sku_ids), "at": at})
    return sorted(rows, key=lambda row: (row["price_cents"], row["id"]))


async def flash_sales(tx: Tx, limit: int) -> list[DictRow]:
    """Newest first."""
    return await fetch_all(tx, "SELECT * FROM flash_sales ORDER BY id DESC LIMIT %(n)s", {"n": limit})


async def insert_flash_sale(tx: Tx, sale: Mapping[str, Any]) -> DictRow:
    row = await fetch_one(
        tx,
        """INSERT INTO flash_sales (id, sku_id, room_id, price_cents, quantity, per_buyer, starts_at, ends_at)
           VALUES (%(id)s, %(sku_id)s, %(room_id)s, %(price_cents)s, %(quantity)s, %(per_buyer)s,
                   %(starts_at)s, %(ends_at)s) RETURNING *""",
        dict(sale),
    )
    assert row is not None
    return row


async def end_flash_sale(tx: Tx, sale_id: UUID, at: datetime) -> DictRow | None:
    """None where there is no such sale; one that has not begun never will."""
    return await fetch_one(
        tx,
        """UPDATE flash_sales SET starts_at = least(starts_at, %(at)s - interval '1 microsecond'),
             ends_at = least(ends_at, %(at)s) WHERE id = %(id)s RETURNING *""",
        {"id": sale_id, "at": at},
    )


async def used_by(
    tx: Tx, column: str, ids: Collection[UUID], buyers: Collection[UUID]
) -> dict[tuple[UUID, UUID], int]:
    """How much these buyers have used of these sales or coupons: by (id, buyer). `column` is ours."""
    rows = await fetch_all(
        tx,
        f"""SELECT {column} AS id, buyer_id, sum(quantity)::int AS used FROM promotion_uses
            WHERE {column} = ANY(%(ids)s) AND buyer_id = ANY(%(buyers)s) AND NOT released
            GROUP BY {column}, buyer_id""",
        {"ids": list(ids), "buyers": list(buyers)},
    )
    return {(row["id"], row["buyer_id"]): row["used"] for row in rows}


async def coupons_by_code(tx: Tx, codes: Collection[str], *, lock: bool) -> dict[str, DictRow]:
    query = "SELECT * FROM coupons WHERE code = ANY(%(codes)s) ORDER BY id"
    rows = await fetch_all(tx, query + (" FOR UPDATE" if lock else ""), {"codes": list(codes)})
    return {row["code"]: row for row in rows}


async def coupons(tx: Tx, limit: int) -> list[DictRow]:
    """Newest first."""
    return await fetch_all(tx, "SELECT * FROM coupons ORDER BY id DESC LIMIT %(n)s", {"n": limit})


async def coupons_of_room(tx: Tx, room_id: UUID, at: datetime) -> list[DictRow]:
    """Those of this room that are running and not used up."""
    return await fetch_all(
        tx,
        """SELECT * FROM coupons
           WHERE room_id = %(room)s AND starts_at <= %(at)s AND ends_at > %(at)s
             AND (total_limit IS NULL OR used < total_limit)
           ORDER BY used DESC, id LIMIT 5""",
        {"room": room_id, "at": at},
    )


async def insert_coupon(tx: Tx, coupon: Mapping[str, Any]) -> DictRow | None:
    """None where the code is taken."""
    return await fetch_one(
        tx,
        """INSERT INTO coupons (id, code, amount_cents, rate_bps, max_discount_cents, threshold_cents, currency,
                                room_id, funded_by, total_limit, per_buyer, starts_at, ends_at)
           VALUES (%(id)s, %(code)s, %(amount_cents)s, %(rate_bps)s, %(max_discount_cents)s,
                   %(threshold_cents)s, %(currency)s, %(room_id)s, %(funded_by)s, %(total_limit)s,
                   %(per_buyer)s, %(starts_at)s, %(ends_at)s)
           ON CONFLICT (code) DO NOTHING RETURNING *""",
        dict(coupon),
    )


async def end_coupon(tx: Tx, coupon_id: UUID, at: datetime) -> DictRow | None:
    """None where there is no such coupon."""
    return await fetch_one(
        tx,
        """UPDATE coupons SET starts_at = least(starts_at, %(at)s - interval '1 microsecond'),
             ends_at = least(ends_at, %(at)s) WHERE id = %(id)s RETURNING *""",
        {"id": coupon_id, "at": at},
    )


async def record_uses(tx: Tx, uses: Sequence[tuple[UUID, UUID, UUID | None, UUID | None, int]]) -> None:
    """(order, buyer, flash sale or None, coupon or None, quantity); raises what is used of each."""
    columns = list(zip(*uses, strict=True))
    await tx.execute(
        """INSERT INTO promotion_uses (order_id, buyer_id, flash_sale_id, coupon_id, quantity)
           SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[], %s::int[])""",
        [list(column) for column in columns],
    )
    await _add(tx, [(use[2], use[3], use[4]) for use in uses])


async def release_uses(tx: Tx, order_id: UUID) -> None:
    """An order that came to nothing gives back what it used."""
    rows = await fetch_all(
        tx,
        """UPDATE promotion_uses SET released = true WHERE order_id = %(id)s AND NOT released
           RETURNING flash_sale_id, coupon_id, quantity""",
        {"id": order_id},
    )
    await _add(tx, [(row["flash_sale_id"], row["coupon_id"], -row["quantity"]) for row in rows])


async def _add(tx: Tx, uses: Sequence[tuple[UUID | None, UUID | None, int]]) -> None:
    sales = [(sale, quantity) for sale, _, quantity in uses if sale]
    codes = [(coupon, quantity) for _, coupon, quantity in uses if coupon]
    for table, column, changes in (("flash_sales", "sold", sales), ("coupons", "used", codes)):
        if changes:
            await tx.execute(
                f"""UPDATE {table} SET {column} = {column} + c.n
                    FROM (SELECT id, sum(n)::int AS n FROM unnest(%s::uuid[], %s::int[]) AS u(id, n)
                          GROUP BY id) c
                    WHERE {table}.id = c.id""".encode(),
                ([key for key, _ in changes], [n for _, n in changes]),
            )


async def offers_of_room(tx: Tx, room_id: UUID, at: datetime) -> list[DictRow]:
    """What costs less in this room than elsewhere, now."""
    return await fetch_all(
        tx,
        """SELECT f.sku_id, k.product_id, 'flash' AS kind, f.price_cents, f.ends_at,
                  f.quantity - f.sold AS left, f.per_buyer
           FROM flash_sales f JOIN skus k ON k.id = f.sku_id
           WHERE (f.room_id = %(room)s OR f.room_id IS NULL)
             AND f.starts_at <= %(at)s AND f.ends_at > %(at)s AND f.sold < f.quantity
           UNION ALL
           SELECT p.sku_id, k.product_id, 'room', p.price_cents, NULL, NULL, NULL
           FROM room_prices p JOIN skus k ON k.id = p.sku_id WHERE p.room_id = %(room)s
           ORDER BY kind, sku_id""",
        {"room": room_id, "at": at},
    )


async def shipping_rules(tx: Tx) -> tuple[dict[str, DictRow], list[DictRow]]:
    """The flat fees by currency, and every template (its id as text, as JSON has it)."""
    row = await fetch_one(
        tx,
        """SELECT (SELECT json_agg(f) FROM shipping_fees f) AS fees,
                  (SELECT json_agg(t) FROM shipping_templates t) AS templates""",
    )
    assert row is not None
    return {fee["currency"]: fee for fee in row["fees"] or ()}, row["templates"] or []


async def set_shipping_fee(tx: Tx, currency: str, fee_cents: int, free_from_cents: int | None) -> None:
    await tx.execute(
        """INSERT INTO shipping_fees (currency, fee_cents, free_from_cents) VALUES (%s, %s, %s)
           ON CONFLICT (currency) DO UPDATE
             SET fee_cents = excluded.fee_cents, free_from_cents = excluded.free_from_cents""",
        (currency, fee_cents, free_from_cents),
    )
