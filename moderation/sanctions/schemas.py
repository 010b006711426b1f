"""Sanctions as the API shows and takes them."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, model_validator

Kind = Literal["mute", "shadow_mute", "ban", "product_down", "stream_muted", "stream_stopped"]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
PERSONAL: frozenset[Kind] = frozenset({"mute", "shadow_mute", "ban"})


class SanctionIn(BaseModel):
    """`room_id`: that room alone, else the platform. `duration_s`: none is until lifted.

    `devices`: it also holds for the accounts that share a device with this one, now or later.
    """

    kind: Kind
    user_id: UUID | None = None
    room_id: UUID | None = None
    product_id: UUID | None = None
    case_id: UUID | None = None
    duration_s: Annotated[int, Field(ge=60, le=366 * 86_400)] | None = None
    rule: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    reason: Reason
    devices: bool = False

    @model_validator(mode="after")
    def _has_its_subject(self) -> Self:
        if (self.kind in PERSONAL) != (self.user_id is not None):
            raise ValueError("mute, shadow_mute and ban speak of a user, the others do not")
        if (self.kind == "product_down") != (self.product_id is not None):
            raise ValueError("product_down speaks of a product")
        if self.kind in ("stream_muted", "stream_stopped") and self.room_id is None:
            raise ValueError(f"{self.kind} speaks of a room")
        return self


class Sanction(BaseModel):
    """`active`: neither lifted nor expired."""

    id: UUID
    kind: Kind
    user_id: UUID | None
    room_id: UUID | None
    product_id: UUID | None
    case_id: UUID | None
    rule: str
    reason: str
    imposed_by: str | None
    imposed_at: datetime
    expires_at: datetime | None
    lifted_at: datetime | None
    lift_reason: str | None
    active: bool


class Sanctions(BaseModel):
    items: list[Sanction]


class Lift(BaseModel):
    reason: Reason


class Offender(BaseModel):
    """What is known of an account: upheld cases in 90 days, sanctions, accounts on the same device or address."""

    user_id: UUID
    display_name: str
    upheld_cases: int
    sanctions: list[Sanction]
    same_device: list[UUID]
    same_address: list[UUID]
