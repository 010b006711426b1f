"""A screen for all tests (building it takes a second), moderation's API, people and cases to decide."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from app.core.auth import Principal, Role
from app.core.clock import ManualClock
from app.core.db import Database
from app.core.http import Services
from app.core.ids import new_id
from app.web import problems
from moderation.cases import service as cases
from moderation.cases.effects import RecordedEffects
from moderation.endpoints import ROUTERS
from moderation.findings import Finding
from moderation.policies.service import RememberedTexts
from moderation.policy import Action
from moderation.reports.service import FixedReportables
from moderation.runtime import Moderation
from moderation.sanctions.effects import RecordedSanctions
from moderation.text import Screen, default_screen
from tests.conftest import LogIn, User

TEXT = "加我微信 mimi_8866 更便宜"
FINDING = Finding("diversion", 0.95, "diversion.terms", 0, 4, "加我微信")
GRAVE = Finding("illegal", 0.95, "illegal.terms", 0, 2, "办证")


@pytest.fixture(scope="session")
def screen() -> Screen:
    return default_screen()


@pytest.fixture
def effects() -> RecordedEffects:
    return RecordedEffects()


@pytest.fixture
def past() -> RememberedTexts:
    return RememberedTexts()


@pytest.fixture
def sanctioned() -> RecordedSanctions:
    return RecordedSanctions()


@pytest.fixture
def reportables() -> FixedReportables:
    return FixedReportables()


@pytest.fixture
def moderation(
    db: Database,
    clock: ManualClock,
    effects: RecordedEffects,
    sanctioned: RecordedSanctions,
    reportables: FixedReportables,
    past: RememberedTexts,
) -> Moderation:
    return Moderation(db, clock, effects, sanctioned, reportables, past)


@pytest.fixture
async def api(services: Services, moderation: Moderation) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without a session in front of moderation alone."""
    app = FastAPI()
    problems.install(app)
    app.state.services = services
    app.state.moderation = moderation
    for router in ROUTERS:
        app.include_router(router)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as client:
        yield client


@dataclass(frozen=True)
class People:
    """Two moderators, an admin, and a viewer who wrote what is in the queue."""

    ada: User
    ben: User
    admin: User
    viewer: User


@pytest.fixture
async def people(log_in: LogIn) -> People:
    return People(
        ada=await log_in(Role.MODERATOR, name="Ada"),
        ben=await log_in(Role.MODERATOR, name="Ben"),
        admin=await log_in(Role.ADMIN, name="Root"),
        viewer=await log_in(name="小雨"),
    )


async def create_case(
    moderation: Moderation,
    author: Principal | None = None,
    *,
    text: str = TEXT,
    finding: Finding = FINDING,
    surface: str = "chat",
    action: Action = Action.BLOCK,
    subject: tuple[str, str] | None = None,
    room_id: UUID | None = None,
) -> UUID:
    """An open case."""
    async with moderation.db.transaction() as tx:
        return await cases.open_case(
            tx,
            moderation.clock,
            surface=surface,
            room_id=room_id,
            subject=subject or ("message", str(new_id())),
            author_id=author.user_id if author else None,
            text=text,
            findings=[finding],
            action=action,
        )
