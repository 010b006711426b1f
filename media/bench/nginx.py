"""nginx as HLS cache in front of a node: does the origin notice how many watch?"""

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from media.bench.janus import free_port
from media.bench.processes import stop

_SHIPPED = Path(__file__).parents[2] / "deploy" / "nginx.conf"
_AROUND = """
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 8192; }}
http {{
  proxy_temp_path {folder}/proxy;
  client_body_temp_path {folder}/body;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  log_format upstream '$upstream_cache_status $upstream_status $uri';
  access_log {folder}/access.log upstream;
{shipped}
}}
"""
_HINT = re.compile(r'PRELOAD-HINT:TYPE=PART,URI="((\d+)\.(\d+)\.m4s)"')


@dataclass(frozen=True, slots=True)
class HlsLoad:
    """What a number of HLS viewers did in `seconds`; `origin` counts what nginx had to ask for."""

    viewers: int
    seconds: float
    requests: int
    errors: int
    origin: int


@asynccontextmanager
async def nginx(*origin_ports: int) -> AsyncIterator[tuple[int, Path]]:
    """Start nginx with the configuration that is shipped, in front of nodes on these ports.

    Yields its port and its access log. `FileNotFoundError` where nginx is missing.
    """
    path = shutil.which("nginx")
    if path is None:
        raise FileNotFoundError("nginx")
    with TemporaryDirectory(prefix="shopcast-nginx-") as name:
        folder, port = Path(name), free_port()
        folder.chmod(0o755)
        config = folder / "nginx.conf"
        shipped = _configuration(folder, port, origin_ports)
        config.write_text(_AROUND.format(folder=folder, shipped=shipped))
        process = await asyncio.create_subprocess_exec(
            path, "-c", str(config), "-p", str(folder), "-g", "daemon off; user root;" if _root() else "daemon off;",
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            await _listening(port)
            yield port, folder / "access.log"
        finally:
            await stop(process)


def _configuration(folder: Path, port: int, origin_ports: Sequence[int]) -> str:
    """`deploy/nginx.conf` on other addresses and paths."""
    text = _SHIPPED.read_text()
    servers = "\n".join(f"    server 127.0.0.1:{origin} max_fails=0;" for origin in origin_ports)
    for shipped, here in (
        ("    server 127.0.0.1:8002 max_fails=0;", servers),
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("/var/cache/nginx/shopcast-hls", f"{folder}/cache"),
        ("max_size=4g", "max_size=200m"),
    ):
        if shipped not in text:
            raise ValueError(f"deploy/nginx.conf has no {shipped!r}")
        text = text.replace(shipped, here)
    return text


async def hls_viewers(port: int, log: Path, room: str, viewers: int, seconds: float) -> HlsLoad:
    """Let viewers follow the stream as LL-HLS players do: blocking reloads and hinted parts."""
    before = _origin_requests(log)
    watching = [_Follower(port, room) for _ in range(viewers)]
    tasks = []
    for follower in watching:
        tasks.append(asyncio.create_task(follower.run()))
        await asyncio.sleep(0)
    await asyncio.sleep(seconds)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return HlsLoad(
        viewers=viewers,
        seconds=seconds,
        requests=sum(follower.requests for follower in watching),
        errors=sum(follower.errors for follower in watching),
        origin=_origin_requests(log) - before,
    )


class _Follower:
    """One player over one kept connection."""

    def __init__(self, port: int, room: str) -> None:
        self._port = port
        self._room = room
        self.requests = 0
        self.errors = 0

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
                try:
                    await self._follow(reader, writer)
                finally:
                    writer.close()
            except (OSError, ValueError, asyncio.IncompleteReadError):
                self.errors += 1
                await asyncio.sleep(0.5)

    async def _follow(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        playlist = await self._get(reader, writer, "live.m3u8")
        while True:
            hint = _HINT.search(playlist.decode())
            if hint is None:
                raise ValueError("no preload hint")
            await self._get(reader, writer, hint[1])
            playlist = await self._get(
                reader, writer, f"live.m3u8?_HLS_msn={hint[2]}&_HLS_part={hint[3]}&_HLS_skip=YES"
            )

    async def _get(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> bytes:
        writer.write(f"GET /hls/{self._room}/{path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        body = await reader.readexactly(length)
        self.requests += 1
        if b" 200 " not in head.split(b"\r\n", 1)[0]:
            raise ValueError("not 200")
        return body


def _origin_requests(log: Path) -> int:
    """How many answers did not come from the cache."""
    if not log.exists():
        return 0
    return sum(
        1 for line in log.read_text().splitlines() if not line.startswith(("HIT", "STALE", "UPDATING"))
    )


async def _listening(port: int) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


def _root() -> bool:
    return os.geteuid() == 0
