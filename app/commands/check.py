"""`shopcast check …`: searches for broken promises."""

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
