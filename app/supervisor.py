"""PostgreSQL, Redis and every role on one machine: restarted when one dies, stopped together."""

import asyncio
import fcntl
import multiprocessing
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from pathlib import Path

from redis.asyncio import Redis
from rich.console import Console

from app import migrations
from app.embedded.postgres import embedded_postgres_server
from app.embedded.redis import embedded_redis_server
from app.roles import heartbeat
from app.roles.process import run_supervised
from app.settings import Settings

ROLES = ("web", "gateway", "media", "sandbox", "ai", "jobs")
STOP_TIMEOUT_S = 10
READY_TIMEOUT_S = 180
# A role that dies at once is restarted at once; one that keeps dying, every ten seconds.
BACKOFF_S = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0)
CALM_S = 60

# What most roles import; none of it starts a thread, opens a connection or draws a random number meanwhile.
SHARED_MODULES = ["fastapi", "langgraph.graph", "pypinyin", "pywebpush"]
_forks = multiprocessing.get_context("forkserver")

Prepare = Callable[[Settings], Awaitable[None]]


class AlreadyRunning(RuntimeError):
    """Another Shopcast runs over the same data directory."""


class NotReady(RuntimeError):
    """A role does not come up; what it printed says why."""


@dataclass
class Child:
    """A role's process and the times at which it was started of late."""

    role: str
    process: BaseProcess | None = None
    starts: deque[float] = field(default_factory=deque)


class Supervisor:
    """Keeps one process of each role alive. Use `running()`.

    The processes are forked from one that has imported what most roles need: eight interpreters that
    import it side by side take several times as long. Should we be killed, they stop by themselves.
    """

    def __init__(self, roles: Sequence[str], environment: Mapping[str, str], console: Console) -> None:
        self._children = [Child(role) for role in roles]
        self._environment = dict(environment)
        self._console = console

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Every role is started; all are stopped, in the opposite order, when the block ends."""
        watches = [
            asyncio.create_task(self._keep_alive(child), name=f"watch-{child.role}")
            for child in self._children
        ]
        try:
            yield
        finally:
            for watch in watches:
                watch.cancel()
            await asyncio.gather(*watches, return_exceptions=True)
            await asyncio.gather(*(self._stop(child) for child in reversed(self._children)))

    async def _keep_alive(self, child: Child) -> None:
        loop = asyncio.get_running_loop()
        while True:
            process = await self._start(child)
            await _ended(process)
            self._console.print(
                f"[yellow]{child.role} ended with code {process.exitcode}; starting it again[/yellow]"
            )
            while child.starts and loop.time() - child.starts[0] > CALM_S:
                child.starts.popleft()
            await asyncio.sleep(BACKOFF_S[min(len(child.starts), len(BACKOFF_S)) - 1] if child.starts else 0)

    async def _start(self, child: Child) -> BaseProcess:
        child.starts.append(asyncio.get_running_loop().time())
        process = _forks.Process(target=run_supervised, args=(child.role, self._environment), name=child.role)
        # Should we be cancelled meanwhile, the process still has to be stopped.
        starting = asyncio.ensure_future(asyncio.to_thread(process.start))
        try:
            await asyncio.shield(starting)
        finally:
            await starting
            child.process = process
        return process

    async def _stop(self, child: Child) -> None:
        process = child.process
        if process is None or not process.is_alive():
            return
        process.terminate()
        try:
            await asyncio.wait_for(_ended(process), STOP_TIMEOUT_S)
        except TimeoutError:
            process.kill()
            await _ended(process)


def preload() -> None:
    """Begin, in a process of its own, to import what the roles share; takes seconds, returns at once."""
    _forks.set_forkserver_preload(SHARED_MODULES)
    forkserver.ensure_running()


async def _ended(process: BaseProcess) -> None:
    loop = asyncio.get_running_loop()
    done = asyncio.Event()
    loop.add_reader(process.sentinel, done.set)
    try:
        await done.wait()
    finally:
        loop.remove_reader(process.sentinel)
    process.join()


@asynccontextmanager
async def servers(settings: Settings) -> AsyncIterator[Settings]:
    """The settings with PostgreSQL and Redis that run: those given, or embedded ones while the block runs."""
    async with AsyncExitStack() as stack:
        update: dict[str, str] = {}
        if settings.database_url is None:
            update["database_url"] = await stack.enter_async_context(
                embedded_postgres_server(settings.data_dir / "postgres")
            )
        if settings.redis_url is None:
            update["redis_url"] = await stack.enter_async_context(
                embedded_redis_server(settings.data_dir / "redis")
            )
        yield settings.model_copy(update=update)


@asynccontextmanager
async def platform(
    settings: Settings, console: Console, *, roles: Sequence[str] = ROLES, prepare: Prepare | None = None
) -> AsyncIterator[Settings]:
    """The whole platform, migrated and ready, while the block runs; yields the settings it runs with.

    `prepare` runs once the database is migrated and before any role starts. Raises AlreadyRunning
    where another one uses `settings.data_dir`, NotReady where a role is not ready within three minutes.
    """
    with _alone(settings.data_dir):
        preload()
        console.print("Starting PostgreSQL and Redis")
        async with servers(settings) as ready:
            assert ready.database_url is not None
            await asyncio.to_thread(migrations.upgrade, ready.database_url)
            ready.signing_secret()
            if prepare is not None:
                await prepare(ready)
            console.print(f"Starting {', '.join(roles)}")
            async with Supervisor(roles, environment(ready), console).running():
                await _until_ready(ready, roles)
                yield ready


def environment(settings: Settings) -> dict[str, str]:
    """The variables by which a child process gets the same settings."""
    assert settings.database_url is not None
    assert settings.redis_url is not None
    return {
        "SHOPCAST_DATABASE_URL": settings.database_url,
        "SHOPCAST_REDIS_URL": settings.redis_url,
        "SHOPCAST_DATA_DIR": str(settings.data_dir.resolve()),
        "SHOPCAST_BIND": settings.bind,
        "SHOPCAST_WEB_PORT": str(settings.web_port),
        "SHOPCAST_GATEWAY_PORT": str(settings.gateway_port),
        "SHOPCAST_MEDIA_PORT": str(settings.media_port),
        "SHOPCAST_SANDBOX_PORT": str(settings.sandbox_port),
        "SHOPCAST_SECRET_KEY": settings.signing_secret(),
    }


async def _until_ready(settings: Settings, roles: Sequence[str]) -> None:
    assert settings.redis_url is not None
    deadline = asyncio.get_running_loop().time() + READY_TIMEOUT_S
    async with Redis.from_url(settings.redis_url) as redis:
        while missing := set(roles) - (await heartbeat.alive(redis)).keys():
            if asyncio.get_running_loop().time() > deadline:
                raise NotReady(f"not ready after {READY_TIMEOUT_S} s: {', '.join(sorted(missing))}")
            await asyncio.sleep(0.1)


@contextmanager
def _alone(data_dir: Path) -> Iterator[None]:
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(f"Shopcast already runs over {data_dir}") from None
        yield
