"""Red packets over HTTP and in events."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, model_validator

Status = Literal["open", "empty", "expired"]


class NewRedPacket(BaseModel):
    total_cents: Annotated[int, Field(ge=1, le=100_000_000)]
    shares: Annotated[int, Field(ge=1, le=10_000)]
    greeting: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)] = ""
    open_for_s: Annotated[int, Field(ge=10, le=24 * 3600)] = 300

    @model_validator(mode="after")
    def _a_cent_each(self) -> "NewRedPacket":
        if self.total_cents < self.shares:
            raise ValueError("every share needs a cent")
        return self


class RedPacket(BaseModel):
    id: UUID
    room_id: UUID
    total_cents: int
    shares: int
    currency: str
    greeting: str
    status: Status
    claimed: int
    claimed_cents: int
    created_at: datetime
    expires_at: datetime


class RedPacketList(BaseModel):
    items: list[RedPacket]


class Share(BaseModel):
    """What one person got."""

    user_id: UUID
    display_name: str
    amount_cents: int
    claimed_at: datetime


class RedPacketDetail(RedPacket):
    """`winners`: who got how much, the largest first, as soon as the packet has ended."""

    winners: list[Share] = []


class Claimed(BaseModel):
    packet_id: UUID
    amount_cents: int
    currency: str
