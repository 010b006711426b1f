"""Roles that die come back; nothing stays behind."""

import asyncio
import io
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from redis.asyncio import Redis
from rich.console import Console

from app.benches.ports import free_ports
from app.roles import heartbeat
from app.settings import Settings
from app.supervisor import AlreadyRunning, platform
from tests.prepared import prepare


def local_settings(directory: Path) -> Settings:
    prepare(directory)
    web, gateway, media, sandbox = free_ports(4)
    return Settings(
        data_dir=directory,
        SHOPCAST_DATABASE_URL=None,
        SHOPCAST_REDIS_URL=None,
        web_port=web,
        gateway_port=gateway,
        media_port=media,
        sandbox_port=sandbox,
        moderation_meaning=False,
        moderation_pictures=False,
    )


def command(process: psutil.Process) -> list[str]:
    """Its command line; nothing where it has ended meanwhile."""
    with suppress(psutil.Error):
        return process.cmdline()
    return []


async def web_process(redis: Redis, other_than: int | None = None) -> int:
    """The process that says it is the web role, once it is not `other_than`."""
    while True:
        for key in await redis.keys("role:web:*"):
            pid = int(await redis.get(key) or 0)
            if pid and pid != other_than:
                return pid
        await asyncio.sleep(0.05)


async def test_a_killed_role_comes_back_and_all_end_together(tmp_path: Path) -> None:
    settings = local_settings(tmp_path)
    async with platform(settings, Console(file=io.StringIO()), roles=["web"]) as ready:
        assert ready.redis_url is not None
        async with Redis.from_url(ready.redis_url) as redis, asyncio.timeout(60):
            first = await web_process(redis)
            os.kill(first, signal.SIGKILL)
            second = await web_process(redis, other_than=first)
            assert second != first
            with pytest.raises(AlreadyRunning):
                async with platform(settings, Console(file=io.StringIO())):
                    pass
            assert (await heartbeat.alive(redis))["web"] >= 1
            roles = [first, second]
    assert not any(psutil.pid_exists(pid) for pid in roles)
    servers = [process for process in psutil.process_iter() if str(tmp_path) in " ".join(command(process))]
    assert servers == []


async def test_roles_end_with_a_killed_supervisor_and_its_servers_give_way_to_the_next(
    tmp_path: Path,
) -> None:
    """The second start finds PostgreSQL and Redis of the first still running."""
    settings = local_settings(tmp_path)
    script = (
        "import asyncio, io\nfrom pathlib import Path\nfrom rich.console import Console\n"
        "from app.settings import Settings\nfrom app.supervisor import platform\n"
        "async def main():\n"
        f"    settings = Settings(data_dir=Path({str(tmp_path)!r}), web_port={settings.web_port})\n"
        "    async with platform(settings, Console(file=io.StringIO()), roles=['web']):\n"
        "        print('ready', flush=True)\n        await asyncio.Event().wait()\n"
        "asyncio.run(main())"
    )
    environment = {
        key: value for key, value in os.environ.items() if not key.endswith(("BASE_URL", "REDIS_URL"))
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, env=environment, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert (await asyncio.wait_for(process.stdout.readline(), 60)).strip() == b"ready"
    async with Redis(unix_socket_path=str(tmp_path / "redis" / "redis.sock")) as redis:
        role = psutil.Process(await web_process(redis))
    process.kill()
    await process.wait()
    await asyncio.to_thread(role.wait, 30)
    async with asyncio.timeout(60), platform(settings, Console(file=io.StringIO()), roles=["web"]) as ready:
        assert ready.database_url is not None
