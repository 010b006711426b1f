"""What chat needs of moderation: a verdict on a text, and a case for what a person has to look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol
from uuid import UUID

from app.chat.schemas import ChatMessage
from app.core.db import Tx
from app.core.ids import new_id


@dataclass(frozen=True, slots=True)
class Screened:
    """`allow`: show it; `flag`: show it and open a case; `hold`: only its author knows of it, open a case.

    `shadow`: nobody else sees it, and its author is not told.

    `verdict` is moderation's own, handed back to it with the case.
    """

    effect: Literal["allow", "flag", "hold", "shadow"]
    verdict: Any = None


class Screener(Protocol):
    """Judges chat before anyone sees it."""

    async def check(self, text: str, room_id: UUID, author_id: UUID) -> Screened:
        """Raises a `Problem` where the author may not write here at all."""
        ...

    async def open_case(self, tx: Tx, message: ChatMessage, screened: Screened) -> UUID:
        """The id of a new case about `message`, in the transaction that stores the message."""
        ...


class WordScreener:
    """A Screener for tests: holds what contains one of `held`, flags what contains one of `flagged`."""

    def __init__(self, held: Sequence[str] = (), flagged: Sequence[str] = ()) -> None:
        self._held = held
        self._flagged = flagged
        self.cases: dict[UUID, ChatMessage] = {}

    async def check(self, text: str, room_id: UUID, author_id: UUID) -> Screened:
        if any(word in text for word in self._held):
            return Screened("hold")
        return Screened("flag" if any(word in text for word in self._flagged) else "allow")

    async def open_case(self, tx: Tx, message: ChatMessage, screened: Screened) -> UUID:
        case_id = new_id()
        self.cases[case_id] = message
        return case_id
