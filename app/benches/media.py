"""`shopcast bench media` with a Redis of its own."""

from pathlib import Path
from tempfile import TemporaryDirectory

from app.embedded.redis import embedded_redis_server
from media.bench import run as bench


async def run(*, quick: bool, viewers: int | None, hls_js: str, soak_minutes: float) -> None:
    """Measure the media role alone: nothing else of the platform runs."""
    with TemporaryDirectory(prefix="shopcast-bench-") as directory:
        async with embedded_redis_server(Path(directory), persistent=False) as redis_url:
            await bench.run(
                redis_url, quick=quick, viewers=viewers, hls_js=Path(hls_js), soak_minutes=soak_minutes
            )
