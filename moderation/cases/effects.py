"""What a decision does outside moderation: the platform supplies it, surface by surface."""

from typing import Protocol
from uuid import UUID

from app.core.db import Tx

from .schemas import Case


class CaseEffects(Protocol):
    """Called in the transaction of the decision; what must follow the commit goes through the outbox.

    Both may come again for the same case (an appeal, a second look) and must then change what stands.
    """

    async def released(self, tx: Tx, case: Case, moderator_id: UUID) -> None:
        """The subject is innocent: show what was hidden."""
        ...

    async def upheld(self, tx: Tx, case: Case, moderator_id: UUID) -> None:
        """The subject stays hidden; what was visible goes."""
        ...


class RecordedEffects:
    """A CaseEffects for tests: keeps the calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, UUID]] = []

    async def released(self, tx: Tx, case: Case, moderator_id: UUID) -> None:
        self.calls.append(("released", case.id))

    async def upheld(self, tx: Tx, case: Case, moderator_id: UUID) -> None:
        self.calls.append(("upheld", case.id))
