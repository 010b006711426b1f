"""Runs the platform in the foreground, until Ctrl-C."""

import asyncio
import signal
from contextlib import suppress

from rich.console import Console

from app.demo import welcome
from app.settings import Settings
from app.supervisor import ROLES, AlreadyRunning, NotReady, platform, preload


def run(settings: Settings, *, demo: bool) -> None:
    """`shopcast up`, or with `demo` also a seeded shop and a host who is live."""
    console = Console(highlight=False)
    preload()
    try:
        asyncio.run(_until_stopped(settings, console, demo=demo))
    except (AlreadyRunning, NotReady) as error:
        console.print(f"[red]{error}[/red]")
        raise SystemExit(1) from None


async def _until_stopped(settings: Settings, console: Console, *, demo: bool) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    running = asyncio.create_task(_run(settings, console, demo=demo))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    console.print("Stopping")
    stopping.cancel()
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def _run(settings: Settings, console: Console, *, demo: bool) -> None:
    roles = (*ROLES, "demo-host") if demo else ROLES
    async with platform(settings, console, roles=roles, prepare=_seed if demo else None) as ready:
        address = ready.public_url or f"http://localhost:{ready.web_port}"
        console.print(welcome(address) if demo else f"Shopcast is up: {address}")
        if not demo and not await _has_admin(ready):
            console.print("Nobody administers it yet: shopcast user add you@example.com --role admin")
        await asyncio.Event().wait()


async def _has_admin(settings: Settings) -> bool:
    from app.core.auth import Role
    from app.core.db import Database
    from app.identity import repository

    assert settings.database_url is not None
    async with Database.open(settings.database_url) as db, db.transaction() as tx:
        return bool(await repository.search(tx, text="", role=Role.ADMIN, limit=1))


async def _seed(settings: Settings) -> None:
    """Imported only now: meanwhile PostgreSQL starts, and so does the process that roles are forked from."""
    from app.demo.seed import seed

    await seed(settings)
