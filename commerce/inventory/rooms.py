"""What the shop asks the live rooms: who shows a product, and what a room sells."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol
from uuid import UUID

from app.core.db import Tx


class ProductRooms(Protocol):
    """Knows the live rooms and their queues."""

    async def showing(self, tx: Tx, product_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[UUID]]:
        """Rooms by product; a product that no room shows may be absent."""
        ...

    async def selling(self, tx: Tx, room_ids: Collection[UUID]) -> Mapping[UUID, frozenset[UUID]]:
        """The products that each room may sell at its own prices: none once it has ended.

        A room that does not exist is absent.
        """
        ...


class NoRooms:
    """For a shop without live rooms, and for tests."""

    async def showing(self, tx: Tx, product_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[UUID]]:
        return {}

    async def selling(self, tx: Tx, room_ids: Collection[UUID]) -> Mapping[UUID, frozenset[UUID]]:
        return {}
