"""Who wants to hear that stock has changed."""

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from app.core.db import Tx


class ProductRooms(Protocol):
    """Knows the live rooms in which a product is queued."""

    async def showing(self, tx: Tx, product_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[UUID]]:
        """Rooms by product; a product that no room shows may be absent."""
        ...


class NoRooms:
    """For a shop without live rooms, and for tests."""

    async def showing(self, tx: Tx, product_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[UUID]]:
        return {}
