"""All that refers to a person, in SQL: read for them, or taken away and made nameless."""

from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow

from app.core.db import Tx, fetch_all, fetch_one
from app.core.ids import new_id

_EXPORTED = {
    "sessions": "SELECT kind, name, created_at, expires_at FROM sessions WHERE user_id = %(user)s ORDER BY id",
    "follows": """SELECT users.display_name AS host, f.created_at, f.by_email
                  FROM follows f JOIN users ON users.id = f.host_id
                  WHERE f.user_id = %(user)s ORDER BY f.created_at""",
    "push_subscriptions": """SELECT endpoint, created_at FROM push_subscriptions
                             WHERE user_id = %(user)s ORDER BY created_at""",
    "cart": """SELECT l.sku_id, l.quantity, l.added_at FROM carts c JOIN cart_lines l ON l.cart_id = c.id
               WHERE c.user_id = %(user)s ORDER BY l.added_at""",
    "payments": """SELECT o.number AS order_number, p.provider, p.status, p.amount_cents, p.refunded_cents,
                          p.currency, p.created_at, p.paid_at
                   FROM payments p JOIN orders o ON o.id = p.order_id
                   WHERE o.buyer_id = %(user)s ORDER BY p.id""",
    "refunds": """SELECT o.number AS order_number, r.kind, r.status, r.amount_cents, r.reason, r.created_at,
                         r.settled_at
                  FROM refunds r JOIN orders o ON o.id = r.order_id
                  WHERE o.buyer_id = %(user)s ORDER BY r.id""",
    "after_sales": """SELECT o.number AS order_number, a.kind, a.status, a.reason, a.description, a.pictures,
                             a.amount_cents, a.answer, a.return_carrier, a.return_tracking, a.created_at,
                             a.closed_at
                      FROM after_sales a JOIN orders o ON o.id = a.order_id
                      WHERE a.buyer_id = %(user)s ORDER BY a.id""",
    "coupons": """SELECT d.title, d.amount_cents, d.rate_bps, d.currency, d.valid_until, c.claimed_at
                  FROM coupon_drop_claims c JOIN coupon_drops d ON d.id = c.drop_id
                  WHERE c.user_id = %(user)s ORDER BY c.claimed_at""",
    "red_packets": """SELECT s.amount_cents, p.currency, s.claimed_at
                      FROM red_packet_shares s JOIN red_packets p ON p.id = s.packet_id
                      WHERE s.user_id = %(user)s ORDER BY s.claimed_at""",
    "fortune_bags": """SELECT b.prize, e.entered_at, e.place
                       FROM fortune_entries e JOIN fortune_bags b ON b.id = e.bag_id
                       WHERE e.user_id = %(user)s ORDER BY e.entered_at""",
    "poll_votes": """SELECT p.question, p.options[v.option + 1] AS chosen, v.voted_at
                     FROM poll_votes v JOIN polls p ON p.id = v.poll_id
                     WHERE v.user_id = %(user)s ORDER BY v.voted_at""",
    "messages": """SELECT r.title AS room, m.text, m.status, m.created_at
                   FROM chat_messages m JOIN rooms r ON r.id = m.room_id
                   WHERE m.author_id = %(user)s ORDER BY m.id""",
    "private_answers": """SELECT r.title AS room, m.text, m.created_at
                          FROM chat_messages m JOIN rooms r ON r.id = m.room_id
                          WHERE m.recipient_id = %(user)s ORDER BY m.id""",
    "questions": """SELECT q.text, q.reply, q.private, f.helpful, q.created_at
                    FROM assistant_questions q LEFT JOIN assistant_feedback f
                      ON f.message_id = q.message_id AND f.user_id = %(user)s
                    WHERE q.viewer_id = %(user)s ORDER BY q.created_at""",
    "looked_at": """SELECT r.title AS room, e.kind, p.name AS product, e.at
                    FROM audience_events e JOIN rooms r ON r.id = e.room_id
                    LEFT JOIN products p ON p.id = e.product_id
                    WHERE e.subject = %(user)s::text ORDER BY e.at""",
    "rooms": """SELECT title, description, status, scheduled_at, started_at, ended_at, created_at
                FROM rooms WHERE host_id = %(user)s ORDER BY id""",
    "moderation_cases": """SELECT surface, text, status, reason, created_at, decided_at
                           FROM moderation_cases WHERE author_id = %(user)s ORDER BY id""",
    "sanctions": """SELECT kind, reason, imposed_at, expires_at, lifted_at
                    FROM moderation_sanctions WHERE user_id = %(user)s ORDER BY id""",
    "appeals": """SELECT text, status, reason, created_at, decided_at
                  FROM moderation_appeals WHERE appellant_id = %(user)s ORDER BY id""",
    "reports": """SELECT category, note, created_at FROM moderation_reports
                  WHERE reporter_id = %(user)s ORDER BY id""",
    "devices_and_addresses": """SELECT kind, encode(hash, 'hex') AS hash, seen_at FROM moderation_traces
                                WHERE user_id = %(user)s ORDER BY seen_at""",
}

