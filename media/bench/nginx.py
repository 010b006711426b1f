"""nginx as HLS cache in front of a node: does the origin notice how many watch?"""

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from media.bench.janus import free_port
from media.bench.processes import stop

_CONFIG = """
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  proxy_temp_path {folder}/proxy;
  client_body_temp_path {folder}/body;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  proxy_cache_path {folder}/cache levels=1:2 keys_zone=hls:10m max_size=200m inactive=10m;
  log_format upstream '$upstream_cache_status $upstream_status';
  upstream origin {{ server 127.0.0.1:{origin}; keepalive 16; }}
  server {{
    listen 127.0.0.1:{port};
    location /hls/ {{
      access_log {folder}/access.log upstream;
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_cache hls;
      proxy_cache_lock on;
      proxy_cache_lock_timeout 20s;
      proxy_cache_lock_age 20s;
      proxy_read_timeout 25s;
      proxy_cache_use_stale updating;
    }}
  }}
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
async def nginx(origin_port: int) -> AsyncIterator[tuple[int, Path]]:
    """Start nginx; yields its port and its access log. `FileNotFoundError` where it is missing."""
    path = shutil.which("nginx")
    if path is None:
        raise FileNotFoundError("nginx")
    with TemporaryDirectory(prefix="shopcast-nginx-") as name:
        folder, port = Path(name), free_port()
        folder.chmod(0o755)
        config = folder / "nginx.conf"
        config.write_text(_CONFIG.format(folder=folder, origin=origin_port, port=port))
        process = await asyncio.create_subprocess_exec(
            path, "-c", str(config), "-p", str(folder), "-g", "daemon off; user root;" if _root() else "daemon off;",
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            await _listening(port)
            yield port, folder / "access.log"
        finally:
            await stop(process)


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
