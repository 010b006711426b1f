"""What a changed policy is tried on: the last day's words and pictures."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.core.db import Tx, fetch_all
from moderation import names
from moderation.findings import Finding, Surface
from moderation.policies.service import PastText

NAMED_BY = {"user": "viewer", "room_title": "host"}
"""Who, for policy's rows, chooses which kind of name."""


def product_words(row: Mapping[str, Any]) -> str:
    """All that a product says of itself, a line each."""
    details = [f"{name} {value}" for name, value in dict(row["attributes"] or {}).items()]
    answers = [" ".join(map(str, entry.values())) for entry in row["faq"] or [] if isinstance(entry, dict)]
    lines = [row["name"], row["name_en"], row["description"], *details, *answers]
    return "\n".join(line for line in lines if line)


class SaidAndWritten:
    """A `moderation.policies.service.PastTexts`: chat, what was said on air, products, names, pictures that made a case."""

    async def since(self, tx: Tx, since: datetime, limit: int) -> Sequence[PastText]:
        """Of products, names and pictures at most a tenth of `limit` each, so that a large catalogue leaves room for talk."""
        share = limit // 10
        products = await self._products(tx, since, share)
        pictures = await self._pictures(tx, since, share)
        named = await self._names(tx, since, share)
        talk = await self._talk(tx, since, limit - len(products) - len(pictures) - len(named))
        return [*talk, *products, *named, *pictures]

    async def _names(self, tx: Tx, since: datetime, limit: int) -> list[PastText]:
        rows = await names.since(tx, since, limit)
        return [PastText(Surface.PROFILE, NAMED_BY[row["kind"]], "", row["text"]) for row in rows]

    async def _products(self, tx: Tx, since: datetime, limit: int) -> list[PastText]:
        rows = await fetch_all(
            tx,
            """SELECT name, name_en, description, attributes, faq FROM products
               WHERE updated_at >= %(since)s ORDER BY updated_at DESC LIMIT %(limit)s""",
            {"since": since, "limit": limit},
        )
        return [PastText(Surface.PRODUCT, "merchant", "", product_words(row)) for row in rows]

    async def _pictures(self, tx: Tx, since: datetime, limit: int) -> list[PastText]:
        """Frames are the host's, catalogue pictures the merchant's."""
        rows = await fetch_all(
            tx,
            """SELECT subject_type, room_id, text, findings FROM moderation_cases
               WHERE surface = 'picture' AND created_at >= %(since)s ORDER BY created_at DESC LIMIT %(limit)s""",
            {"since": since, "limit": limit},
        )
        return [
            PastText(
                Surface.PICTURE,
                "merchant" if row["subject_type"] == "product" else "host",
                str(row["room_id"] or ""),
                row["text"],
                tuple(Finding.from_json(finding) for finding in row["findings"]),
            )
            for row in rows
        ]

    async def _talk(self, tx: Tx, since: datetime, limit: int) -> list[PastText]:
        rows = await fetch_all(
            tx,
            """SELECT * FROM (
                 (SELECT 'chat' AS surface, kind AS role, room_id, text, created_at FROM chat_messages
                  WHERE created_at >= %(since)s AND kind IN ('viewer', 'host')
                  ORDER BY id DESC LIMIT %(limit)s)
                 UNION ALL
                 (SELECT 'speech', 'host', room_id, text, created_at FROM transcript_segments
                  WHERE created_at >= %(since)s ORDER BY id DESC LIMIT %(limit)s)
               ) AS said ORDER BY created_at DESC LIMIT %(limit)s""",
            {"since": since, "limit": limit},
        )
        return [
            PastText(Surface(row["surface"]), row["role"], str(row["room_id"]), row["text"]) for row in rows
        ]
