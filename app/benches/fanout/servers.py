"""The servers that are compared: our gateway, nchan, Socket.IO. Each is started by the bench itself."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from app.benches.fanout.generator import children, cost
from app.benches.ports import free_ports
from app.core.report import Report

PEERS = Path(__file__).parents[1] / "peers"
NCHAN_MODULES = ("/usr/lib/nginx/modules/ngx_nchan_module.so", "/usr/share/nginx/modules/ngx_nchan_module.so")
START_TIMEOUT_S = 30
PUBLISH_TIMEOUT_S = 60

Publish = Callable[[Sequence[bytes]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. `publish` hands it one batch: the JSON of each event. `paths(n)`: n viewers' requests."""

    name: str
    port: int
    pids: list[int]
    publish: Publish
    paths: Callable[[int], list[str]]
    hello: list[str] = field(default_factory=list)
    pong: str = ""


def joined(events: Sequence[bytes]) -> bytes:
    """The same body that our gateway sends, for those who are handed a finished batch."""
    return b'{"t":"batch","topic":"bench","events":[%b]}' % b",".join(events)


@asynccontextmanager
async def process(
    command: Sequence[str], environment: Mapping[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A child process while the block runs."""
    child = await asyncio.create_subprocess_exec(
        *command,
        env=dict(os.environ) | dict(environment or {}),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            with suppress(ProcessLookupError):
                child.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(child.wait(), 10)
            except TimeoutError:
                child.kill()
                await child.wait()


async def listening(port: int) -> None:
    """Wait until somebody accepts connections; raises TimeoutError."""
    async with asyncio.timeout(START_TIMEOUT_S):
        while True:
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.05)


@asynccontextmanager
async def gateway(environment: Mapping[str, str]) -> AsyncIterator[tuple[int, asyncio.subprocess.Process]]:
    """One more process of our gateway role, at rest: what it loads when it starts is loaded; its port."""
    [port] = free_ports(1)
    variables = dict(environment) | {"SHOPCAST_GATEWAY_PORT": str(port), "SHOPCAST_CHAT_PER_S": "1000000"}
    async with process([sys.executable, "-m", "app", "gateway"], variables) as child:
        await listening(port)
        await _at_rest(child.pid)
        yield port, child


async def _at_rest(pid: int) -> None:
    """Wait until a process has used no CPU to speak of for a second, a minute at most."""
    used_s = cost([pid]).cpu_s
    for _ in range(60):
        await asyncio.sleep(1)
        before_s, used_s = used_s, cost([pid]).cpu_s
        if used_s - before_s < 0.05:
            return


def nchan_missing() -> str | None:
    """What has to be installed for nchan to take part; None: nothing."""
    if shutil.which("nginx") and any(Path(module).exists() for module in NCHAN_MODULES):
        return None
    return "nchan is not installed: apt install nginx libnginx-mod-nchan"


@asynccontextmanager
async def nchan() -> AsyncIterator[Server]:
    """nginx with one worker and nchan, each viewer a WebSocket subscriber."""
    [port] = free_ports(1)
    module = next(module for module in NCHAN_MODULES if Path(module).exists())
    with tempfile.TemporaryDirectory(prefix="shopcast-nchan-") as directory:
        config = Path(directory) / "nginx.conf"
        config.write_text(
            f"""load_module {module};
            daemon off; worker_processes 1; pid {directory}/pid; error_log {directory}/error.log;
            worker_rlimit_nofile 100000;
            events {{ worker_connections 65536; }}
            http {{
              access_log off; client_body_temp_path {directory}; client_max_body_size 1m;
              client_body_buffer_size 1m;
              server {{
                listen 127.0.0.1:{port} backlog=4096 reuseport;
                location = /pub {{ nchan_publisher; nchan_channel_id bench; nchan_message_buffer_length 1; }}
                location = /sub {{ nchan_subscriber websocket; nchan_channel_id bench;
                                   nchan_subscriber_first_message newest; }}
              }}
            }}"""
        )
        async with (
            process(["nginx", "-c", str(config), "-p", directory]) as child,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PUBLISH_TIMEOUT_S) as client,
        ):
            await listening(port)

            async def publish(events: Sequence[bytes]) -> None:
                (await client.post("/pub", content=joined(events))).raise_for_status()

            yield Server("nchan", port, children(child.pid), publish, lambda count: ["/sub"] * count)


async def socketio_missing(report: Report) -> str | None:
    """Why Socket.IO cannot take part, None where it can; installs it by npm where there is one."""
    installed = PEERS / "node_modules" / "socket.io"
    if not shutil.which("node"):
        return "socket.io needs Node: its figure is missing"
    if not installed.is_dir() and shutil.which("npm"):
        report.progress("npm installs socket.io")
        npm = await asyncio.create_subprocess_exec(
            "npm",
            *("ci", "--prefix", str(PEERS), "--no-audit", "--no-fund", "--loglevel=error"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
        )
        await npm.wait()
    return None if installed.is_dir() else f"socket.io is not installed: npm ci --prefix {PEERS}"


@asynccontextmanager
async def socketio() -> AsyncIterator[Server]:
    """A plain Socket.IO server over WebSocket, without compression, as it comes."""
    [port] = free_ports(1)
    async with (
        process(["node", str(PEERS / "socketio.mjs"), str(port)]) as child,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PUBLISH_TIMEOUT_S) as client,
    ):
        await listening(port)

        async def publish(events: Sequence[bytes]) -> None:
            (await client.post("/publish", content=joined(events))).raise_for_status()

        path = "/socket.io/?EIO=4&transport=websocket"
        yield Server("socketio", port, [child.pid], publish, lambda count: [path] * count, ["40"], "3")
