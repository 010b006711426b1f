"""Runs the platform in the foreground, until Ctrl-C."""

import asyncio
import signal
from contextlib import suppress

from rich.console import Console

from app.demo import host, seed
from app.settings import Settings
from app.supervisor import AlreadyRunning, platform


def run(settings: Settings, *, demo: bool) -> None:
    """`shopcast up`, or with `demo` also a seeded shop and a host who goes live by itself."""
    console = Console(highlight=False)
    try:
        asyncio.run(_until_stopped(settings, console, demo=demo))
    except AlreadyRunning as error:
        console.print(f"[red]{error}[/red]")
        raise SystemExit(1) from None


async def _until_stopped(settings: Settings, console: Console, *, demo: bool) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    starting = asyncio.create_task(_run(settings, console, stop, demo=demo))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    console.print("Stopping")
    stopping.cancel()
    starting.cancel()
    with suppress(asyncio.CancelledError):
        await starting


async def _run(settings: Settings, console: Console, stop: asyncio.Event, *, demo: bool) -> None:
    async with platform(settings, console) as ready:
        address = ready.public_url or f"http://localhost:{ready.web_port}"
        if demo:
            shop = await seed.seed(ready)
            console.print(seed.welcome(shop, address))
            async with host.on_air(ready, shop):
                await stop.wait()
        else:
            console.print(f"Shopcast is up: {address}")
            await stop.wait()
