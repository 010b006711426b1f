"""A media role as a process of its own: `python -m tests.media.role REDIS_URL PORT`."""

import sys

import uvicorn
from redis.asyncio import Redis

from app.core.auth import Tokens
from media.ports import RecordedStreamEvents
from media.server import MediaConfig, create_app
from tests.media.node import LOCAL, SECRET

if __name__ == "__main__":
    redis_url, port = sys.argv[1:]
    app = create_app(
        MediaConfig(engine=LOCAL),
        tokens=Tokens(SECRET),
        redis=Redis.from_url(redis_url),
        events=RecordedStreamEvents(),
    )
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning")
