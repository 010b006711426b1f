"""Tracking numbers in bulk: one line a parcel, or several with the same number for several SKUs.

Columns: order_number, carrier, tracking and, for a part of an order, sku_code and quantity.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from psycopg.rows import DictRow
from pydantic import BaseModel, Field, ValidationError

from app.core.db import Tx
from app.core.errors import Problem
from commerce.catalog import repository as catalog
from commerce.catalog.schemas import SAFE
from commerce.csv_lines import LineError, errors_of, read
from commerce.errors import OrderNotFound, SkuNotFound
from commerce.orders import repository as orders
from commerce.orders.schemas import MAX_QUANTITY, Carrier, OrderLineIn, Tracking
from commerce.orders.service import OrderBook
from commerce.shipping.schemas import ShipmentImportOut, line_errors
from commerce.shipping.service import Shipping

COLUMNS = ("order_number", "carrier", "tracking")


class _Row(BaseModel):
    order_number: Annotated[str, Field(min_length=1, max_length=40, pattern=SAFE)]
    carrier: Carrier
    tracking: Tracking
    sku_code: Annotated[str, Field(max_length=64, pattern=SAFE)] | None = None
    quantity: Annotated[int | None, Field(ge=1, le=MAX_QUANTITY)] = None


@dataclass(frozen=True, slots=True)
class _Parcel:
    line: int
    order_number: str
    carrier: str
    tracking: str
    parts: tuple[tuple[str, int], ...]


class NothingImported(Exception):
    """Rolls back what a dry run, or a file with wrong lines, has tried."""


async def bring_in(
    tx: Tx, book: OrderBook, shipping: Shipping, content: bytes, *, dry_run: bool, actor: str
) -> ShipmentImportOut:
    """Ship what the file says: all of it or, where a line is wrong, none; a dry run never does.

    Raises NotCsv.
    """
    parcels, errors = _parcels(read(content, COLUMNS))
    try:
        async with tx.transaction():
            for parcel in parcels:
                try:
                    async with tx.transaction():
                        await _ship(tx, book, shipping, parcel, actor)
                except Problem as problem:
                    errors.append(
                        LineError(parcel.line, "order_number", problem.detail or problem.title, problem.code)
                    )
            if dry_run or errors:
                raise NothingImported
    except NothingImported:
        tx.emitted.clear()
    shipped = 0 if errors else len(parcels)
    return ShipmentImportOut(parcels=shipped, dry_run=dry_run, errors=line_errors(errors))


def _parcels(lines: Sequence[tuple[int, Mapping[str, Any]]]) -> tuple[list[_Parcel], list[LineError]]:
    errors: list[LineError] = []
    groups: dict[tuple[str, str, str], tuple[int, list[tuple[str, int]]]] = {}
    for number, cells in lines:
        known = {key: value.strip() for key, value in cells.items() if key and value and value.strip()}
        try:
            row = _Row.model_validate(known)
        except ValidationError as error:
            errors.extend(errors_of(number, error))
            continue
        key = row.order_number, row.carrier, row.tracking
        _, parts = groups.setdefault(key, (number, []))
        if row.sku_code:
            parts.append((row.sku_code, row.quantity or 1))
    return [_Parcel(line, *key, tuple(parts)) for key, (line, parts) in groups.items()], errors


async def _ship(tx: Tx, book: OrderBook, shipping: Shipping, parcel: _Parcel, actor: str) -> DictRow:
    order_id = await orders.id_by_number(tx, parcel.order_number)
    if order_id is None:
        raise OrderNotFound
    order = await book.locked(tx, order_id)
    lines = []
    for code, quantity in parcel.parts:
        sku_id = await catalog.sku_id_by_code(tx, code)
        if sku_id is None:
            raise SkuNotFound
        lines.append(OrderLineIn(sku_id=sku_id, quantity=quantity))
    return await shipping.ship(
        tx, order, lines or None, carrier=parcel.carrier, tracking=parcel.tracking, actor=actor
    )
