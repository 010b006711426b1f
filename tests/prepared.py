"""A PostgreSQL directory that is made and migrated once: whole platforms start over copies of it."""

import asyncio
import atexit
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from app.embedded.postgres import embedded_postgres_server
from app.migrations import upgrade


def prepare(data_dir: Path) -> None:
    """What `shopcast up` would make there in its first seconds; owners and modes as it makes them."""
    data_dir.mkdir(exist_ok=True)
    subprocess.run(["cp", "-a", str(_made()), str(data_dir / "postgres")], check=True)


@cache
def _made() -> Path:
    directory = Path(tempfile.mkdtemp(prefix="shopcast-made-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)

    async def make() -> None:
        async with embedded_postgres_server(directory / "postgres") as dsn:
            await asyncio.to_thread(upgrade, dsn)

    with ThreadPoolExecutor(1) as elsewhere:  # a loop runs here already
        elsewhere.submit(asyncio.run, make()).result()
    return directory / "postgres"
