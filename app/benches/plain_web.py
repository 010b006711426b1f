"""`python -m app.benches.plain_web WAY PORT`: the web role with another way to reserve, to compare with."""

import asyncio
import sys
from contextlib import nullcontext
from dataclasses import replace

import uvloop

from app.adapters.shop import LiveRooms, commerce_config
from app.benches.ways import DESKS
from app.roles.process import serve
from app.runtime import open_services
from app.settings import Settings
from app.web.app import create_app
from commerce.runtime import Commerce

POOL_SIZE = 20


async def run(way: str, port: int) -> None:
    """Serve until the process is stopped."""
    settings = Settings()
    async with open_services(settings, pool_size=POOL_SIZE) as services:
        config, rooms = commerce_config(settings), LiveRooms()
        async with Commerce.open(services.db, services.clock, config, rooms=rooms) as shop:
            desk = DESKS[way](services.db, rooms, shop.vault, services.clock, config.payment_s)
            app = create_app(services, settings, replace(shop, desk=desk))
            await serve(app, settings.bind, port, nullcontext())


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(sys.argv[1], int(sys.argv[2])))
