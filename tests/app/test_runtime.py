"""What the log says."""

from collections.abc import Iterator

import pytest
import structlog

from app.runtime import configure_logging


@pytest.fixture
def own_logging() -> Iterator[None]:
    before = structlog.get_config()
    configure_logging("web")
    yield
    structlog.contextvars.clear_contextvars()
    structlog.configure(**before)


def test_a_traceback_names_the_lines_and_no_variable(
    own_logging: None, capsys: pytest.CaptureFixture[str]
) -> None:
    password = "".join(["s3", "cr3t"])
    try:
        raise KeyError(len(password))
    except KeyError:
        structlog.get_logger().exception("unhandled error", path="/api/auth/login")
    said = capsys.readouterr().out
    assert "unhandled error" in said
    assert "KeyError: 6" in said
    assert password not in said
