"""Payments, notifications and refunds in SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow

from app.core.db import Tx, fetch_all, fetch_one

BODY_LIMIT = 16 * 1024


async def pending_of_order(tx: Tx, order_id: UUID) -> list[DictRow]:
    return await fetch_all(
        tx,
        "SELECT * FROM payments WHERE order_id = %(id)s AND status = 'pending' ORDER BY id",
        {"id": order_id},
    )


async def insert(tx: Tx, payment: Mapping[str, Any]) -> DictRow:
    row = await fetch_one(
        tx,
        """INSERT INTO payments (id, order_id, provider, out_trade_no, status, amount_cents, currency,
                                 created_at)
           VALUES (%(id)s, %(order_id)s, %(provider)s, %(out_trade_no)s, 'pending', %(amount_cents)s,
                   %(currency)s, %(at)s) RETURNING *""",
        dict(payment),
    )
    assert row is not None
    return row


async def set_created(tx: Tx, payment_id: UUID, pay_url: str, trade_no: str | None) -> None:
    await tx.execute(
        "UPDATE payments SET pay_url = %s, provider_trade_no = coalesce(%s, provider_trade_no) WHERE id = %s",
        (pay_url, trade_no, payment_id),
    )


async def get(tx: Tx, payment_id: UUID) -> DictRow | None:
    return await fetch_one(tx, "SELECT * FROM payments WHERE id = %(id)s", {"id": payment_id})


async def get_locked(tx: Tx, payment_id: UUID) -> DictRow | None:
    return await fetch_one(tx, "SELECT * FROM payments WHERE id = %(id)s FOR UPDATE", {"id": payment_id})


async def by_out_trade_no(tx: Tx, provider: str, out_trade_no: str) -> DictRow | None:
    return await fetch_one(
        tx,
        "SELECT * FROM payments WHERE provider = %(provider)s AND out_trade_no = %(no)s",
        {"provider": provider, "no": out_trade_no},
    )


async def set_succeeded(tx: Tx, payment_id: UUID, trade_no: str | None, at: datetime) -> None:
    await tx.execute(
        "UPDATE payments SET status = 'succeeded', provider_trade_no = %s, paid_at = %s WHERE id = %s",
        (trade_no, at, payment_id),
    )


async def set_closed(tx: Tx, payment_id: UUID) -> None:
    """Only a payment that brought nothing closes."""
    await tx.execute(
        "UPDATE payments SET status = 'closed' WHERE id = %s AND status = 'pending'", (payment_id,)
    )


async def add_refunded(tx: Tx, payment_id: UUID, amount_cents: int) -> None:
    await tx.execute(
        """UPDATE payments SET refunded_cents = refunded_cents + %(amount)s,
             status = CASE WHEN refunded_cents + %(amount)s = amount_cents THEN 'refunded' ELSE status END
           WHERE id = %(id)s""",
        {"amount": amount_cents, "id": payment_id},
    )


async def record_notification(
    tx: Tx,
    notification_id: UUID,
    provider: str,
    body: bytes,
    *,
    verdict: str,
    detail: str,
    out_trade_no: str | None,
    payment_id: UUID | None,
    at: datetime,
) -> None:
    """Kept whatever it was; only an absurdly long body is cut."""
    await tx.execute(
        """INSERT INTO payment_notifications
             (id, provider, payment_id, out_trade_no, body, verdict, detail, received_at)
           VALUES (%s, %s, %s, %s, %s, %s, %s, %s)""",
        (
            notification_id,
            provider,
            payment_id,
            out_trade_no[:128] if out_trade_no else None,
            body[:BODY_LIMIT],
            verdict,
            detail[:500],
            at,
        ),
    )


async def notifications(tx: Tx, limit: int) -> list[DictRow]:
    """Newest first, without their bodies."""
    return await fetch_all(
        tx,
        """SELECT id, provider, payment_id, out_trade_no, verdict, detail, received_at
           FROM payment_notifications ORDER BY id DESC LIMIT %(limit)s""",
        {"limit": limit},
    )


async def insert_refund(tx: Tx, refund: Mapping[str, Any]) -> DictRow:
    row = await fetch_one(
        tx,
        """INSERT INTO refunds (id, order_id, payment_id, kind, status, amount_cents, reason, requested_by,
                                created_at, idempotency_key, request_hash, restock, back_to)
           VALUES (%(id)s, %(order_id)s, %(payment_id)s, %(kind)s, 'pending', %(amount_cents)s, %(reason)s,
                   %(requested_by)s, %(at)s, %(idempotency_key)s, %(request_hash)s, %(restock)s,
                   %(back_to)s) RETURNING *""",
        {"idempotency_key": None, "request_hash": None, "restock": False, "back_to": None} | dict(refund),
    )
    assert row is not None
    return row


async def paying(tx: Tx, order_id: UUID) -> DictRow | None:
    """The payment that paid the order; one that went back by itself did not."""
    return await fetch_one(
        tx,
        """SELECT * FROM payments p WHERE order_id = %(id)s AND status = 'succeeded' AND NOT EXISTS
             (SELECT 1 FROM refunds r WHERE r.payment_id = p.id AND r.kind <> 'order') FOR UPDATE""",
        {"id": order_id},
    )


async def insert_refund_lines(tx: Tx, refund_id: UUID, lines: Sequence[tuple[int, int, int]]) -> None:
    """(position, quantity, cents): the order's lines count as refunded from now on."""
    await tx.execute(
        """INSERT INTO refund_lines (refund_id, position, quantity, amount_cents)
           SELECT %s, * FROM unnest(%s::smallint[], %s::int[], %s::bigint[])""",
        (refund_id, *([line[i] for line in lines] for i in range(3))),
    )
    await _count_lines(tx, refund_id, 1)


