"""A media role as a process of its own: `python -m tests.media.role REDIS_URL PORT [NODE]`.

With NODE it is one of several nodes that share the Redis.
"""

import sys

import uvicorn
from redis.asyncio import Redis

from app.core.auth import Tokens
from media.config import MediaConfig
from media.ports import RecordedStreamEvents
from media.server import create_app
from tests.media.node import LOCAL, SECRET

if __name__ == "__main__":
    redis_url, port, *node = sys.argv[1:]
    url = f"http://127.0.0.1:{port}"
    app = create_app(
        MediaConfig(engine=LOCAL, node=node[0], node_url=url) if node else MediaConfig(engine=LOCAL),
        tokens=Tokens(SECRET),
        redis=Redis.from_url(redis_url),
        events=RecordedStreamEvents(),
    )
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning")
