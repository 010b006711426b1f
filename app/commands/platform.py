"""`shopcast up` and `demo`, and each role by itself."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from redis.asyncio import Redis

from app.settings import Settings

T = TypeVar("T")

ROLES = {
    "web": "The API and the web client.",
    "gateway": "WebSocket fan-out: chat, pins, counters.",
    "media": "WHIP in, WHEP out, the tap.",
    "sandbox": "The payment sandbox, which signs like the real companies.",
    "ai": "Listening, product cues and the assistant.",
    "jobs": "Background jobs: order expiry, payment queries, leftovers.",
    "demo-host": "A host who needs no camera, live in the demo room.",
}


def add_to(main: typer.Typer) -> None:
    """Register the commands."""
    main.command()(up)
    main.command()(demo)
    main.command()(migrate)
    main.command()(openapi)
    main.command()(rotate_key)
    main.command()(nodes)
    main.command()(drain)
    for name, summary in ROLES.items():
        main.command(name, help=f"Run the role {name}: {summary}")(_role_command(name))


def up() -> None:
    """Run the whole platform on this machine."""
    from app import up as platform

    platform.run(Settings(), demo=False)


def demo() -> None:
    """Run the whole platform with a demo shop and a host who is live."""
    from app import up as platform

    platform.run(Settings(), demo=True)


def migrate() -> None:
    """Bring the database to the newest schema."""
    from app import migrations

    settings = Settings()
    if settings.database_url is None:
        raise typer.BadParameter("Set SHOPCAST_DATABASE_URL.")
    migrations.upgrade(settings.database_url)


def nodes() -> None:
    """The media nodes: how loaded each is, whether it is drained."""
    import asyncio

    from media.cluster.placement import nodes as known

    for node in asyncio.run(_with_redis(known)):
        state = "gone" if not node.alive else "drained" if node.drained else "takes rooms"
        typer.echo(f"{node.name}\t{node.url}\t{node.load:.0%}\t{state}")


def drain(
    node: Annotated[str, typer.Argument(help="Its name, as `shopcast nodes` shows it.")],
    undo: Annotated[bool, typer.Option("--undo", help="Let it take rooms again.")] = False,
) -> None:
    """Let a media node take no new rooms; those it has stay until they are over."""
    import asyncio

    from media.cluster.placement import drain as set_drained

    asyncio.run(_with_redis(lambda redis: set_drained(redis, node, drained=not undo)))


async def _with_redis(use: Callable[[Redis], Awaitable[T]]) -> T:
    settings = Settings()
    if settings.redis_url is None:
        raise typer.BadParameter("Set SHOPCAST_REDIS_URL.")
    async with Redis.from_url(settings.redis_url) as redis:
        return await use(redis)


def rotate_key() -> None:
    """Make a new key for names, phones and addresses; the jobs role brings old records under it by night."""
    from commerce.privacy import add_key

    number = add_key(Settings().data_dir / "keys")
    typer.echo(f"privacy-{number}.key seals from now on. Keep the older ones until `reseal` has run.")


def openapi(
    path: Annotated[Path | None, typer.Argument(help="Write it here instead of printing it.")] = None,
) -> None:
    """The OpenAPI document of the API."""
    from app.web.app import describe

    document = json.dumps(describe(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    if path is None:
        typer.echo(document, nl=False)
    else:
        path.write_text(document, encoding="utf-8")


def _role_command(name: str) -> Callable[[], None]:
    def command() -> None:
        from app.roles.process import role_module, run_role

        run_role(name, role_module(name).run)

    return command