_OBSTACLES = """
SELECT NOT roles <@ '{viewer}' AS roles,
       EXISTS (SELECT FROM rooms WHERE host_id = users.id AND status <> 'ended') AS rooms,
       EXISTS (SELECT FROM orders WHERE buyer_id = users.id
               AND status IN ('pending_payment', 'paid', 'shipped', 'refunding')) AS orders,
       EXISTS (SELECT FROM after_sales WHERE buyer_id = users.id AND closed_at IS NULL) AS after_sales,
       EXISTS (SELECT FROM refunds JOIN orders ON orders.id = refunds.order_id
               WHERE orders.buyer_id = users.id AND refunds.status = 'pending') AS refunds
FROM users WHERE id = %(user)s AND deleted_at IS NULL
"""

# Who is excluded stays known by their devices until the exclusion ends; draws and votes keep what they came to.
_REMOVED = (
    "DELETE FROM sessions WHERE user_id = %(user)s",
    "DELETE FROM addresses WHERE user_id = %(user)s",
    "DELETE FROM carts WHERE user_id = %(user)s",
    "DELETE FROM follows WHERE user_id = %(user)s OR host_id = %(user)s",
    "DELETE FROM push_subscriptions WHERE user_id = %(user)s",
    "DELETE FROM assistant_feedback WHERE user_id = %(user)s",
    "DELETE FROM assistant_questions WHERE viewer_id = %(user)s AND private",
    "DELETE FROM chat_messages WHERE recipient_id = %(user)s",
    """DELETE FROM moderation_traces WHERE user_id = %(user)s AND NOT EXISTS (
         SELECT FROM moderation_sanctions WHERE user_id = %(user)s AND kind = 'ban' AND lifted_at IS NULL
           AND (expires_at IS NULL OR expires_at > %(now)s))""",
)
_MADE_NAMELESS = (
    "UPDATE assistant_questions SET viewer_id = NULL, viewer_name = %(name)s WHERE viewer_id = %(user)s",
    "UPDATE audience_events SET subject = %(nobody)s WHERE subject = %(user)s::text",
    """UPDATE orders SET buyer_name = %(name)s, address_sealed = NULL, invoice_sealed = NULL, note = ''
       WHERE buyer_id = %(user)s""",
    """UPDATE order_transitions SET reason = '' FROM orders
       WHERE orders.id = order_id AND buyer_id = %(user)s AND actor = 'buyer:' || buyer_id""",
    "UPDATE after_sales SET description = '', pictures = '{}' WHERE buyer_id = %(user)s",
    """UPDATE after_sale_transitions SET reason = '' FROM after_sales
       WHERE after_sales.id = after_sale_id AND buyer_id = %(user)s AND actor = 'buyer:' || buyer_id""",
    """UPDATE users SET email = id || '@deleted.invalid', display_name = %(name)s, password_hash = '-',
                        deleted_at = %(now)s
       WHERE id = %(user)s""",
)


async def account(tx: Tx, user_id: UUID) -> DictRow | None:
    return await fetch_one(
        tx,
        """SELECT id, email, display_name, roles, locale, created_at FROM users
           WHERE id = %(user)s AND deleted_at IS NULL""",
        {"user": user_id},
    )


async def lock(tx: Tx, user_id: UUID) -> DictRow | None:
    """The account's `locale`; None where it is gone. Nobody else deletes it before the transaction ends."""
    return await fetch_one(
        tx,
        "SELECT locale FROM users WHERE id = %(user)s AND deleted_at IS NULL FOR UPDATE",
        {"user": user_id},
    )


async def stored(tx: Tx, user_id: UUID) -> dict[str, list[DictRow]]:
    """What is kept about the person in clear, by kind, oldest first."""
    return {kind: await fetch_all(tx, query, {"user": user_id}) for kind, query in _EXPORTED.items()}


async def obstacles(tx: Tx, user_id: UUID) -> list[str]:
    """What the account is still needed for."""
    row = await fetch_one(tx, _OBSTACLES, {"user": user_id})
    return [reason for reason, stands in (row or {}).items() if stands]


async def forget(tx: Tx, user_id: UUID, name: str, now: datetime) -> None:
    """Take the person out of everything; the account is called `name` where something still refers to it."""
    params: dict[str, Any] = {"user": user_id, "name": name, "now": now, "nobody": f"gone-{new_id()}"}
    for statement in (*_REMOVED, *_MADE_NAMELESS):
        await tx.execute(statement.encode(), params)
