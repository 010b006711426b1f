"""A media node of each test's own."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from tests.media.node import Node, running_node


@pytest.fixture
async def node(redis: Redis) -> AsyncIterator[Node]:
    async with running_node(redis) as running:
        yield running
