"""The ledger in SQL: append-only, balanced at every commit by the database itself."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from psycopg.rows import DictRow

from app.core.db import Tx, fetch_all
from app.core.ids import new_id
from commerce.ledger.postings import Posting


async def post(
    tx: Tx,
    kind: str,
    reference: UUID,
    postings: Sequence[Posting],
    *,
    currency: str,
    order_id: UUID | None,
    at: datetime,
    memo: str = "",
) -> None:
    """Post one entry. (kind, reference) is unique; an entry that does not balance fails at the commit."""
    entry_id = new_id()
    await tx.execute(
        """INSERT INTO ledger_entries (id, kind, reference, order_id, memo, at)
           VALUES (%s, %s, %s, %s, %s, %s)""",
        (entry_id, kind, reference, order_id, memo, at),
    )
    await tx.execute(
        """INSERT INTO ledger_lines (entry_id, position, account, currency, debit_cents, credit_cents)
           SELECT %s, n - 1, account, %s, greatest(cents, 0), greatest(-cents, 0)
           FROM unnest(%s::text[], %s::bigint[]) WITH ORDINALITY AS l(account, cents, n)""",
        (entry_id, currency, [p.account for p in postings], [p.amount_cents for p in postings]),
    )


async def post_pairs(
    tx: Tx, kind: str, pairs: Sequence[tuple[UUID, str, str, int]], *, currency: str, at: datetime
) -> None:
    """Many small entries at once, each (reference, debited account, credited account, cents).

    One entry of as many lines would be summed up by the database once for every line of it.
    """
    entry_ids = [new_id() for _ in pairs]
    references, debited, credited, cents = (list(column) for column in zip(*pairs, strict=True))
    await tx.execute(
        """INSERT INTO ledger_entries (id, kind, reference, order_id, memo, at)
           SELECT id, %s, reference, NULL, '', %s FROM unnest(%s::uuid[], %s::uuid[]) AS e(id, reference)""",
        (kind, at, entry_ids, references),
    )
    await tx.execute(
        """INSERT INTO ledger_lines (entry_id, position, account, currency, debit_cents, credit_cents)
           SELECT id, position, account, %s, debit, credit
           FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::bigint[]) AS e(id, debited, credited, cents),
             LATERAL (VALUES (0, debited, cents, 0), (1, credited, 0, cents)) AS l(position, account, debit, credit)""",
        (currency, entry_ids, debited, credited, cents),
    )


async def posted(tx: Tx, kind: str, reference: UUID) -> list[Posting]:
    """What an entry posted, in its order; nothing where there is none."""
    rows = await fetch_all(
        tx,
        """SELECT account, debit_cents - credit_cents AS cents FROM ledger_lines
           JOIN ledger_entries ON ledger_entries.id = entry_id
           WHERE kind = %(kind)s AND reference = %(reference)s ORDER BY position""",
        {"kind": kind, "reference": reference},
    )
    return [Posting(row["account"], row["cents"]) for row in rows]


async def balances(tx: Tx, since: datetime | None = None, until: datetime | None = None) -> list[DictRow]:
    """Per account and currency, of the entries between two moments: debits less credits."""
    return await fetch_all(
        tx,
        """SELECT account, currency, sum(debit_cents)::bigint AS debit_cents,
                  sum(credit_cents)::bigint AS credit_cents,
                  sum(debit_cents - credit_cents)::bigint AS balance_cents
           FROM ledger_lines l JOIN ledger_entries e ON e.id = l.entry_id
           WHERE (%(since)s::timestamptz IS NULL OR e.at >= %(since)s)
             AND (%(until)s::timestamptz IS NULL OR e.at < %(until)s)
           GROUP BY account, currency ORDER BY account, currency""",
        {"since": since, "until": until},
    )


async def entries(tx: Tx, order_id: UUID | None, limit: int, offset: int) -> list[DictRow]:
    """Newest first, each with its lines; of one order on demand."""
    return await fetch_all(
        tx,
        """SELECT e.*, o.number AS order_number, l.lines FROM ledger_entries e
           LEFT JOIN orders o ON o.id = e.order_id
           JOIN LATERAL (SELECT json_agg(to_json(ll) ORDER BY ll.position) AS lines
                         FROM ledger_lines ll WHERE ll.entry_id = e.id) l ON true
           WHERE %(order)s::uuid IS NULL OR e.order_id = %(order)s
           ORDER BY e.at DESC, e.id DESC LIMIT %(limit)s OFFSET %(offset)s""",
        {"order": order_id, "limit": limit, "offset": offset},
    )


async def entries_of_order(tx: Tx, order_id: UUID) -> list[DictRow]:
    """Each line of each entry of an order, oldest first."""
    return await fetch_all(
        tx,
        """SELECT e.kind, e.reference, e.at, l.account, l.currency, l.debit_cents, l.credit_cents
           FROM ledger_entries e JOIN ledger_lines l ON l.entry_id = e.id
           WHERE e.order_id = %(id)s ORDER BY e.id, l.position""",
        {"id": order_id},
    )
