"""Moderation as the platform opens it."""

import pytest

from app.adapters.moderation import open_moderation
from app.core.http import Services
from moderation.runtime import Moderation


@pytest.fixture
def moderation(services: Services) -> Moderation:
    return open_moderation(services)
