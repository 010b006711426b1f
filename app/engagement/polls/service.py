"""Polls: a question to the room, one vote each; votes that come together are counted together."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from psycopg.rows import DictRow
from pydantic import BaseModel, Field, StringConstraints

from app.core.auth import Principal
from app.core.batcher import Batcher
from app.core.clock import Clock
from app.core.db import Database, Tx
from app.core.errors import Conflict, Invalid, NotFound
from app.core.events import Event, room_topic
from app.core.ids import new_id
from app.core.outbox import emit
from app.engagement.polls import repository
from app.engagement.polls.repository import Vote
from app.rooms import service as rooms

SHOWN = 20


class PollNotFound(NotFound):
    code = "poll_not_found"
    title = "There is no such poll"


class PollClosed(Conflict):
    code = "poll_closed"
    title = "This poll is closed"


class AlreadyVoted(Conflict):
    code = "already_voted"
    title = "You have voted already"


class NewPoll(BaseModel):
    question: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
    options: Annotated[
        list[Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]],
        Field(min_length=2, max_length=8),
    ]
    open_for_s: Annotated[int, Field(ge=10, le=3_600)] = 120


class Poll(BaseModel):
    """`votes`: how many each option has."""

    id: UUID
    room_id: UUID
    question: str
    options: list[str]
    votes: list[int]
    created_at: datetime
    closes_at: datetime


class PollList(BaseModel):
    items: list[Poll]


async def ask(db: Database, clock: Clock, host: Principal, room_id: UUID, form: NewPoll) -> Poll:
    """Put a question to the host's room; raises RoomEnded, Forbidden."""
    if len(set(form.options)) != len(form.options):
        raise Invalid("The options must differ.")
    poll_id, now = new_id(), clock.now()
    async with db.transaction() as tx:
        await rooms.lock_open(tx, host, room_id)
        await repository.add(
            tx,
            poll_id=poll_id,
            room_id=room_id,
            created_by=host.user_id,
            question=form.question,
            options=form.options,
            now=now,
            closes_at=now + timedelta(seconds=form.open_for_s),
        )
        poll = await get(tx, poll_id)
        await emit(tx, room_topic(room_id), Event("poll.opened", poll.model_dump(mode="json")))
    return poll


async def get(tx: Tx, poll_id: UUID) -> Poll:
    """Raises PollNotFound."""
    row = await repository.poll(tx, poll_id)
    if row is None:
        raise PollNotFound
    return _poll(row)


async def of_room(tx: Tx, room_id: UUID) -> list[Poll]:
    """The newest polls of a room."""
    return [_poll(row) for row in await repository.of_room(tx, room_id, SHOWN)]


def _poll(row: DictRow) -> Poll:
    return Poll(**{name: row[name] for name in Poll.model_fields})


class PollDesk:
    """Takes votes."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._votes: Batcher[Vote, None] = Batcher(self._count, limit=1_000, waiting=50_000)

    async def vote(self, user: Principal, poll_id: UUID, option: int) -> Poll:
        """One vote each, for good; the poll with it counted.

        Raises PollNotFound, PollClosed, AlreadyVoted, Invalid, Busy.
        """
        await self._votes.submit(Vote(poll_id, user.user_id, option))
        async with self._db.transaction() as tx:
            return await get(tx, poll_id)

    async def _count(self, votes: Sequence[Vote]) -> list[Exception | None]:
        now = self._clock.now()
        async with self._db.transaction() as tx:
            polls = {row["id"]: row for row in await repository.polls(tx, [vote.poll_id for vote in votes])}
            answers = [_refusal(vote, polls.get(vote.poll_id), now) for vote in votes]
            good = [vote for vote, answer in zip(votes, answers, strict=True) if answer is None]
            counted = await repository.vote(tx, good, now)
            for poll_id in {vote.poll_id for vote in counted}:
                poll = await get(tx, poll_id)
                shown = {"id": str(poll_id), "votes": poll.votes}
                await emit(tx, room_topic(poll.room_id), Event("poll.counted", shown))
        left = list(counted)
        for index, (vote, answer) in enumerate(zip(votes, answers, strict=True)):
            if answer is None and vote in left:
                left.remove(vote)
            elif answer is None:
                answers[index] = AlreadyVoted()
        return answers


def _refusal(vote: Vote, poll: DictRow | None, now: datetime) -> Exception | None:
    if poll is None:
        return PollNotFound()
    if poll["closes_at"] <= now:
        return PollClosed()
    if not 0 <= vote.option < len(poll["options"]):
        return Invalid("There is no such option.")
    return None
