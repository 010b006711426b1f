"""A media role for benches as a process of its own: prints its HTTP and UDP ports, ends when its input does."""

import asyncio
import os
import socket
import sys
from uuid import UUID

import uvicorn
import uvloop
from redis.asyncio import Redis

from app.core.auth import Tokens
from media.config import MediaConfig
from media.engines.embedded.engine import EmbeddedConfig
from media.ports import RecordedStreamEvents
from media.server import create_app

ROOM = UUID(int=7)
SECOND_ROOM = UUID(int=8)
SECRET = "only the bench knows this secret, and it dies with it"


async def serve(redis_url: str, extras: bool) -> None:
    """Serve until standard input is closed; `extras`: with HLS."""
    async with Redis.from_url(redis_url) as redis:
        engine = EmbeddedConfig(max_viewers=10_000)
        config = (
            MediaConfig(engine=engine)
            if extras
            else MediaConfig(engine=engine, hls=None, frame_interval_s=None)
        )
        app = create_app(config, tokens=Tokens(SECRET), redis=redis, events=RecordedStreamEvents())

        @app.get("/bench")
        async def inside() -> dict[str, object]:
            """What a bench wants to know: rooms with media, and the tasks of this process."""
            rooms = [room.room_id for room in app.state.engine.rooms() if room.publisher is not None]
            return {"live": rooms, "tasks": len(asyncio.all_tasks())}

        listening = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:
            await asyncio.sleep(0.01)
        print(listening.getsockname()[1], app.state.engine.udp_port, flush=True)
        await asyncio.to_thread(sys.stdin.read)
        server.should_exit = True
        await serving


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    uvloop.run(serve(sys.argv[1], sys.argv[2] == "extras"))
