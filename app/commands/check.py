"""`shopcast check …`: searches for broken promises."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True)


@app.command()
def payments(
    schedules: int = typer.Option(10_000, min=1),
    seed: int = typer.Option(1),
    quick: bool = typer.Option(False, help="End within 45 s."),
) -> None:
    """Buyers, misbehaving payment services and crashes, in thousands of orders of events."""
    try:
        from app.checks import payments as check
    except ModuleNotFoundError as missing:
        raise typer.BadParameter(f"{missing.name} is missing: pip install 'shopcast[dev]'") from missing
    raise typer.Exit(check.run(schedules=schedules, seed_number=seed, quick=quick))


@app.command()
def audit(
    file: Annotated[
        Path | None, typer.Option(help="An exported log; without it, the database's own.")
    ] = None,
) -> None:
    """The moderation log: every entry in its place and unchanged."""
    import asyncio

    from app.settings import Settings
    from moderation.audit import check

    if file is not None:
        raise typer.Exit(check.tell(asyncio.run(check.check_file(file))))
    dsn = Settings().database_url
    if dsn is None:
        raise typer.BadParameter("Set SHOPCAST_DATABASE_URL, or give --file.")
    raise typer.Exit(check.tell(asyncio.run(check.check_database(dsn))))
