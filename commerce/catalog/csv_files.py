"""The catalogue as a CSV file: one line a SKU, read with a report by line and, on demand, without effect.

Columns: slug, name, name_en, category, description, status, aliases, tags (`;` between), attributes
(`name=value;…`), faq (a line `question=answer` each), sku_code, sku_name, options, price_cents,
list_price_cents, currency, weight_g, stock. Before a `;`, `=` or line break that is part of a text, and before
a backslash, stands a backslash. Lines with the same slug are one product, whose own columns stand in the first
of them. What a file has no column for stays as it is. `stock` sets what is on hand of a new SKU; of one that
is there it changes nothing, since sales go on meanwhile.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from commerce.catalog import cells
from commerce.catalog.schemas import ProductIn, SkuIn
from commerce.csv_lines import LineError, errors_of, read
from commerce.csv_lines import write as write_lines

Cell = Callable[[str], object]

COLUMNS = (
    "slug",
    "name",
    "name_en",
    "category",
    "description",
    "status",
    "aliases",
    "tags",
    "attributes",
    "faq",
    "sku_code",
    "sku_name",
    "options",
    "price_cents",
    "list_price_cents",
    "currency",
    "weight_g",
    "stock",
)
REQUIRED = ("slug", "name", "sku_code", "price_cents")
PRODUCT: Mapping[str, tuple[str, Cell]] = {
    "name": ("name", cells.text),
    "name_en": ("name_en", cells.text),
    "category": ("category", cells.text),
    "description": ("description", cells.text),
    "status": ("status", cells.default("draft")),
    "aliases": ("aliases", cells.names),
    "tags": ("tags", cells.names),
    "attributes": ("attributes", cells.pairs),
    "faq": ("faq", cells.faq),
}
"""Column: the product's field, and how a cell is read."""
SKU: Mapping[str, tuple[str, Cell]] = {
    "sku_code": ("code", cells.text),
    "sku_name": ("name", cells.text),
    "options": ("options", cells.pairs),
    "price_cents": ("price_cents", cells.text),
    "list_price_cents": ("list_price_cents", cells.default(None)),
    "currency": ("currency", cells.default("CNY")),
    "weight_g": ("weight_g", cells.default(0)),
    "stock": ("stock", cells.default(0)),
}


@dataclass(frozen=True, slots=True)
class Parsed:
    """Products that make sense, and what is wrong with the rest."""

    products: tuple[ProductIn, ...]
    errors: tuple[LineError, ...]
    line_of: Mapping[str, int]
    """Where a SKU's code stands (last)."""


def parse(content: bytes) -> Parsed:
    """Raises NotCsv for what cannot be read at all: another encoding, other columns, too long."""
    return _products(read(content, REQUIRED))


def _products(lines: Sequence[tuple[int, Mapping[str, Any]]]) -> Parsed:
    errors: list[LineError] = []
    groups: dict[str, list[tuple[int, Mapping[str, Any]]]] = {}
    for number, row in lines:
        slug = (row.get("slug") or "").strip()
        if None in row:
            errors.append(LineError(number, "", "more cells than columns", "too_many_cells"))
        elif not slug:
            errors.append(LineError(number, "slug", "is empty", "missing"))
        else:
            groups.setdefault(slug, []).append((number, row))
    products = []
    for slug, group in groups.items():
        product = _product(slug, group, errors)
        if product is not None:
            products.append(product)
    line_of = {(row.get("sku_code") or "").strip(): number for number, row in lines}
    return Parsed(tuple(products), tuple(sorted(errors, key=lambda error: error.line)), line_of)


def _product(
    slug: str, group: Sequence[tuple[int, Mapping[str, Any]]], errors: list[LineError]
) -> ProductIn | None:
    before = len(errors)
    skus = [sku for number, row in group if (sku := _sku(number, row, errors)) is not None]
    number, first = group[0]
    fields = _present(first, PRODUCT) | {"slug": slug, "skus": skus}
    try:
        product = ProductIn.model_validate(fields)
    except ValidationError as error:
        # A product without SKUs: their lines have been reported already.
        errors.extend(one for one in errors_of(number, error) if one.column != "skus")
        return None
    return product if len(errors) == before else None


def _sku(number: int, row: Mapping[str, Any], errors: list[LineError]) -> SkuIn | None:
    fields = _present(row, SKU)
    try:
        return SkuIn.model_validate(fields)
    except ValidationError as error:
        errors.extend(errors_of(number, error))
        return None


def _present(row: Mapping[str, Any], columns: Mapping[str, tuple[str, Cell]]) -> dict[str, object]:
    """The fields whose columns the file has."""
    return {
        name: read_cell(row[column] or "") for column, (name, read_cell) in columns.items() if column in row
    }


def write(products: Iterable[Mapping[str, Any]]) -> bytes:
    """The file that `parse` reads."""
    return write_lines(COLUMNS, (row for product in products for row in _rows(product)))


def _rows(product: Mapping[str, Any]) -> Iterable[dict[str, object]]:
    for sku in product["skus"] or ():
        yield {
            "slug": product["slug"],
            "name": product["name"],
            "name_en": product["name_en"],
            "category": product["category"],
            "description": product["description"],
            "status": product["status"],
            "aliases": cells.joined(product["aliases"]),
            "tags": cells.joined(product["tags"]),
            "attributes": cells.paired(product["attributes"].items()),
            "faq": cells.paired(((one["question"], one["answer"]) for one in product["faq"]), "\n"),
            "sku_code": sku["code"],
            "sku_name": sku["name"],
            "options": cells.paired(sku["options"].items()),
            "price_cents": sku["price_cents"],
            "list_price_cents": sku["list_price_cents"],
            "currency": sku["currency"],
            "weight_g": sku["weight_g"],
            "stock": sku["on_hand"],
        }
