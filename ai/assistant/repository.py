"""SQL of the assistant: passages, what was asked and said, hand-overs, feedback, FAQ."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

import numpy as np
import orjson
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from ai.assistant.models import Answer, Faq, Handoff, Refusal
from ai.embeddings import Vector
from app.core.db import Tx

FOR_A_PERSON = ["human", "money", "complaint", "action", "own_safety", "tainted_fact"]
"""Reasons of hand-overs that no FAQ entry makes unnecessary."""


@dataclass(frozen=True)
class Passage:
    hash: str
    text: str
    embedding: Vector


@dataclass(frozen=True, slots=True)
class Asker:
    """The message that was answered, as chat knows it."""

    message_id: UUID
    room_id: UUID
    viewer_id: UUID | None
    viewer_name: str
    text: str


def _literal(vector: Vector) -> str:
    return "[" + ",".join(f"{x:.6f}" for x in np.asarray(vector, dtype=float)) + "]"


def _json(rows: Sequence[object]) -> Jsonb:
    return Jsonb(list(rows), dumps=orjson.dumps)


async def known_passages(tx: Tx, hashes: Sequence[str], model: str, at: datetime) -> set[str]:
    """Which of them are stored; marks these as seen."""
    rows = await tx.execute(
        """UPDATE assistant_passages SET seen_at = %s WHERE hash = ANY(%s) AND model = %s
           RETURNING hash""",
        (at, list(hashes), model),
    )
    return {row["hash"] for row in await rows.fetchall()}


async def add_passages(tx: Tx, rows: Sequence[Passage], model: str, at: datetime) -> None:
    async with tx.cursor() as cursor:
        await cursor.executemany(
            """INSERT INTO assistant_passages (hash, model, text, embedding, seen_at)
               VALUES (%s, %s, %s, %s::vector, %s) ON CONFLICT DO NOTHING""",
            [(row.hash, model, row.text, _literal(row.embedding), at) for row in rows],
        )


async def forget_passages(tx: Tx, unseen_since: datetime) -> int:
    """Drops passages of facts that no catalogue has had since then."""
    found = await tx.execute("DELETE FROM assistant_passages WHERE seen_at < %s", (unseen_since,))
    return found.rowcount


async def nearest(
    tx: Tx, text: str, query: Vector, hashes: Sequence[str], model: str, trigram_weight: float
) -> dict[str, float]:
    """Inner product plus weighted trigram similarity of the passages, by hash."""
    rows = await tx.execute(
        """SELECT hash, -(embedding <#> %s::vector) + %s * similarity(text, %s) AS score
           FROM assistant_passages WHERE hash = ANY(%s) AND model = %s""",
        (_literal(query), trigram_weight, text, list(hashes), model),
    )
    return {row["hash"]: float(row["score"]) for row in await rows.fetchall()}


async def mode(tx: Tx, room_id: UUID) -> str:
    """`auto` or `suggest`."""
    row = await (
        await tx.execute("SELECT mode FROM assistant_settings WHERE room_id = %s", (room_id,))
    ).fetchone()
    return row["mode"] if row else "auto"


async def set_mode(tx: Tx, room_id: UUID, mode: str) -> None:
    await tx.execute(
        """INSERT INTO assistant_settings (room_id, mode) VALUES (%s, %s)
           ON CONFLICT (room_id) DO UPDATE SET mode = excluded.mode""",
        (room_id, mode),
    )


async def record(tx: Tx, asker: Asker, outcome: Answer | Handoff | Refusal, at: datetime) -> bool:
    """Stores what was said and why. False: this message has been dealt with before."""
    kind = {Answer: "answer", Handoff: "handoff", Refusal: "refuse"}[type(outcome)]
    found = await tx.execute(
        """INSERT INTO assistant_questions
             (message_id, room_id, viewer_id, viewer_name, text, language, outcome, reply, private,
              reason, composed_by, product_id, askers, facts, trace, created_at)
           VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
           ON CONFLICT (message_id) DO NOTHING""",
        (
            asker.message_id,
            asker.room_id,
            asker.viewer_id,
            asker.viewer_name,
            asker.text,
            outcome.language.value,
            kind,
            outcome.text,
            outcome.private,
            "" if isinstance(outcome, Answer) else outcome.reason,
            outcome.composed_by if isinstance(outcome, Answer) else "facts",
            _uuid(None if isinstance(outcome, Refusal) else outcome.product_id),
            outcome.askers if isinstance(outcome, Answer) else 1,
            _json([asdict(f) for f in outcome.facts] if isinstance(outcome, Answer) else []),
            _json([asdict(step) for step in outcome.trace]),
            at,
        ),
    )
    return found.rowcount == 1


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


async def add_handover(tx: Tx, handover_id: UUID, asker: Asker, suggestion: str | None, at: datetime) -> None:
    await tx.execute(
        """INSERT INTO assistant_handovers (id, message_id, room_id, suggestion, created_at)
           VALUES (%s, %s, %s, %s, %s)""",
        (handover_id, asker.message_id, asker.room_id, suggestion, at),
    )


_HANDOVER = """
    SELECT h.id, h.message_id, h.room_id, h.suggestion, h.status, h.reply, h.created_at, h.closed_at,
           q.viewer_id, q.viewer_name, q.text, q.language, q.reason, q.product_id, q.outcome
    FROM assistant_handovers h JOIN assistant_questions q USING (message_id)
"""


async def handovers(tx: Tx, room_id: UUID | None, status: str, limit: int) -> list[DictRow]:
    """Oldest first; of every room where `room_id` is None."""
    rows = await tx.execute(
        _HANDOVER
        + """WHERE h.status = %(status)s AND (%(room)s::uuid IS NULL OR h.room_id = %(room)s)
             ORDER BY h.created_at, h.id LIMIT %(limit)s""",
        {"room": room_id, "status": status, "limit": limit},
    )
    return await rows.fetchall()


async def handover(tx: Tx, handover_id: UUID) -> DictRow | None:
    """Locked until the transaction ends."""
    rows = await tx.execute(_HANDOVER + "WHERE h.id = %s FOR UPDATE OF h", (handover_id,))
    return await rows.fetchone()


async def close_handover(
    tx: Tx, handover_id: UUID, status: str, reply: str | None, user_id: UUID, at: datetime
) -> None:
    await tx.execute(
        """UPDATE assistant_handovers SET status = %s, reply = %s, closed_by = %s, closed_at = %s
           WHERE id = %s""",
        (status, reply, user_id, at, handover_id),
    )


async def question(tx: Tx, message_id: UUID) -> DictRow | None:
    """What was asked and said, with facts and trace."""
    rows = await tx.execute("SELECT * FROM assistant_questions WHERE message_id = %s", (message_id,))
    return await rows.fetchone()


async def add_feedback(tx: Tx, message_id: UUID, user_id: UUID, helpful: bool, at: datetime) -> None:
    """The last word of a user counts."""
    await tx.execute(
        """INSERT INTO assistant_feedback (message_id, user_id, helpful, created_at)
           VALUES (%s, %s, %s, %s)
           ON CONFLICT (message_id, user_id) DO UPDATE SET helpful = excluded.helpful""",
        (message_id, user_id, helpful, at),
    )


async def unanswered(tx: Tx, limit: int) -> list[DictRow]:
    """Questions that no fact answered or that people found unhelpful, with how often they came.

    Left out: questions that became an FAQ entry, and what a person must see each time (FOR_A_PERSON).
    """
    rows = await tx.execute(
        """SELECT max(q.message_id::text)::uuid AS message_id, min(q.text) AS text, q.product_id,
                  count(DISTINCT q.message_id) AS times, max(q.created_at) AS last_at,
                  count(*) FILTER (WHERE f.helpful IS FALSE) AS unhelpful, max(h.reply) AS reply
           FROM assistant_questions q
           LEFT JOIN assistant_feedback f USING (message_id)
           LEFT JOIN assistant_handovers h USING (message_id)
           WHERE (q.outcome = 'handoff' AND NOT q.reason = ANY(%s) OR f.helpful IS FALSE AND q.outcome = 'answer')
             AND NOT EXISTS (SELECT 1 FROM assistant_faq WHERE lower(question) = lower(q.text))
           GROUP BY lower(q.text), q.product_id
           ORDER BY times DESC, last_at DESC LIMIT %s""",
        (FOR_A_PERSON, limit),
    )
    return await rows.fetchall()


async def add_faq(
    tx: Tx,
    faq_id: UUID,
    question: str,
    answer: str,
    product_id: UUID | None,
    from_message_id: UUID | None,
    user_id: UUID,
    at: datetime,
) -> None:
    await tx.execute(
        """INSERT INTO assistant_faq
             (id, question, answer, product_id, from_message_id, created_by, created_at)
           VALUES (%s, %s, %s, %s, %s, %s, %s)
           ON CONFLICT (from_message_id) DO UPDATE
             SET question = excluded.question, answer = excluded.answer""",
        (faq_id, question, answer, product_id, from_message_id, user_id, at),
    )


async def faq(tx: Tx, product_ids: Sequence[UUID] = ()) -> tuple[Faq, ...]:
    """Entries of the whole shop and of these products."""
    rows = await tx.execute(
        """SELECT question, answer FROM assistant_faq
           WHERE product_id IS NULL OR product_id = ANY(%s) ORDER BY created_at""",
        (list(product_ids),),
    )
    return tuple(Faq(row["question"], row["answer"]) for row in await rows.fetchall())
