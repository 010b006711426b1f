"""What moderation's endpoints depend on besides `app.core.http`."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from app.core.auth import Principal, Role
from app.core.http import require

from .runtime import Moderation


async def _moderation(connection: HTTPConnection) -> Moderation:
    found: Moderation = connection.app.state.moderation
    return found


ModerationDep = Annotated[Moderation, Depends(_moderation)]
Moderator = Annotated[Principal, Depends(require(Role.MODERATOR))]
Admin = Annotated[Principal, Depends(require(Role.ADMIN))]
