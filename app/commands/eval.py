"""`shopcast eval …`: how good it is, on a data set."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True)


@app.command()
def cues(
    data: Annotated[
        Path, typer.Option(help="A folder of labelled sessions: catalog.json, sessions.json, sound.")
    ],
    quick: Annotated[bool, typer.Option(help="As many sessions as fit into 45 seconds.")] = False,
    page: Annotated[
        Path | None, typer.Option(help="Writes the timeline of every session there as HTML.")
    ] = None,
    threads: Annotated[int, typer.Option(help="Processor threads of the recognizer.")] = 1,
    scores: Annotated[
        Path | None, typer.Option(help="Writes how each name was read there as CSV: `notebooks/cues.ipynb`.")
    ] = None,
) -> None:
    """Products pinned from speech: the real chain on labelled sessions, in simulated real time."""
    from ai.cues.evaluation import run
    from app.settings import Settings

    settings = Settings()
    run(
        data,
        settings.data_dir,
        quick=quick,
        model=settings.whisper_model,
        cpu_threads=threads,
        page=page,
        scores=scores,
    )


@app.command()
def assistant(
    data: Annotated[Path, typer.Option(help="A file of cases: catalog, policies, cases.")],
    llm: Annotated[
        str,
        typer.Option(help="none: facts alone; local: the model of the extra `llm`; or a URL ending in /v1."),
    ] = "none",
    quick: Annotated[bool, typer.Option(help="Every third case.")] = False,
    page: Annotated[
        Path | None,
        typer.Option(help="Where to write the HTML page with each case; data/reports unless told."),
    ] = None,
) -> None:
    """Questions answered from facts: accuracy per kind, anything invented, and the time it takes."""
    from ai.assistant.evaluation import report
    from app.settings import Settings

    report(data, Settings().data_dir, llm=llm, quick=quick, page=page)


@app.command()
def moderation(
    data: Annotated[
        Path, typer.Option(help="A JSON list of texts with surface, language, expect and category.")
    ],
    quick: Annotated[bool, typer.Option(help="Fewer rounds of timing.")] = False,
    meaning: Annotated[bool, typer.Option(help="With the meaning layer, as the platform screens.")] = True,
    examples: Annotated[
        list[Path] | None, typer.Option(help="Further labelled files that the meaning layer learns first.")
    ] = None,
) -> None:
    """The screen of texts: outcomes as expected, caught, false alarms, time."""
    from app.adapters.meaning import examples_of
    from app.adapters.meaning import meaning as learned
    from moderation.evaluation import run

    run(data, quick=quick, meaning=learned(examples_of(examples or [])) if meaning else None)


@app.command()
def meaning(
    data: Annotated[list[Path], typer.Option(help="Labelled texts; repeat for several files.")],
    by_file: Annotated[bool, typer.Option(help="Reads each file by what the others teach.")] = False,
    write: Annotated[bool, typer.Option(help="Makes them the package's examples.")] = False,
) -> None:
    """The meaning layer alone, cross-validated over labelled texts: caught and false alarms by margin."""
    from app.adapters.meaning import Sentences, examples_of, known_sentences, write_examples
    from moderation.text import by_file as files
    from moderation.text.validation import run

    if by_file:
        files.run(data, known_sentences())
    else:
        run(examples_of(data), Sentences())
    if write:
        write_examples(data)


@app.command()
def presentation(
    examples: Annotated[
        Path | None, typer.Option(help="Folder of labelled sentences; None: that of the package.")
    ] = None,
    write: Annotated[bool, typer.Option(help="Fits the weights on all of them and stores them.")] = False,
) -> None:
    """Presented or only mentioned: the rules on labelled sentences, cross-validated."""
    from ai.cues.training import EXAMPLES, run

    run(examples or EXAMPLES, write=write)
