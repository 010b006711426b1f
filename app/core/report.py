"""How `eval`, `bench` and `check` speak: progress and a table for people, one JSON line for machines."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table


class Report:
    """Progress goes to standard error; tables and the closing JSON line to standard output."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._out = Console(file=sys.stdout, highlight=False, soft_wrap=True)
        self._progress = Console(file=sys.stderr, highlight=False)

    def progress(self, message: str) -> None:
        """One line about what is going on now."""
        self._progress.print(f"[dim]{self.name}:[/dim] {message}")

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """A table for people; values are shown by `str`."""
        table = Table(title=title, title_justify="left")
        for column in columns:
            table.add_column(column)
        for row in rows:
            table.add_row(*(str(cell) for cell in row))
        self._out.print(table)

    def finish(self, figures: dict[str, Any]) -> None:
        """The last line: `figures` as one JSON object of plain numbers, strings and nested objects."""
        self._out.file.flush()
        print(orjson.dumps(figures, option=orjson.OPT_SERIALIZE_NUMPY).decode(), flush=True)
