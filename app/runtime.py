"""What every role opens first: PostgreSQL, Redis, the event bus, the clock, the token signer."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from redis.asyncio import Redis

from app.core.auth import Tokens
from app.core.bus import Bus
from app.core.clock import SystemClock
from app.core.db import Database
from app.core.http import Services
from app.identity.service import SessionAuthenticator
from app.settings import Settings

REDIS_CONNECTIONS = 100


class NotConfigured(RuntimeError):
    """A role was started by itself without the servers that it needs."""


@asynccontextmanager
async def open_services(settings: Settings, *, pool_size: int = 10) -> AsyncIterator[Services]:
    """The services of one process, closed when the block ends; raises NotConfigured."""
    if settings.database_url is None or settings.redis_url is None:
        raise NotConfigured(
            "Set SHOPCAST_DATABASE_URL and SHOPCAST_REDIS_URL, or use `shopcast up`, which brings both."
        )
    clock = SystemClock()
    async with Redis.from_url(settings.redis_url, max_connections=REDIS_CONNECTIONS) as redis:
        bus = Bus(redis)
        async with Database.open(settings.database_url, publisher=bus, max_size=pool_size) as db:
            yield Services(
                db=db,
                redis=redis,
                bus=bus,
                clock=clock,
                tokens=Tokens(settings.signing_secret()),
                authenticate=SessionAuthenticator(db, clock),
            )


def configure_logging(role: str) -> None:
    """One line an event, to standard error, with the role's name."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # Plain: the pretty one prints local variables, and with them what is secret.
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(),
    )
    structlog.contextvars.bind_contextvars(role=role)
