"""What chat needs of moderation: a verdict on a text, and a case for what a person has to look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol
from uuid import UUID

from app.chat.schemas import ChatMessage
from app.core.db import Tx
from app.core.ids import new_id

AuthorRole = Literal["viewer", "host"]


@dataclass(frozen=True, slots=True)
class Screened:
    """`allow`: show it; `flag`: show it, something follows; `hold`: only its author knows of it, something follows.

    `shadow`: nobody else sees it, and its author is not told. `masked`: what is shown in place of the text.

    `verdict` is moderation's own, handed back to it with what follows. `more_to_come`: something still reads the text.
    """

    effect: Literal["allow", "flag", "hold", "shadow"]
    verdict: Any = None
    masked: str | None = None
    more_to_come: bool = False


class Screener(Protocol):
    """Judges chat before anyone sees it."""

    async def check(
        self, text: str, room_id: UUID, author_id: UUID, *, role: AuthorRole = "viewer"
    ) -> Screened:
        """Raises a `Problem` where the author may not write here at all."""
        ...

    async def follow_up(self, tx: Tx, message: ChatMessage, screened: Screened) -> UUID | None:
        """Do what follows on `message` (as it was written), in the transaction that stores it; its case's id."""
        ...

    async def second_look(self, message: ChatMessage, screened: Screened) -> Screened | None:
        """Wait for what still reads a message that is out; None where it changes nothing."""
        ...


class WordScreener:
    """A Screener for tests: holds what contains one of `held`, flags what contains one of `flagged`.

    What contains one of `withdrawn` is shown, and held at the second look.
    """

    def __init__(
        self, held: Sequence[str] = (), flagged: Sequence[str] = (), withdrawn: Sequence[str] = ()
    ) -> None:
        self._held = held
        self._flagged = flagged
        self._withdrawn = withdrawn
        self.cases: dict[UUID, ChatMessage] = {}

    async def check(
        self, text: str, room_id: UUID, author_id: UUID, *, role: AuthorRole = "viewer"
    ) -> Screened:
        if any(word in text for word in self._held):
            return Screened("hold")
        more = any(word in text for word in self._withdrawn)
        effect: Literal["flag", "allow"] = "flag" if any(word in text for word in self._flagged) else "allow"
        return Screened(effect, more_to_come=more)

    async def second_look(self, message: ChatMessage, screened: Screened) -> Screened | None:
        return Screened("hold")

    async def follow_up(self, tx: Tx, message: ChatMessage, screened: Screened) -> UUID | None:
        case_id = new_id()
        self.cases[case_id] = message
        return case_id
