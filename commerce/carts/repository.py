"""Carts in SQL."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from psycopg.rows import DictRow

from app.core.db import Tx, fetch_all, fetch_one


async def of_user(tx: Tx, user_id: UUID) -> DictRow | None:
    """Locked, as every cart that is looked at: two taps are two units."""
    return await fetch_one(tx, "SELECT * FROM carts WHERE user_id = %(id)s FOR UPDATE", {"id": user_id})


async def of_guest(tx: Tx, guest_hash: bytes) -> DictRow | None:
    return await fetch_one(
        tx, "SELECT * FROM carts WHERE guest_hash = %(hash)s FOR UPDATE", {"hash": guest_hash}
    )


async def insert(tx: Tx, cart_id: UUID, user_id: UUID | None, guest_hash: bytes | None, at: datetime) -> None:
    """Does nothing where its owner has a cart by now."""
    await tx.execute(
        """INSERT INTO carts (id, user_id, guest_hash, updated_at) VALUES (%s, %s, %s, %s)
           ON CONFLICT DO NOTHING""",
        (cart_id, user_id, guest_hash, at),
    )


async def touch(tx: Tx, cart_id: UUID, room_id: UUID | None, at: datetime) -> None:
    """`room_id` None: the cart stays in its room."""
    await tx.execute(
        "UPDATE carts SET updated_at = %s, room_id = coalesce(%s, room_id) WHERE id = %s",
        (at, room_id, cart_id),
    )


async def delete(tx: Tx, cart_id: UUID) -> None:
    await tx.execute("DELETE FROM carts WHERE id = %s", (cart_id,))


async def delete_guests_before(tx: Tx, at: datetime) -> None:
    await tx.execute("DELETE FROM carts WHERE user_id IS NULL AND updated_at < %s", (at,))


async def lines(tx: Tx, cart_id: UUID) -> list[DictRow]:
    """Newest first, each with its product as it is now."""
    return await fetch_all(
        tx,
        """SELECT c.sku_id, c.quantity, c.seen_price_cents, k.product_id, k.name AS sku_name, k.options,
                  k.list_price_cents, k.currency, p.name AS product_name, p.name_en AS product_name_en,
                  p.image_url, k.active AND p.status = 'on_sale' AS on_sale,
                  st.on_hand - st.reserved AS available
           FROM cart_lines c JOIN skus k ON k.id = c.sku_id JOIN products p ON p.id = k.product_id
           JOIN stock st ON st.sku_id = c.sku_id
           WHERE c.cart_id = %(id)s ORDER BY c.added_at DESC, c.sku_id""",
        {"id": cart_id},
    )


async def put(
    tx: Tx, cart_id: UUID, sku_id: UUID, quantity: int, seen_price_cents: int, at: datetime
) -> None:
    await tx.execute(
        """INSERT INTO cart_lines (cart_id, sku_id, quantity, seen_price_cents, added_at)
           VALUES (%s, %s, %s, %s, %s)
           ON CONFLICT (cart_id, sku_id) DO UPDATE
             SET quantity = excluded.quantity, seen_price_cents = excluded.seen_price_cents""",
        (cart_id, sku_id, quantity, seen_price_cents, at),
    )


async def see(tx: Tx, cart_id: UUID, prices: Mapping[UUID, int]) -> None:
    """The buyer has been told these unit prices."""
    await tx.execute(
        """UPDATE cart_lines SET seen_price_cents = p.cents
           FROM unnest(%s::uuid[], %s::int[]) AS p(sku_id, cents)
           WHERE cart_id = %s AND cart_lines.sku_id = p.sku_id""",
        (list(prices), list(prices.values()), cart_id),
    )


async def remove(tx: Tx, cart_id: UUID, sku_ids: Collection[UUID]) -> int:
    """How many lines there were."""
    cursor = await tx.execute(
        "DELETE FROM cart_lines WHERE cart_id = %s AND sku_id = ANY(%s)", (cart_id, list(sku_ids))
    )
    return cursor.rowcount


async def merge(tx: Tx, guest: DictRow, cart_id: UUID, at: datetime) -> None:
    """A guest's lines go over to the member's cart, quantities added up; the guest's cart is gone."""
    await tx.execute(
        """INSERT INTO cart_lines (cart_id, sku_id, quantity, seen_price_cents, added_at)
           SELECT %s, sku_id, quantity, seen_price_cents, added_at FROM cart_lines WHERE cart_id = %s
           ON CONFLICT (cart_id, sku_id) DO UPDATE
             SET quantity = least(cart_lines.quantity + excluded.quantity, 999),
                 seen_price_cents = excluded.seen_price_cents""",
        (cart_id, guest["id"]),
    )
    await touch(tx, cart_id, guest["room_id"], at)
    await delete(tx, guest["id"])
