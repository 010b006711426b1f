"""`shopcast check audit`: whether an exported log, or the one in the database, is whole."""

from collections.abc import AsyncIterator
from pathlib import Path

import orjson

from app.core.db import Database
from app.core.report import Report

from . import repository
from .chain import Entry, Verification, verify


async def exported(path: Path) -> AsyncIterator[Entry]:
    """The entries of a JSON lines file. Raises ValueError with the line's number for what is no entry."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield Entry.from_export(orjson.loads(line))
            except (KeyError, TypeError, ValueError) as problem:
                raise ValueError(f"line {number} is no entry: {problem!r}") from problem


async def check_file(path: Path) -> Verification:
    """Walk an exported log."""
    return await verify(exported(path))


async def check_database(dsn: str) -> Verification:
    """Walk the log of a database."""
    async with Database.open(dsn, max_size=1) as db, db.transaction() as tx:
        return await verify(repository.read(tx))


def tell(found: Verification) -> int:
    """Print what was found; the exit code, 1 for a broken log."""
    report = Report("check audit")
    report.table("Audit log", ("entries", "head", "broken at", "problem"), [_row(found)])
    report.finish(
        {
            "entries": found.entries,
            "head": found.head,
            "broken_at": found.broken_at,
            "whole": found.broken_at is None,
        }
    )
    return 0 if found.broken_at is None else 1


def _row(found: Verification) -> tuple[str, ...]:
    return (str(found.entries), found.head, str(found.broken_at or ""), found.problem or "")
