"""What chat takes and gives, over HTTP, in events and to the assistant."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

Kind = Literal["viewer", "host", "assistant", "system"]


class Author(BaseModel):
    """`id` is null for the assistant and the house."""

    id: UUID | None
    display_name: str


class ChatMessage(BaseModel):
    """`mentions` are the users whom it names or answers: a flood never hides it from them."""

    id: UUID
    room_id: UUID
    kind: Kind
    author: Author
    text: str
    reply_to: UUID | None
    mentions: list[UUID] = []
    created_at: datetime
    client_id: UUID


class History(BaseModel):
    """Newest page of messages, oldest first."""

    items: list[ChatMessage]


class NewMessage(BaseModel):
    """A message as its author sends it; sending it again with the same `client_id` changes nothing."""

    client_id: UUID
    text: Annotated[str, Field(max_length=2_000)]
    reply_to: UUID | None = None


class Posted(BaseModel):
    """`held`: a moderator will look at it; only its author knows."""

    status: Literal["sent", "held"]
    message_id: UUID
