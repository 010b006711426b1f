"""What endpoints depend on. The web app puts a `Services` on `app.state.services`; these read it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Protocol

from fastapi import Depends
from redis.asyncio import Redis
from starlette.requests import HTTPConnection

from app.core.auth import Principal, Role, Tokens
from app.core.bus import Bus
from app.core.clock import Clock
from app.core.db import Database
from app.core.errors import Forbidden, Unauthenticated


class Authenticator(Protocol):
    """Finds out who sends a request, by cookie or bearer token; None for a guest."""

    async def __call__(self, connection: HTTPConnection) -> Principal | None: ...


@dataclass(frozen=True, slots=True)
class Services:
    """What every endpoint may use."""

    db: Database
    redis: Redis
    bus: Bus
    clock: Clock
    tokens: Tokens
    authenticate: Authenticator


def services(connection: HTTPConnection) -> Services:
    found: Services = connection.app.state.services
    return found


async def optional_user(connection: HTTPConnection) -> Principal | None:
    return await services(connection).authenticate(connection)


async def current_user(user: Annotated[Principal | None, Depends(optional_user)]) -> Principal:
    if user is None:
        raise Unauthenticated
    return user


def require(*roles: Role) -> Callable[[Principal], Awaitable[Principal]]:
    """A dependency that lets only holders of one of `roles` through (an admin always)."""

    async def holder(user: Annotated[Principal, Depends(current_user)]) -> Principal:
        if not user.has(*roles):
            raise Forbidden
        return user

    return holder


async def _db(connection: HTTPConnection) -> Database:
    return services(connection).db


async def _redis(connection: HTTPConnection) -> Redis:
    return services(connection).redis


async def _bus(connection: HTTPConnection) -> Bus:
    return services(connection).bus


async def _clock(connection: HTTPConnection) -> Clock:
    return services(connection).clock


async def _services(connection: HTTPConnection) -> Services:
    return services(connection)


# Coroutines, all of them: FastAPI sends a plain function to a thread, which costs more than the request.
ServicesDep = Annotated[Services, Depends(_services)]
DatabaseDep = Annotated[Database, Depends(_db)]
RedisDep = Annotated[Redis, Depends(_redis)]
BusDep = Annotated[Bus, Depends(_bus)]
ClockDep = Annotated[Clock, Depends(_clock)]
CurrentUser = Annotated[Principal, Depends(current_user)]
OptionalUser = Annotated[Principal | None, Depends(optional_user)]
