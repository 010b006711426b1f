"""The demo host finds its way into its room."""

import asyncio

import httpx

from app.core.auth import Role
from app.core.http import Services
from app.demo import HOST, PASSWORD
from app.demo.host import Studio
from app.identity import service as identity
from app.identity.schemas import Registration
from app.settings import Settings
from app.web.app import create_app
from commerce.runtime import Commerce
from tests.builders import create_room


async def test_the_host_enters_also_where_cookies_are_for_https_alone(
    services: Services, settings: Settings, commerce: Commerce
) -> None:
    form = Registration(email=HOST.email, password=PASSWORD, display_name=HOST.display_name)
    user = await identity.register(services.db, services.clock, form, roles=[Role.HOST])
    room_id = await create_room(services, identity.principal(user), [])
    app = create_app(services, settings.model_copy(update={"secure_cookies": True}), commerce)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000"
    ) as http:
        studio = Studio(http)
        async with asyncio.timeout(10):
            await studio.enter()
        assert studio.room_id == str(room_id)
        assert await studio.products() == []
