"""The tables of a show's report, to be worked on elsewhere: CSV (RFC 4180) or Parquet."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import polars as pl

from app.core.auth import Principal
from app.core.clock import Clock
from app.core.db import Database
from app.insights import repository, service
from app.insights.schemas import Form, Table
from app.rooms import service as rooms

_TIME = pl.Datetime("us", "UTC")
_REACH: dict[str, Any] = {
    "product_id": pl.String,
    "name": pl.String,
    "name_en": pl.String,
    **dict.fromkeys(("viewers", "clicks", "chose_sku", "ordered", "orders"), pl.Int64),
    "revenue_cents": pl.Int64,
    "questions": pl.Int64,
    "click_through": pl.Float64,
    "conversion": pl.Float64,
}
SCHEMAS: dict[Table, dict[str, Any]] = {
    "windows": {"pin_id": pl.String, "begins_at": _TIME, "ends_at": _TIME, **_REACH},
    "products": _REACH,
    "trend": {"at": _TIME, "viewers": pl.Int64, "likes": pl.Int64},
    "activity": {"at": _TIME, "clicks": pl.Int64, "orders": pl.Int64, "revenue_cents": pl.Int64},
    "marks": {
        "kind": pl.String,
        "at": _TIME,
        "ends_at": _TIME,
        "label": pl.String,
        "label_en": pl.String,
        "product_id": pl.String,
    },
    "events": {
        "at": _TIME,
        "kind": pl.String,
        "product_id": pl.String,
        "person": pl.Int64,
        "amount_cents": pl.Int64,
    },
    "talk": {"begins_at": _TIME, "ends_at": _TIME, "text": pl.String, "language": pl.String},
}
"""The columns of each table: times in UTC, money in cents."""


async def table(db: Database, clock: Clock, user: Principal, room_id: UUID, name: Table) -> pl.DataFrame:
    """One table of the room, for its host and staff; raises RoomNotFound, Forbidden."""
    if name in ("events", "talk"):
        async with db.transaction() as tx:
            rooms.require_staff(user, await rooms.get(tx, room_id))
            read = repository.events if name == "events" else repository.talk
            return _frame(name, await read(tx, room_id))
    found = await service.get(db, clock, user, room_id)
    return _frame(name, [row.model_dump() for row in getattr(found, name)])


def encode(frame: pl.DataFrame, form: Form) -> tuple[bytes, str]:
    """The file and its media type."""
    if form == "csv":
        return _csv(frame).encode(), "text/csv; charset=utf-8"
    out = io.BytesIO()
    frame.write_parquet(out)
    return out.getvalue(), "application/vnd.apache.parquet"


def _frame(name: Table, rows: Sequence[Any]) -> pl.DataFrame:
    schema = SCHEMAS[name]
    return pl.DataFrame([[_value(row[column]) for column in schema] for row in rows], schema, orient="row")


def _value(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value


def _csv(frame: pl.DataFrame) -> str:
    """A text that a spreadsheet would run is quoted as text."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(frame.columns)
    for row in frame.iter_rows():
        writer.writerow([_cell(value) for value in row])
    return out.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return value
