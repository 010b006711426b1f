"""Statements and what comparing them has shown, in SQL."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow

from app.core.db import Tx, fetch_all, fetch_one
from commerce.reconciliation.matching import Difference, OurPayment, OurRefund
from commerce.reconciliation.statements import StatementLine

PAID = ("paid", "shipped", "completed", "refunding", "refunded")

# What an entry moved at the service: what it owes us and what it kept.
POSTED = """
    LEFT JOIN LATERAL (
        SELECT abs(sum(debit_cents - credit_cents))::bigint AS cents,
               coalesce(abs(sum(debit_cents - credit_cents) FILTER (WHERE account LIKE 'fees:%%')), 0)::bigint
                 AS fee_cents
        FROM ledger_entries e JOIN ledger_lines l ON l.entry_id = e.id
        WHERE e.reference = {reference} AND e.kind = ANY({kinds})
          AND (account LIKE 'fees:%%' OR account LIKE 'receivable:%%')
    ) posted ON true
"""


async def keep_lines(tx: Tx, provider: str, day: date, lines: Sequence[StatementLine]) -> None:
    """The statement as it was downloaded last."""
    await tx.execute("DELETE FROM statement_lines WHERE provider = %s AND day = %s", (provider, day))
    columns = [
        [getattr(line, name) for line in lines]
        for name in ("kind", "reference", "out_trade_no", "amount_cents", "fee_cents", "currency", "at")
    ]
    await tx.execute(
        """INSERT INTO statement_lines
             (provider, day, kind, reference, out_trade_no, amount_cents, fee_cents, currency, at)
           SELECT %s, %s, * FROM unnest(%s::text[], %s::text[], %s::text[], %s::bigint[], %s::bigint[],
                                        %s::text[], %s::timestamptz[])
           ON CONFLICT (provider, kind, reference) DO UPDATE
             SET day = excluded.day, amount_cents = excluded.amount_cents, fee_cents = excluded.fee_cents,
                 currency = excluded.currency, at = excluded.at""",
        (provider, day, *columns),
    )


async def stated(tx: Tx, provider: str, references: Collection[str]) -> frozenset[str]:
    """Those that any statement has."""
    rows = await fetch_all(
        tx,
        "SELECT reference FROM statement_lines WHERE provider = %(provider)s AND reference = ANY(%(refs)s)",
        {"provider": provider, "refs": list(references)},
    )
    return frozenset(row["reference"] for row in rows)


async def payments(
    tx: Tx, provider: str, numbers: Collection[str], begin: datetime, end: datetime
) -> dict[str, OurPayment]:
    """Those with these numbers, and those that we settled between the two moments."""
    rows = await fetch_all(
        tx,
        f"""SELECT p.*, o.status = ANY(%(paid)s) AS order_paid, o.total_cents AS order_cents,
                   posted.cents AS posted_cents, posted.fee_cents AS posted_fee_cents,
                   NOT EXISTS (SELECT FROM refunds r WHERE r.payment_id = p.id AND r.kind <> 'order') AS kept
            FROM payments p JOIN orders o ON o.id = p.order_id
            {POSTED.format(reference="p.id", kinds="ARRAY['sale', 'unapplied']")}
            WHERE p.provider = %(provider)s
              AND (p.out_trade_no = ANY(%(numbers)s) OR (p.paid_at >= %(begin)s AND p.paid_at < %(end)s))
            ORDER BY p.id""",
        {"provider": provider, "numbers": list(numbers), "begin": begin, "end": end, "paid": list(PAID)},
    )
    return {
        row["out_trade_no"]: OurPayment(
            out_trade_no=row["out_trade_no"],
            settled=row["status"] in ("succeeded", "refunded"),
            kept=row["kept"],
            amount_cents=row["amount_cents"],
            currency=row["currency"],
            order_id=row["order_id"],
            order_paid=row["order_paid"],
            order_cents=row["order_cents"],
            posted_cents=row["posted_cents"],
            posted_fee_cents=row["posted_fee_cents"],
        )
        for row in rows
    }


async def refunds(
    tx: Tx, provider: str, numbers: Collection[UUID], begin: datetime, end: datetime
) -> dict[str, OurRefund]:
    rows = await fetch_all(
        tx,
        f"""SELECT r.*, posted.cents AS posted_cents, posted.fee_cents AS posted_fee_cents
            FROM refunds r JOIN payments p ON p.id = r.payment_id
            {POSTED.format(reference="r.id", kinds="ARRAY['sale_refund', 'unapplied_refund']")}
            WHERE p.provider = %(provider)s
              AND (r.id = ANY(%(numbers)s) OR (r.settled_at >= %(begin)s AND r.settled_at < %(end)s))
            ORDER BY r.id""",
        {"provider": provider, "numbers": list(numbers), "begin": begin, "end": end},
    )
    return {
        row["id"].hex: OurRefund(
            reference=row["id"].hex,
            settled=row["status"] == "succeeded",
            amount_cents=row["amount_cents"],
            order_id=row["order_id"],
            posted_cents=row["posted_cents"],
            posted_fee_cents=row["posted_fee_cents"],
        )
        for row in rows
    }


async def save(tx: Tx, outcome: Mapping[str, Any], found: Sequence[Difference]) -> DictRow:
    """The day's outcome, which replaces the one before it; with its differences."""
    await tx.execute(
        "DELETE FROM reconciliations WHERE provider = %(provider)s AND day = %(day)s", dict(outcome)
    )
    await tx.execute(
        """INSERT INTO reconciliations (id, provider, day, status, detail, lines, paid_cents, refunded_cents,
                                        fee_cents, run_at)
           VALUES (%(id)s, %(provider)s, %(day)s, %(status)s, %(detail)s, %(lines)s, %(paid_cents)s,
                   %(refunded_cents)s, %(fee_cents)s, %(run_at)s)""",
        dict(outcome),
    )
    async with tx.cursor() as cursor:
        await cursor.executemany(
            """INSERT INTO reconciliation_differences
                 (reconciliation_id, position, kind, reference, order_id, ours_cents, theirs_cents)
               VALUES (%s, %s, %s, %s, %s, %s, %s)""",
            [
                (
                    outcome["id"],
                    position,
                    one.kind,
                    one.reference,
                    one.order_id,
                    one.ours_cents,
                    one.theirs_cents,
                )
                for position, one in enumerate(found)
            ],
        )
    row = await get(tx, outcome["id"])
    assert row is not None
    return row


