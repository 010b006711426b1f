"""Fortune bags over HTTP and in events."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, model_validator

Entry = Literal["join", "comment", "follow", "watch"]


class NewFortuneBag(BaseModel):
    """`entry`: what somebody has to do first. `words` to comment, `watch_s` to have watched in this room."""

    prize: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
    winners: Annotated[int, Field(ge=1, le=1_000)]
    entry: Entry = "join"
    words: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)] = ""
    watch_s: Annotated[int, Field(ge=0, le=86_400)] = 0
    open_for_s: Annotated[int, Field(ge=10, le=24 * 3600)] = 300

    @model_validator(mode="after")
    def _says_what(self) -> "NewFortuneBag":
        if self.entry == "comment" and not self.words:
            raise ValueError("say what is to be commented")
        if self.entry == "watch" and not self.watch_s:
            raise ValueError("say how long is to be watched")
        return self


class Winner(BaseModel):
    place: int
    ticket: UUID
    user_id: UUID
    display_name: str


class FortuneBag(BaseModel):
    """`commitment` stands from the beginning; `seed` and `winners` only once it is drawn (`draw.py`)."""

    id: UUID
    room_id: UUID
    prize: str
    winners_count: int
    entry: Entry
    words: str
    watch_s: int
    commitment: str
    status: Literal["open", "drawn"]
    entries: int
    created_at: datetime
    draws_at: datetime
    seed: str | None = None
    entries_digest: str | None = None
    winners: list[Winner] = []


class FortuneBagList(BaseModel):
    items: list[FortuneBag]


class FortuneBagDetail(FortuneBag):
    """`tickets`: everything that went into the draw, ascending, once it is drawn."""

    tickets: list[UUID] = []


class Entered(BaseModel):
    bag_id: UUID
    ticket: UUID
