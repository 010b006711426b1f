"""`shopcast bench …`: how fast it is, on this machine."""

import typer

app = typer.Typer(no_args_is_help=True)


@app.command()
def loop(
    buyers: int = typer.Option(1_000, min=1, max=10_000),
    units: int = typer.Option(100, min=0),
    quick: bool = typer.Option(False, help="It is quick anyway."),
) -> None:
    """A thousand buyers at once, a hundred units: exactly a hundred orders."""
    import uvloop

    from app.benches import loop as bench

    uvloop.run(bench.run(buyers=buyers, units=units))
