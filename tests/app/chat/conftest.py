"""A room to talk in."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from app.chat.limits import ChatPace
from app.chat.posting import Chat
from app.chat.schemas import NewMessage
from app.chat.screening import WordScreener
from app.core.http import Services
from app.core.ids import new_id
from app.core.pace import Pace


@pytest.fixture
def screener() -> WordScreener:
    return WordScreener(held=["微信"], flagged=["便宜"], withdrawn=["私聊"])


@pytest.fixture
async def chat(services: Services, screener: WordScreener) -> AsyncIterator[Chat]:
    pace = ChatPace(services.redis, Pace(interval_ms=60_000, burst=5))
    async with Chat.open(services.db, services.bus, services.clock, screener, pace) as opened:
        yield opened


def message(
    text: str = "有货吗", *, client_id: UUID | None = None, reply_to: UUID | None = None
) -> NewMessage:
    return NewMessage(client_id=client_id or new_id(), text=text, reply_to=reply_to)
