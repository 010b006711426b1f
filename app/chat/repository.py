"""Chat in SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from psycopg.rows import DictRow

from app.chat.schemas import Author, ChatMessage
from app.core.db import Tx, fetch_all, fetch_one

Status = Literal["visible", "held", "deleted", "rejected"]

_MESSAGE = """
SELECT chat_messages.*, users.display_name
FROM chat_messages LEFT JOIN users ON users.id = author_id
"""
HOUSE = "Shopcast"


@dataclass(frozen=True, slots=True)
class NewRow:
    """A message about to be stored."""

    message: ChatMessage
    status: Status
    recipient_id: UUID | None = None


def as_message(row: DictRow) -> ChatMessage:
    return ChatMessage(
        **{name: row[name] for name in ChatMessage.model_fields if name in row},
        author=Author(id=row["author_id"], display_name=row["display_name"] or HOUSE),
    )


async def add(tx: Tx, rows: Sequence[NewRow]) -> set[UUID]:
    """Store the messages; the ids of those whose author had not sent the same `client_id` before."""
    messages = [row.message for row in rows]
    stored = await fetch_all(
        tx,
        """INSERT INTO chat_messages
             (id, room_id, author_id, kind, text, reply_to, mentions, recipient_id, client_id, status,
              created_at)
           SELECT id, room_id, author_id, kind, text, reply_to,
                  ARRAY(SELECT jsonb_array_elements_text(mentions)::uuid), recipient_id, client_id, status,
                  created_at
           FROM unnest(%(id)s::uuid[], %(room)s::uuid[], %(author)s::uuid[], %(kind)s::text[],
                       %(text)s::text[], %(reply)s::uuid[], %(mentions)s::jsonb[], %(recipient)s::uuid[],
                       %(client)s::uuid[], %(status)s::text[], %(at)s::timestamptz[])
             AS new(id, room_id, author_id, kind, text, reply_to, mentions, recipient_id, client_id, status,
                    created_at)
           ON CONFLICT DO NOTHING RETURNING id""",
        {
            "id": [message.id for message in messages],
            "room": [message.room_id for message in messages],
            "author": [message.author.id for message in messages],
            "kind": [message.kind for message in messages],
            "text": [message.text for message in messages],
            "reply": [message.reply_to for message in messages],
            "mentions": [_json_list(message.mentions) for message in messages],
            "recipient": [row.recipient_id for row in rows],
            "client": [message.client_id for message in messages],
            "status": [row.status for row in rows],
            "at": [message.created_at for message in messages],
        },
    )
    return {row["id"] for row in stored}


def _json_list(ids: Sequence[UUID]) -> str:
    return "[" + ",".join(f'"{item}"' for item in ids) + "]"


async def sent_before(tx: Tx, keys: Sequence[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], DictRow]:
    """The stored messages with these (author, client_id)."""
    rows = await fetch_all(
        tx,
        _MESSAGE
        + """JOIN unnest(%(authors)s::uuid[], %(clients)s::uuid[]) AS asked(author, client)
             ON author_id = author AND client_id = client""",
        {"authors": [author for author, _ in keys], "clients": [client for _, client in keys]},
    )
    return {(row["author_id"], row["client_id"]): row for row in rows}


async def answerable(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, DictRow]:
    """Of these messages, the visible ones: `id`, `room_id`, `author_id`."""
    rows = await fetch_all(
        tx,
        """SELECT id, room_id, author_id FROM chat_messages
           WHERE id = ANY(%(ids)s) AND status = 'visible' AND recipient_id IS NULL""",
        {"ids": list(ids)},
    )
    return {row["id"]: row for row in rows}


async def history(
    tx: Tx, room_id: UUID, *, before: UUID | None, words: str | None, limit: int
) -> list[ChatMessage]:
    """The newest `limit` visible messages (older than `before`, holding `words`), oldest first."""
    rows = await fetch_all(
        tx,
        _MESSAGE
        + """WHERE room_id = %(room)s AND status = 'visible' AND recipient_id IS NULL
               AND (%(before)s::uuid IS NULL OR chat_messages.id < %(before)s)
               AND (%(words)s::text IS NULL OR text ILIKE '%%' || %(words)s || '%%')
             ORDER BY chat_messages.id DESC LIMIT %(limit)s""",
        {"room": room_id, "before": before, "words": words and _literal(words), "limit": limit},
    )
    return [as_message(row) for row in reversed(rows)]


def _literal(words: str) -> str:
    """`words` without a pattern's meaning."""
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def lock(tx: Tx, message_id: UUID) -> DictRow | None:
    """The message's row with its room's `host_id`, held until the transaction ends."""
    return await fetch_one(
        tx,
        """SELECT chat_messages.*, users.display_name, rooms.host_id
           FROM chat_messages JOIN rooms ON rooms.id = room_id LEFT JOIN users ON users.id = author_id
           WHERE chat_messages.id = %(id)s FOR UPDATE OF chat_messages""",
        {"id": message_id},
    )


