"""What the assistant's endpoints take and give."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

Mode = Literal["auto", "suggest"]
HandoverStatus = Literal["open", "answered", "dismissed"]
ReplyText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class Viewer(BaseModel):
    """`id` is null for a guest."""

    id: UUID | None
    display_name: str


class Handover(BaseModel):
    """A question that waits for a person. `suggestion`: what the assistant would say, if anything."""

    id: UUID
    message_id: UUID
    room_id: UUID
    viewer: Viewer
    text: str
    language: Literal["zh", "en"]
    reason: str
    suggestion: str | None
    product_id: UUID | None
    status: HandoverStatus
    reply: str | None
    created_at: datetime
    closed_at: datetime | None


class Handovers(BaseModel):
    items: list[Handover]


class StaffReply(BaseModel):
    text: ReplyText


class Feedback(BaseModel):
    helpful: bool


class TraceStepOut(BaseModel):
    step: str
    result: str
    took_ms: float


class Trace(BaseModel):
    """Why the assistant said what it said."""

    message_id: UUID
    room_id: UUID
    text: str
    language: Literal["zh", "en"]
    outcome: Literal["answer", "handoff", "refuse"]
    reply: str
    private: bool
    reason: str
    composed_by: str
    askers: int
    facts: list[dict[str, Any]]
    trace: list[TraceStepOut]
    created_at: datetime


class Unanswered(BaseModel):
    """A question that no fact answered, or whose answer people found unhelpful."""

    message_id: UUID
    text: str
    product_id: UUID | None
    times: int
    unhelpful: int
    reply: str | None
    last_at: datetime


class UnansweredPage(BaseModel):
    items: list[Unanswered]


class FaqIn(BaseModel):
    """`product_id` null: for the whole shop."""

    question: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
    answer: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
    product_id: UUID | None = None
    from_message_id: UUID | None = None


class FaqOut(FaqIn):
    id: UUID


class RoomSettings(BaseModel):
    mode: Annotated[Mode, Field(description="suggest: answers wait in the inbox for a person")]


class ProcessStatusOut(BaseModel):
    """One process that answers. `model` null: from facts alone; `circuit` of its language model;
    `outcomes`: what became of the model's calls; `dropped`: questions that waited too long."""

    process: str
    model: str | None
    circuit: Literal["closed", "open", "half_open"] | None
    outcomes: dict[str, int]
    dropped: int
    at: datetime


class AssistantStatus(BaseModel):
    processes: list[ProcessStatusOut]
    waiting: int
    """Questions that nobody has taken yet, or not finished."""
