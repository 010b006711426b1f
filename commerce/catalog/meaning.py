"""Finding products by what they mean, beside what they are called."""

from collections.abc import Sequence
from typing import Protocol

from app.core.db import Database
from commerce.catalog import repository

BATCH = 64
MARGIN = 0.012
"""How much further than the nearest a product may be and still be shown: cosines of e5 lie close together."""
NEAREST = 5

Vector = Sequence[float]


class Meanings(Protocol):
    """Turns texts into unit vectors of 384 floats; questions and what is searched are embedded differently."""

    name: str

    async def question(self, text: str) -> Vector: ...

    async def passages(self, texts: Sequence[str]) -> Sequence[Vector]: ...


async def learn(db: Database, meanings: Meanings) -> int:
    """Embed the products on sale that are new or have changed; how many there were."""
    done = 0
    while True:
        async with db.transaction() as tx:
            rows = await repository.without_meaning(tx, meanings.name, BATCH)
            if rows:
                vectors = await meanings.passages([row["body"] for row in rows])
                for row, vector in zip(rows, vectors, strict=True):
                    await repository.set_meaning(tx, row["id"], meanings.name, row["body"], vector)
        done += len(rows)
        if len(rows) < BATCH:
            return done