async def set_status(tx: Tx, message_id: UUID, status: Status) -> None:
    await tx.execute("UPDATE chat_messages SET status = %s WHERE id = %s", (status, message_id))


async def mark_deleted(tx: Tx, message_id: UUID, by: UUID, now: datetime) -> None:
    await tx.execute(
        "UPDATE chat_messages SET status = 'deleted', deleted_at = %s, deleted_by = %s WHERE id = %s",
        (now, by, message_id),
    )


async def author_name(tx: Tx, user_id: UUID) -> str | None:
    row = await fetch_one(tx, "SELECT display_name FROM users WHERE id = %(id)s", {"id": user_id})
    return row["display_name"] if row else None


async def room_rules(tx: Tx, room_id: UUID) -> DictRow | None:
    """The room's host and status with its chat settings; None where there is no such room."""
    return await fetch_one(
        tx,
        """SELECT host_id, status, coalesce(slow_mode_s, 0) AS slow_mode_s,
                  coalesce(audience, 'everyone') AS audience, coalesce(muted_words, '{}') AS muted_words,
                  pinned_message_id
           FROM rooms LEFT JOIN chat_settings ON chat_settings.room_id = rooms.id WHERE rooms.id = %(id)s""",
        {"id": room_id},
    )


async def assistant_answer(tx: Tx, client_id: UUID) -> ChatMessage | None:
    row = await fetch_one(
        tx,
        _MESSAGE + "WHERE author_id IS NULL AND kind = 'assistant' AND client_id = %(client)s",
        {"client": client_id},
    )
    return as_message(row) if row else None


async def visible(tx: Tx, message_id: UUID) -> ChatMessage | None:
    """The message, if everybody may see it."""
    row = await fetch_one(
        tx,
        _MESSAGE + "WHERE chat_messages.id = %(id)s AND status = 'visible' AND recipient_id IS NULL",
        {"id": message_id},
    )
    return as_message(row) if row else None


async def set_rules(
    tx: Tx, room_id: UUID, *, slow_mode_s: int, audience: str, muted_words: Sequence[str]
) -> None:
    await tx.execute(
        """INSERT INTO chat_settings (room_id, slow_mode_s, audience, muted_words) VALUES (%s, %s, %s, %s)
           ON CONFLICT (room_id) DO UPDATE SET slow_mode_s = excluded.slow_mode_s,
             audience = excluded.audience, muted_words = excluded.muted_words""",
        (room_id, slow_mode_s, audience, list(muted_words)),
    )


async def set_pinned(tx: Tx, room_id: UUID, message_id: UUID | None) -> None:
    await tx.execute(
        """INSERT INTO chat_settings (room_id, pinned_message_id) VALUES (%s, %s)
           ON CONFLICT (room_id) DO UPDATE SET pinned_message_id = excluded.pinned_message_id""",
        (room_id, message_id),
    )


async def may_write(tx: Tx, audience: str, host_id: UUID, user_id: UUID) -> bool:
    """True for a follower of the host, or somebody who has bought in the shop (`members`)."""
    query = {
        "followers": "SELECT 1 FROM follows WHERE host_id = %(host)s AND user_id = %(user)s",
        "members": "SELECT 1 FROM orders WHERE buyer_id = %(user)s AND paid_at IS NOT NULL LIMIT 1",
    }[audience]
    return await fetch_one(tx, query, {"host": host_id, "user": user_id}) is not None
