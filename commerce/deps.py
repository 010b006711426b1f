"""What the shop's endpoints depend on besides `app.core.http`."""

from typing import Annotated

from fastapi import Depends, Header
from starlette.requests import HTTPConnection

from app.core.auth import Principal, Role
from app.core.http import require
from commerce.runtime import Commerce


async def _commerce(connection: HTTPConnection) -> Commerce:
    found: Commerce = connection.app.state.commerce
    return found


async def origin_of(connection: HTTPConnection) -> str:
    """scheme://host[:port] as the browser asked for it."""
    return str(connection.base_url).rstrip("/")


CommerceDep = Annotated[Commerce, Depends(_commerce)]
Merchant = Annotated[Principal, Depends(require(Role.MERCHANT))]
IdempotencyKey = Annotated[
    str, Header(alias="Idempotency-Key", min_length=8, max_length=128, pattern=r"^[\x21-\x7e]+$")
]
Origin = Annotated[str, Depends(origin_of)]
