"""`shopcast bench …`: how fast it is, on this machine."""

import typer

app = typer.Typer(no_args_is_help=True)
