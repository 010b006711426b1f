"""`shopcast eval …`: how good it is, on a data set."""

import typer

app = typer.Typer(no_args_is_help=True)
