"""`shopcast up` and `demo`, and each role by itself."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from app.settings import Settings

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
