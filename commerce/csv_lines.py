"""CSV files as merchants send them: UTF-8, a header, and every wrong line named."""

import csv
import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from pydantic import ValidationError

from app.core.errors import Invalid

MAX_BYTES = 5 * 1024 * 1024
MAX_LINES = 20_000
# Spreadsheets run cells that begin with these (OWASP: CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r")

Line = tuple[int, Mapping[str, Any]]


class NotCsv(Invalid):
    code = "not_csv"
    title = "This is not a CSV file in UTF-8 with the right columns"


@dataclass(frozen=True, slots=True)
class LineError:
    """What is wrong in a line (a spreadsheet's row); the header is line 1, 0 the file as a whole."""

    line: int
    column: str
    message: str
    code: str
    """What pages translate: one of ours, or pydantic's type of error."""


def read(content: bytes, required: Collection[str]) -> list[Line]:
    """Each line with its number, by column; NotCsv for another encoding, other columns, or too long a file.

    A cell that is not there is None; under the column None stands a cell beyond the header.
    """
    if len(content) > MAX_BYTES:
        raise NotCsv("more than 5 MB")
    try:
        rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        header = next(rows, [])
        missing = set(required) - set(header)
        if missing:
            raise NotCsv(f"columns are missing: {', '.join(sorted(missing))}")
        lines: list[Line] = [
            (number, dict(zip_longest(header, map(_shown, cells))))
            for number, cells in enumerate(rows, start=2)
            if cells
        ]
    except UnicodeDecodeError as error:
        raise NotCsv("the file is not UTF-8") from error
    except csv.Error as error:
        raise NotCsv(str(error)) from error
    if len(lines) > MAX_LINES:
        raise NotCsv(f"more than {MAX_LINES} lines")
    return lines


def errors_of(number: int, error: ValidationError) -> Iterable[LineError]:
    """What pydantic does not like about a line."""
    for item in error.errors():
        yield LineError(number, "/".join(str(part) for part in item["loc"]), item["msg"], item["type"])


def write(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> bytes:
    """A file with a byte order mark, so that spreadsheets show Chinese."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({column: _safe(value) for column, value in row.items()})
    return out.getvalue().encode("utf-8-sig")


def _safe(value: object) -> object:
    """An apostrophe before what a spreadsheet would run, and before what would be taken for one; `_shown` undoes it."""
    return f"'{value}" if isinstance(value, str) and value.lstrip("'").startswith(FORMULA) else value


def _shown(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(FORMULA) else cell
