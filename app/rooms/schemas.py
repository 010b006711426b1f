"""What rooms take and give over HTTP and in events."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from commerce.catalog.schemas import ProductOut

RoomStatus = Literal["scheduled", "live", "ended"]
StreamState = Literal["offline", "live", "reconnecting"]
PinMode = Literal["auto", "suggest"]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
Description = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000)]


class NewRoom(BaseModel):
    title: Title
    description: Description = ""
    scheduled_at: AwareDatetime | None = None


class RoomChange(BaseModel):
    """Only the members that are sent change."""

    title: Title | None = None
    description: Description | None = None
    scheduled_at: AwareDatetime | None = None
    pin_mode: PinMode | None = None


class Host(BaseModel):
    id: UUID
    display_name: str


class Stats(BaseModel):
    viewers: int = 0
    likes: int = 0


class Room(BaseModel):
    id: UUID
    title: str
    description: str
    cover_url: str | None
    host: Host
    status: RoomStatus
    stream: StreamState
    pin_mode: PinMode
    scheduled_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    stats: Stats


class RoomList(BaseModel):
    items: list[Room]


class RoomProduct(BaseModel):
    position: int
    product: ProductOut


class Queue(BaseModel):
    products: list[RoomProduct]


class QueueChange(BaseModel):
    product_ids: Annotated[list[UUID], Field(max_length=500)]


class Evidence(BaseModel, extra="allow"):
    """Why a product was pinned or suggested: the words, how sure, by which rule."""

    text: str
    score: float
    rule: str


class Pin(BaseModel):
    id: UUID
    product_id: UUID
    source: Literal["auto", "host"]
    pinned_at: datetime
    evidence: Evidence | None = None


class PinRequest(BaseModel):
    product_id: UUID


class Suggestion(BaseModel):
    id: UUID
    product_id: UUID
    evidence: Evidence
    created_at: datetime


class Cue(BaseModel):
    """Something for the host to look at. `data` of `warning.*`: `said` and `held`, in cents or pieces."""

    id: UUID
    product_id: UUID | None
    kind: str
    data: dict[str, Any]
    evidence: Evidence
    created_at: datetime


class Explanation(BaseModel):
    """A window in which the host explained a product, with what was said."""

    id: UUID
    product_id: UUID
    session: str
    start_s: float
    end_s: float
    words: str
    created_at: datetime


class Explanations(BaseModel):
    items: list[Explanation]


class Segment(BaseModel):
    """A sentence as it was heard; times in seconds since the host's stream began."""

    id: UUID
    text: str
    language: str
    start_s: float
    end_s: float
    created_at: datetime


class Transcript(BaseModel):
    items: list[Segment]


class Access(BaseModel):
    """An address and the short-lived token that opens it."""

    url: str
    token: str


class RoomTokens(BaseModel):
    gateway: Access
    whep: Access
    whip: Access | None
    ice_servers: list[dict[str, Any]]
    expires_at: datetime
