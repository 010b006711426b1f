"""Every message of a viewer goes to the assistant as well, which finds out whether it is a question."""

from collections.abc import Sequence

from redis.asyncio import Redis

from app.chat.schemas import ChatMessage

STREAM = "assistant:questions"
"""A Redis Stream; the field `e` of each entry is a ChatMessage as JSON."""
LENGTH = 1_000


async def ask_assistant(redis: Redis, messages: Sequence[ChatMessage]) -> None:
    """Hand the viewers' messages over; where nobody takes them, the oldest fall out."""
    asked = [message for message in messages if message.kind == "viewer"]
    if not asked:
        return
    async with redis.pipeline(transaction=False) as pipe:
        for message in asked:
            pipe.xadd(STREAM, {"e": message.model_dump_json()}, maxlen=LENGTH, approximate=True)
        await pipe.execute()
