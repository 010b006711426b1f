"""Every command: `shopcast --help`."""

import typer

from app.commands import bench, check, platform, users
from app.commands import eval as evaluate

main = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
platform.add_to(main)
main.add_typer(users.app, name="user", help="Make accounts, give and take roles.")
main.add_typer(evaluate.app, name="eval", help="Measure quality on a data set.")
main.add_typer(bench.app, name="bench", help="Measure speed on this machine.")
main.add_typer(check.app, name="check", help="Search for broken promises.")
