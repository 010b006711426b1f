"""Browsers ask to be told, over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, StringConstraints
from starlette.requests import HTTPConnection

from app.core.errors import Invalid
from app.core.http import ClockDep, CurrentUser, DatabaseDep
from app.engagement.notices import repository
from app.engagement.notices.push import Pusher, Subscription
from app.engagement.notices.service import Notices

router = APIRouter(prefix="/api/push", tags=["engagement"])

Base64Url = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+={0,2}$", max_length=200)]
Endpoint = Annotated[str, Field(max_length=1_000)]


class PushKeys(BaseModel):
    p256dh: Base64Url
    auth: Base64Url


class PushSubscription(BaseModel):
    """As `PushSubscription.toJSON()` has it (W3C Push API)."""

    endpoint: Endpoint
    keys: PushKeys


class PushEndpoint(BaseModel):
    endpoint: Endpoint


class Ways(BaseModel):
    """How people can be told: the key that browsers subscribe with, and whether letters are sent."""

    public_key: str
    email: bool


class NotAPushService(Invalid):
    code = "not_a_push_service"
    title = "This is not the address of a push service"


async def _notices(connection: HTTPConnection) -> Notices:
    found: Notices = connection.app.state.notices
    return found


NoticesDep = Annotated[Notices, Depends(_notices)]


@router.get("")
async def ways(notices: NoticesDep) -> Ways:
    return Ways(public_key=notices.pusher.public_key, email=notices.mailer is not None)


@router.put("/subscriptions", status_code=204)
async def subscribe(
    form: PushSubscription, user: CurrentUser, db: DatabaseDep, clock: ClockDep, notices: NoticesDep
) -> None:
    pusher: Pusher = notices.pusher
    if not pusher.accepts(form.endpoint):
        raise NotAPushService
    async with db.transaction() as tx:
        subscription = Subscription(form.endpoint, form.keys.p256dh, form.keys.auth)
        await repository.subscribe(tx, user.user_id, subscription, clock.now())


@router.post("/subscriptions/forget", status_code=204)
async def unsubscribe(form: PushEndpoint, user: CurrentUser, db: DatabaseDep) -> None:
    async with db.transaction() as tx:
        await repository.unsubscribe(tx, user.user_id, form.endpoint)
