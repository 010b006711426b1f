"""Real PostgreSQL and Redis for every test: one server a session, one database a test."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Protocol

import httpx
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from app.adapters.shop import open_shop
from app.core.auth import Principal, Role, Tokens
from app.core.bus import Bus
from app.core.clock import ManualClock
from app.core.db import Database
from app.core.http import Services
from app.core.ids import new_id
from app.embedded.postgres import UNSAFE_SETTINGS, embedded_postgres_server
from app.embedded.redis import embedded_redis_server
from app.identity import service as identity
from app.identity.schemas import Registration
from app.identity.service import SessionAuthenticator
from app.migrations import upgrade
from app.settings import Settings
from app.web.app import create_app
from commerce.payments.keys import key_pair
from commerce.runtime import Commerce
from tests.databases import Databases

TEMPLATE = "template_shopcast"


@dataclass(frozen=True)
class User:
    """Somebody with an account, and a browser that is logged in."""

    principal: Principal
    client: httpx.AsyncClient


class LogIn(Protocol):
    async def __call__(self, *roles: Role, name: str = "小雨") -> User: ...


@dataclass(frozen=True)
class Servers:
    postgres_dsn: str
    """Of the database `postgres`; replace the name for another."""
    redis_url: str

    def dsn(self, database: str) -> str:
        return self.postgres_dsn.replace("/postgres?", f"/{database}?")


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Both servers run on a loop of their own, since each test has its own."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    stack = AsyncExitStack()
    with tempfile.TemporaryDirectory(prefix="shopcast-test-") as name:
        directory = Path(name)

        async def start() -> Servers:
            dsn = await stack.enter_async_context(
                embedded_postgres_server(directory / "pg", settings=UNSAFE_SETTINGS, database=TEMPLATE)
            )
            url = await stack.enter_async_context(
                embedded_redis_server(directory / "redis", persistent=False)
            )
            return Servers(dsn.replace(f"/{TEMPLATE}?", "/postgres?"), url)

        try:
            found = asyncio.run_coroutine_threadsafe(start(), loop).result(60)
            upgrade(found.dsn(TEMPLATE))
            yield found
        finally:
            asyncio.run_coroutine_threadsafe(stack.aclose(), loop).result(60)
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()


@pytest.fixture(scope="session")
def databases(servers: Servers) -> Databases:
    return Databases(servers.dsn("{}"), TEMPLATE)


@pytest.fixture
async def dsn(databases: Databases) -> AsyncIterator[str]:
    """A migrated database of this test's own."""
    async with databases.one() as found:
        yield found


@pytest.fixture
async def redis(servers: Servers) -> AsyncIterator[Redis]:
    """Redis, empty."""
    async with Redis.from_url(servers.redis_url) as client:
        await client.flushall()
        yield client


@pytest.fixture
def bus(redis: Redis) -> Bus:
    return Bus(redis)


@pytest.fixture
async def db(dsn: str, bus: Bus) -> AsyncIterator[Database]:
    async with Database.open(dsn, publisher=bus) as database:
        yield database


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 23, 20, 0, tzinfo=UTC))


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop's and the sandbox's keys, made once: making RSA keys takes longer than most tests."""
    directory = tmp_path_factory.mktemp("keys")
    for name in ("alipay-app", "sandbox-alipay", "sandbox-forger", "sandbox-wechat", "wechat-merchant"):
        key_pair(directory, name)
    return directory


@pytest.fixture
def settings(dsn: str, servers: Servers, keys: Path, tmp_path: Path) -> Settings:
    """Settings that point at this test's database, Redis and directory."""
    shutil.copytree(keys, tmp_path / "keys")
    return Settings(
        data_dir=tmp_path,
        SHOPCAST_DATABASE_URL=dsn,
        SHOPCAST_REDIS_URL=servers.redis_url,
        secret_key=SecretStr("a signing secret that is only ever used in tests"),
    )


@pytest.fixture
def services(db: Database, redis: Redis, bus: Bus, clock: ManualClock, settings: Settings) -> Services:
    """What a role opens, on this test's database and a clock that stands still."""
    return Services(
        db=db,
        redis=redis,
        bus=bus,
        clock=clock,
        tokens=Tokens(settings.signing_secret()),
        authenticate=SessionAuthenticator(db, clock),
    )


@pytest.fixture
async def commerce(services: Services, settings: Settings) -> AsyncIterator[Commerce]:
    async with open_shop(services, settings) as shop:
        yield shop


@pytest.fixture
async def api(services: Services, settings: Settings, commerce: Commerce) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without a session, in front of the web app."""
    app = create_app(services, settings, commerce)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as client:
        yield client


@pytest.fixture
def log_in(services: Services, api: httpx.AsyncClient) -> LogIn:
    """Makes a user with the given roles and a client that is logged in as that user."""

    async def make(*roles: Role, name: str = "小雨") -> User:
        form = Registration(
            email=f"{new_id().hex}@shop.test", password="correct horse battery", display_name=name
        )
        row = await identity.register(services.db, services.clock, form, roles=(Role.VIEWER, *roles))
        login = await identity.begin_session(services.db, services.clock, row["id"], kind="browser", days=1)
        client = httpx.AsyncClient(
            transport=api._transport, base_url=api.base_url, cookies={identity.COOKIE: login.secret}
        )
        return User(identity.principal(row), client)

    return make
