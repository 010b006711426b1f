"""A real Janus with the configuration that is shipped, on ports of each test's own."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from media.bench.janus import free_port
from media.bench.processes import stop

SHIPPED = Path(__file__).parents[2] / "deploy" / "janus"


@asynccontextmanager
async def running_janus(folder: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """The process and the address of its HTTP API."""
    port = free_port()
    changes = {
        "/etc/shopcast/janus": str(folder),
        "port = 8088": f"port = {port}",
        "debug_level = 3": "debug_level = 2",
        "nat: {": 'nat: {\n  ice_enforce_list = "127.0.0.1"',
    }
    folder.mkdir(parents=True, exist_ok=True)
    for path in SHIPPED.iterdir():
        text = path.read_text()
        for shipped, here in changes.items():
            text = text.replace(shipped, here)
        (folder / path.name).write_text(text)
    janus = shutil.which("janus")
    assert janus is not None
    with (folder / "log").open("w") as log:
        process = await asyncio.create_subprocess_exec(
            janus, "-F", str(folder), "-C", str(folder / "janus.jcfg"), stdout=log, stderr=log
        )
    url = f"http://127.0.0.1:{port}/janus"
    try:
        async with httpx.AsyncClient(trust_env=False) as http, asyncio.timeout(20):
            while True:
                try:
                    (await http.get(f"{url}/info")).raise_for_status()
                    break
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
        yield process, url
    finally:
        await stop(process)
