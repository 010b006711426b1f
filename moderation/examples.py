"""Labelled examples that moderators' decisions leave behind; the meaning layer compares with them."""

from psycopg.rows import DictRow

from app.core.clock import Clock
from app.core.db import Tx, fetch_all
from app.core.ids import new_id

from .cases.schemas import Case, Decision

LONGEST = 200
INNOCENT = "allow"


async def learn(tx: Tx, clock: Clock, case: Case, decision: Decision) -> None:
    """Keep a decided text as an example of its gravest category, or of the innocent; a later decision replaces it."""
    text = case.text.strip()
    if not text or len(text) > LONGEST or case.surface in ("picture", "profile"):
        return
    gravest = max(case.findings, key=lambda f: f.score, default=None)
    if gravest is None and decision == "uphold":
        return
    label = gravest.category if gravest is not None and decision == "uphold" else INNOCENT
    await tx.execute(
        """INSERT INTO moderation_examples (id, text, surface, label, case_id, created_at)
           VALUES (%s, %s, %s, %s, %s, %s)
           ON CONFLICT (text, surface) DO UPDATE SET label = excluded.label, case_id = excluded.case_id""",
        (new_id(), text, case.surface, label, case.id, clock.now()),
    )


async def all_examples(tx: Tx, limit: int = 20_000) -> list[DictRow]:
    """The newest examples: `text`, `surface`, `label`."""
    return await fetch_all(
        tx,
        "SELECT text, surface, label FROM moderation_examples ORDER BY created_at DESC LIMIT %(limit)s",
        {"limit": limit},
    )
