"""The whole platform on free ports, with the demo's shop and people but without its host."""

import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

from app.demo import seed
from app.settings import Settings
from app.supervisor import platform
from tests.app.test_supervisor import local_settings


@dataclass(frozen=True)
class Site:
    """A running Shopcast."""

    url: str
    settings: Settings


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    settings = local_settings(tmp_path)
    async with platform(settings, Console(file=io.StringIO()), prepare=seed.seed) as ready:
        yield Site(f"http://localhost:{ready.web_port}", ready)
