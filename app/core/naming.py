"""What people and rooms call themselves: asked before a name is kept; moderation answers."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal, Protocol
from uuid import UUID

from fastapi import Depends, Request

from app.core.db import Tx
from app.core.errors import Invalid

NameKind = Literal["user", "room_title"]


class NameRefused(Invalid):
    """`categories` in `extra`: what was found; empty where a moderator has decided against the name."""

    code = "name_refused"
    title = "This name may not be used here"


@dataclass(frozen=True, slots=True)
class Name:
    """A name that somebody wants: `subject_id` is the account or room, `owner_id` the account that answers for it."""

    kind: NameKind
    subject_id: UUID
    owner_id: UUID
    text: str


class NameScreener(Protocol):
    """Judges names before anyone sees them."""

    async def check(self, name: Name) -> Any:
        """What `follow_up` wants to have back. Raises NameRefused."""
        ...

    async def follow_up(self, tx: Tx, name: Name, verdict: Any) -> None:
        """Do what follows on a name, in the transaction that keeps it."""
        ...


class AnyName:
    """A NameScreener that takes every name: the operator's own, on the command line."""

    async def check(self, name: Name) -> Any:
        return None

    async def follow_up(self, tx: Tx, name: Name, verdict: Any) -> None:
        return None


ANY_NAME = AnyName()


async def _names(request: Request) -> NameScreener:
    found: NameScreener = getattr(request.app.state, "names", None) or ANY_NAME
    return found


NamesDep = Annotated[NameScreener, Depends(_names)]