async def uncount_refund_lines(tx: Tx, refund_id: UUID) -> None:
    """The refund came to nothing."""
    await _count_lines(tx, refund_id, -1)


async def _count_lines(tx: Tx, refund_id: UUID, sign: int) -> None:
    await tx.execute(
        """UPDATE order_lines ol SET refunded_quantity = refunded_quantity + %(sign)s * rl.quantity,
                                     refunded_cents = refunded_cents + %(sign)s * rl.amount_cents
           FROM refund_lines rl JOIN refunds r ON r.id = rl.refund_id
           WHERE r.id = %(id)s AND ol.order_id = r.order_id AND ol.position = rl.position""",
        {"id": refund_id, "sign": sign},
    )


async def refund_lines(tx: Tx, refund_id: UUID) -> list[DictRow]:
    """With the SKU of each."""
    return await fetch_all(
        tx,
        """SELECT rl.*, ol.sku_id FROM refund_lines rl JOIN refunds r ON r.id = rl.refund_id
           JOIN order_lines ol ON ol.order_id = r.order_id AND ol.position = rl.position
           WHERE rl.refund_id = %(id)s ORDER BY rl.position""",
        {"id": refund_id},
    )


async def refund_by_key(tx: Tx, order_id: UUID, key: str) -> DictRow | None:
    return await fetch_one(
        tx,
        "SELECT * FROM refunds WHERE order_id = %(id)s AND idempotency_key = %(key)s",
        {"id": order_id, "key": key},
    )


async def refunds_of_order(tx: Tx, order_id: UUID) -> list[DictRow]:
    return await fetch_all(tx, "SELECT * FROM refunds WHERE order_id = %(id)s ORDER BY id", {"id": order_id})


async def get_refund(tx: Tx, refund_id: UUID) -> DictRow | None:
    return await fetch_one(tx, "SELECT * FROM refunds WHERE id = %(id)s", {"id": refund_id})


async def get_refund_locked(tx: Tx, refund_id: UUID) -> DictRow | None:
    return await fetch_one(tx, "SELECT * FROM refunds WHERE id = %(id)s FOR UPDATE", {"id": refund_id})


async def settle_refund(tx: Tx, refund_id: UUID, at: datetime) -> None:
    await tx.execute(
        "UPDATE refunds SET status = 'succeeded', settled_at = %s WHERE id = %s", (at, refund_id)
    )


async def note_refund_failure(tx: Tx, refund_id: UUID, error: str, *, final: bool) -> None:
    await tx.execute(
        """UPDATE refunds SET attempts = attempts + 1, last_error = %s,
             status = CASE WHEN %s THEN 'failed' ELSE status END WHERE id = %s""",
        (error[:500], final, refund_id),
    )
