"""What must hold once everything has come to rest, whatever happened before."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from psycopg.rows import DictRow

from app.checks.payments_world import PRICE_CENTS, World
from app.core.db import fetch_all
from commerce.inventory import repository as inventory

PAID = {"paid", "shipped", "completed", "refunding", "refunded"}
TAKEN = {"succeeded", "refunded"}


async def broken(world: World) -> list[str]:
    """Each broken promise in words; none, if all is well."""
    async with world.db.transaction() as tx:
        params = {"skus": list(world.stock)}
        orders = await fetch_all(
            tx,
            """SELECT o.*, l.sku_id, l.quantity, coalesce(
                   (SELECT sum(rl.quantity) FROM refund_lines rl JOIN refunds r ON r.id = rl.refund_id
                    WHERE r.order_id = o.id AND r.restock AND r.status = 'succeeded'), 0)::int AS restocked
               FROM orders o JOIN order_lines l ON l.order_id = o.id WHERE l.sku_id = ANY(%(skus)s)""",
            params,
        )
        ids = {"orders": [order["id"] for order in orders]}
        payments = await fetch_all(
            tx, "SELECT * FROM payments WHERE order_id = ANY(%(orders)s) ORDER BY id", ids
        )
        refunds = await fetch_all(tx, "SELECT * FROM refunds WHERE order_id = ANY(%(orders)s)", ids)
        stock = await fetch_all(tx, "SELECT * FROM stock WHERE sku_id = ANY(%(skus)s)", params)
        sums = await fetch_all(
            tx,
            """SELECT account, sum(debit_cents)::bigint AS debit, sum(credit_cents)::bigint AS credit
               FROM ledger_lines l JOIN ledger_entries e ON e.id = l.entry_id
               WHERE e.order_id = ANY(%(orders)s) GROUP BY account""",
            ids,
        )
        drift = await inventory.recompute(tx, list(world.stock))
    return [
        *_stock(world, orders, stock),
        *[f"stock of {row['sku_id']} is not the sum of its movements" for row in drift],
        *_orders(orders, payments, refunds),
        *_ledger(sums),
        *_books(world, payments, refunds),
    ]


def _stock(world: World, orders: Sequence[DictRow], stock: Sequence[DictRow]) -> Iterable[str]:
    for row in stock:
        mine = [order for order in orders if order["sku_id"] == row["sku_id"]]
        sold = sum(order["quantity"] - order["restocked"] for order in mine if order["status"] in PAID)
        held = sum(order["quantity"] for order in mine if order["status"] == "pending_payment")
        if row["on_hand"] + sold != world.stock[row["sku_id"]]:
            yield f"on hand {row['on_hand']} and sold {sold} are not {world.stock[row['sku_id']]}"
        if row["reserved"] != held:
            yield f"{row['reserved']} are reserved, {held} are held by orders"


def _orders(
    orders: Sequence[DictRow], payments: Sequence[DictRow], refunds: Sequence[DictRow]
) -> Iterable[str]:
    sent_back = {refund["payment_id"] for refund in refunds if refund["kind"] != "order"}
    for order in orders:
        mine = [p for p in payments if p["order_id"] == order["id"] and p["status"] in TAKEN]
        kept = [p for p in mine if p["id"] not in sent_back]
        if len(kept) != (1 if order["status"] in PAID else 0):
            yield f"order {order['status']} is paid {len(kept)} times"
        if order["status"] in ("pending_payment", "refunding"):
            yield f"order is left {order['status']}"
        if order["total_cents"] != order["quantity"] * PRICE_CENTS:
            yield f"order of {order['quantity']} costs {order['total_cents']}"
    keys = {(order["buyer_id"], order["idempotency_key"]) for order in orders}
    if len(keys) != len(orders):
        yield "one key has two orders"
    for refund in refunds:
        if refund["status"] != "succeeded":
            yield f"refund {refund['kind']} is left {refund['status']}: {refund['last_error']}"


def _ledger(sums: Sequence[DictRow]) -> Iterable[str]:
    debit, credit = sum(row["debit"] for row in sums), sum(row["credit"] for row in sums)
    if debit != credit:
        yield f"debits {debit} are not credits {credit}"
    for row in sums:
        if row["account"] == "unapplied" and row["debit"] != row["credit"]:
            yield f"{row['credit'] - row['debit']} belong to nobody"


def _books(world: World, payments: Sequence[DictRow], refunds: Sequence[DictRow]) -> Iterable[str]:
    """The services' books and ours, payment by payment and refund by refund."""
    ours = {payment["out_trade_no"]: payment for payment in payments}
    for trade in world.gateway.books:
        payment = ours.get(trade.out_trade_no)
        if payment is None:
            yield f"{trade.provider} knows a payment that we do not"
            continue
        if (trade.state == "paid") != (payment["status"] in TAKEN):
            yield f"{trade.provider} says {trade.state}, we say {payment['status']}"
        if trade.amount_cents != payment["amount_cents"]:
            yield f"{trade.provider} took {trade.amount_cents}, we {payment['amount_cents']}"
        settled = {
            UUID(str(refund["id"])).hex: refund["amount_cents"]
            for refund in refunds
            if refund["payment_id"] == payment["id"] and refund["status"] == "succeeded"
        }
        if trade.refunds != settled:
            yield f"{trade.provider} refunded {trade.refunds}, we {settled}"
