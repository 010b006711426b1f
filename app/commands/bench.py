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


@app.command()
def fanout(
    quick: bool = typer.Option(False, help="Fewer viewers and less time; ends within 45 s."),
    viewers: int | None = typer.Option(None, min=10, help="In the comparison; 5,000 unless told."),
) -> None:
    """One room at any size, beside nchan and Socket.IO: speed, memory, stalled readers, a storm, a kill."""
    import uvloop

    from app.benches.fanout import bench

    uvloop.run(bench.run(quick=quick, viewers=viewers))
