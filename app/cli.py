"""Every command: `shopcast --help`."""

import typer

from app.commands import bench, check
from app.commands import eval as evaluate

main = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
main.add_typer(evaluate.app, name="eval", help="Measure quality on a data set.")
main.add_typer(bench.app, name="bench", help="Measure speed on this machine.")
main.add_typer(check.app, name="check", help="Search for broken promises.")
