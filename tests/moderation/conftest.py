"""One screen for all tests: building it takes a second."""

import pytest

from moderation.text import Screen


@pytest.fixture(scope="session")
def screen() -> Screen:
    return Screen()
