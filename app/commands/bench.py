"""`shopcast bench …`: how fast it is, on this machine."""

from pathlib import Path
from typing import Annotated

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


@app.command()
def orders(quick: bool = typer.Option(False, help="End within 45 s.")) -> None:
    """One hot SKU, 20,000 buyers: reservations per second, batched and plain."""
    import uvloop

    from app.benches import orders as bench

    uvloop.run(bench.run(quick=quick))


@app.command()
def draws(
    claims: int = typer.Option(10_000, min=1, max=50_000),
    shares: int = typer.Option(500, min=1, max=10_000),
    over_s: float = typer.Option(2.0, min=0.0, help="Over how many seconds the claims come."),
    quick: bool = typer.Option(False, help="A fifth of it; ends within 45 s."),
) -> None:
    """Ten thousand claims on five hundred shares of a red packet: each share once, the sum exact."""
    import uvloop

    from app.benches import draws as bench

    part = 5 if quick else 1
    uvloop.run(bench.run(bench.Load(claims // part, max(1, shares // part), over_s / part)))


@app.command()
def assistant(
    questions_per_s: int = typer.Option(200, min=1, max=1_000),
    seconds: float = typer.Option(20.0, min=1.0, help="How long they are asked."),
    viewers: int = typer.Option(400, min=10, max=5_000),
    quick: bool = typer.Option(False, help="A third of the time; ends within 45 s."),
) -> None:
    """Questions in one room: the different ones answered, how fast, and whether chat is slowed."""
    import uvloop

    from app.benches import assistant as bench

    uvloop.run(bench.run(bench.Load(questions_per_s, seconds / 3 if quick else seconds, viewers)))


@app.command()
def media(
    quick: bool = typer.Option(False, help="Fewer viewers and less time; ends within 90 s."),
    viewers: int | None = typer.Option(None, min=1, help="In the comparison; 100 unless told."),
    hls_js: str = typer.Option(
        "web/node_modules/hls.js/dist/hls.min.js", help="The built hls.js to measure with."
    ),
    soak_minutes: float = typer.Option(0.0, min=0.0, help="How long 20 viewers come and go; 0: not at all."),
) -> None:
    """Join time, camera to screen, viewers per core beside Janus, HLS behind live, a bad network."""
    import uvloop

    from app.benches.media import run

    uvloop.run(run(quick=quick, viewers=viewers, hls_js=hls_js, soak_minutes=soak_minutes))


@app.command()
def asr(
    data: Annotated[
        Path, typer.Option(help="A folder of labelled sessions: catalog.json, sessions.json, sound.")
    ],
    quick: Annotated[
        bool, typer.Option(help="Half a minute of sound, as many rooms as fit into 45 seconds.")
    ] = False,
    soak_minutes: Annotated[
        float, typer.Option(min=0.0, help="Instead: one room for so long, its memory and lag.")
    ] = 0.0,
) -> None:
    """Live rooms that one core can listen to with 95 of 100 pins within 2.5 s."""
    from ai.transcription.benchmark import run, run_soak
    from app.settings import Settings

    settings = Settings()
    if soak_minutes:
        run_soak(data, settings.data_dir, soak_minutes, model=settings.whisper_model)
        return
    run(data, settings.data_dir, quick=quick, model=settings.whisper_model)


@app.command()
def cases(
    cases: int = typer.Option(10_000, min=1, max=100_000, help="How many are open."),
    openings: int = typer.Option(10, min=1, max=100),
    quick: bool = typer.Option(False, help="Three openings; ends within 45 s."),
) -> None:
    """How soon the moderators' queue shows its first case, in Chromium, with ten thousand open."""
    import asyncio

    from app.benches import cases as bench

    asyncio.run(bench.run(cases=cases, openings=3 if quick else openings))


@app.command()
def warnings(
    data: Annotated[
        Path, typer.Option(help="A folder of labelled sessions: catalog.json, sessions.json, sound.")
    ],
    quick: bool = typer.Option(False, help="It takes as long as its sessions are heard."),
) -> None:
    """How long after a sentence that may not be said its warning stands in the studio."""
    import asyncio

    from app.benches import warnings as bench
    from app.settings import Settings

    settings = Settings()
    asyncio.run(bench.run(data, model=settings.whisper_model, data_dir=settings.data_dir))
