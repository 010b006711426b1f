"""The web role: the JSON API and the built web client."""

from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from ai.assistant.endpoints import AssistantPorts
from app.adapters.assistant import ChatChannel, Staff
from app.adapters.bans import PlatformDoor
from app.adapters.moderation import open_moderation
from app.adapters.name_screening import ModeratedNames
from app.core.http import Services
from app.engagement.coupon_drops.service import CouponDropDesk
from app.engagement.notices.service import Notices
from app.engagement.polls.service import PollDesk
from app.engagement.red_packets.service import RedPacketDesk
from app.insights.service import Collector
from app.settings import Settings
from app.web import problems
from app.web.client import ClientFiles
from app.web.origin import SameOriginMiddleware
from app.web.routers import ROUTERS
from app.web.timing import TimingMiddleware
from commerce.runtime import Commerce

CLIENT = Path(__file__).parents[2] / "web" / "dist"


def create_app(
    services: Services, settings: Settings, commerce: Commerce, *, client: Path = CLIENT
) -> FastAPI:
    """The FastAPI app over open `services` and an open shop; `client` is where the built web client lies."""
    app = _api()
    app.state.services = services
    app.state.settings = settings
    app.state.commerce = commerce
    app.state.moderation = open_moderation(services)
    app.state.names = ModeratedNames(services.db, services.clock, app.state.moderation.policies)
    app.state.door = PlatformDoor(services.db, services.clock, settings.signing_secret())
    app.state.assistant = AssistantPorts(ChatChannel(services.clock), Staff())
    app.state.red_packets = RedPacketDesk(services.db, services.clock)
    app.state.coupon_drops = CouponDropDesk(services.db, services.clock)
    app.state.polls = PollDesk(services.db, services.clock)
    app.state.notices = Notices.of(settings)
    app.state.collector = Collector(services.db, services.clock)
    if client.is_dir():
        app.mount("/", ClientFiles(directory=client, html=True), name="client")
    return app


def describe() -> dict[str, Any]:
    """The API's OpenAPI document, which needs no running service."""
    return _api().openapi()


def _api() -> FastAPI:
    app = FastAPI(title="Shopcast", version="1", openapi_url="/api/openapi.json", docs_url="/api/docs")
    problems.install(app)
    app.add_middleware(GZipMiddleware, minimum_size=1_000)
    app.add_middleware(SameOriginMiddleware)
    app.add_middleware(TimingMiddleware)
    for router in ROUTERS:
        app.include_router(router)
    return app
