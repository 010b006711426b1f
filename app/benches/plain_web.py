"""`python -m app.benches.plain_web PORT`: the web role with one transaction per order, to compare with."""

import asyncio
import sys
from contextlib import nullcontext
from dataclasses import replace

import uvloop

from app.adapters.shop import LiveRooms, commerce_config
from app.roles.process import serve
from app.runtime import open_services
from app.settings import Settings
from app.web.app import create_app
from commerce.runtime import Commerce

POOL_SIZE = 20


async def run(port: int) -> None:
    """Serve until the process is stopped."""
    settings = Settings()
    async with open_services(settings, pool_size=POOL_SIZE) as services:
        config = replace(commerce_config(settings), order_batching=False)
        async with Commerce.open(services.db, services.clock, config, rooms=LiveRooms()) as shop:
            await serve(create_app(services, settings, shop), settings.bind, port, nullcontext())


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(int(sys.argv[1])))
