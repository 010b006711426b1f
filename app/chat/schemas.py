"""What chat takes and gives, over HTTP, in events and to the assistant."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

Audience = Literal["everyone", "followers", "members"]
Kind = Literal["viewer", "host", "assistant", "system"]
MutedWord = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
MENTIONS_LIMIT = 5


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


class ChatRules(BaseModel):
    """`slow_mode_s`: how long somebody waits between two messages; 0: no such rule.

    `followers` are the host's, `members` have bought something. Muted words are shown to staff alone.
    """

    slow_mode_s: int = 0
    audience: Audience = "everyone"
    muted_words: list[str] = []
    pinned: ChatMessage | None = None


class ChatRulesChange(BaseModel):
    """Only the members that are sent change."""

    slow_mode_s: Annotated[int, Field(ge=0, le=3_600)] | None = None
    audience: Audience | None = None
    muted_words: Annotated[list[MutedWord], Field(max_length=200)] | None = None


class PinnedMessage(BaseModel):
    """None: nothing is pinned."""

    message_id: UUID | None


class History(BaseModel):
    """Newest page of messages, oldest first."""

    items: list[ChatMessage]


class NewMessage(BaseModel):
    """A message as its author sends it; sending it again with the same `client_id` changes nothing."""

    client_id: UUID
    text: Annotated[str, Field(max_length=2_000)]
    reply_to: UUID | None = None
    mentions: Annotated[list[UUID], Field(max_length=MENTIONS_LIMIT)] = []


class Posted(BaseModel):
    """`held`: a moderator will look at it; only its author knows."""

    status: Literal["sent", "held"]
    message_id: UUID
