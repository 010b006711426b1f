"""What a sanction does outside moderation: the platform supplies it."""

from typing import Protocol
from uuid import UUID

from app.core.db import Tx

from .schemas import Sanction


class SanctionEffects(Protocol):
    """Called in the transaction of the sanction."""

    async def imposed(self, tx: Tx, sanction: Sanction, actor_id: UUID | None) -> None:
        """Tell whom it concerns; take the product off sale, end the stream."""
        ...

    async def lifted(self, tx: Tx, sanction: Sanction, actor_id: UUID | None) -> None:
        """Undo what can be undone."""
        ...


class RecordedSanctions:
    """A SanctionEffects for tests: keeps the calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []

    async def imposed(self, tx: Tx, sanction: Sanction, actor_id: UUID | None) -> None:
        self.calls.append(("imposed", sanction.kind))

    async def lifted(self, tx: Tx, sanction: Sanction, actor_id: UUID | None) -> None:
        self.calls.append(("lifted", sanction.kind))