RECONCILIATION = """
    SELECT r.*, coalesce(d.differences, '[]') AS differences FROM reconciliations r
    LEFT JOIN LATERAL (
        SELECT json_agg(json_build_object(
            'kind', d.kind, 'reference', d.reference, 'order_id', d.order_id, 'order_number', o.number,
            'ours_cents', d.ours_cents, 'theirs_cents', d.theirs_cents) ORDER BY d.position) AS differences
        FROM reconciliation_differences d LEFT JOIN orders o ON o.id = d.order_id
        WHERE d.reconciliation_id = r.id
    ) d ON true
"""


async def get(tx: Tx, reconciliation_id: UUID) -> DictRow | None:
    return await fetch_one(tx, f"{RECONCILIATION} WHERE r.id = %(id)s", {"id": reconciliation_id})


async def latest(tx: Tx, limit: int) -> list[DictRow]:
    """The newest day first."""
    return await fetch_all(
        tx, f"{RECONCILIATION} ORDER BY r.day DESC, r.provider LIMIT %(limit)s", {"limit": limit}
    )


async def agreed(tx: Tx, provider: str, days: Sequence[date]) -> set[date]:
    rows = await fetch_all(
        tx,
        """SELECT day FROM reconciliations
           WHERE provider = %(provider)s AND day = ANY(%(days)s) AND status = 'agrees'""",
        {"provider": provider, "days": list(days)},
    )
    return {row["day"] for row in rows}


async def lines(tx: Tx, provider: str, day: date) -> list[DictRow]:
    return await fetch_all(
        tx,
        """SELECT * FROM statement_lines WHERE provider = %(provider)s AND day = %(day)s
           ORDER BY at, kind, reference""",
        {"provider": provider, "day": day},
    )
