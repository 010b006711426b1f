"""The catalogue as a CSV file: one line a SKU, read with a report by line and, on demand, without effect.

Columns: slug, name, name_en, category, status, aliases, tags (`;` between), attributes (`name=value;…`),
sku_code, sku_name, options, price_cents, list_price_cents, currency, weight_g, stock. Lines with the same
slug are one product, whose own columns stand in the first of them. `stock` sets what is on hand of a new
SKU; of one that is there it changes nothing, since sales go on meanwhile.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from commerce.catalog.schemas import ProductIn, SkuIn
from commerce.csv_lines import LineError, errors_of, read
from commerce.csv_lines import write as write_lines

COLUMNS = (
    "slug",
    "name",
    "name_en",
    "category",
    "status",
    "aliases",
    "tags",
    "attributes",
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
            errors.append(LineError(number, "", "more cells than columns"))
        elif not slug:
            errors.append(LineError(number, "slug", "is empty"))
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
    fields = {
        "slug": slug,
        "name": first.get("name") or "",
        "name_en": first.get("name_en") or "",
        "category": first.get("category") or "",
        "status": first.get("status") or "draft",
        "aliases": _list(first.get("aliases")),
        "tags": _list(first.get("tags")),
        "attributes": _pairs(first.get("attributes")),
        "skus": skus,
    }
    try:
        product = ProductIn.model_validate(fields)
    except ValidationError as error:
        # A product without SKUs: their lines have been reported already.
        errors.extend(one for one in errors_of(number, error) if one.column != "skus")
        return None
    return product if len(errors) == before else None


def _sku(number: int, row: Mapping[str, Any], errors: list[LineError]) -> SkuIn | None:
    fields = {
        "code": row.get("sku_code") or "",
        "name": row.get("sku_name") or "",
        "options": _pairs(row.get("options")),
        "price_cents": row.get("price_cents") or "",
        "list_price_cents": row.get("list_price_cents") or None,
        "currency": row.get("currency") or "CNY",
        "weight_g": row.get("weight_g") or 0,
        "stock": row.get("stock") or 0,
    }
    try:
        return SkuIn.model_validate(fields)
    except ValidationError as error:
        errors.extend(errors_of(number, error))
        return None


def _list(cell: str | None) -> list[str]:
    return [part.strip() for part in (cell or "").split(";") if part.strip()]


def _pairs(cell: str | None) -> dict[str, str]:
    pairs = (part.partition("=") for part in _list(cell))
    return {name.strip(): value.strip() for name, _, value in pairs}


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
            "status": product["status"],
            "aliases": ";".join(product["aliases"]),
            "tags": ";".join(product["tags"]),
            "attributes": ";".join(f"{name}={value}" for name, value in product["attributes"].items()),
            "sku_code": sku["code"],
            "sku_name": sku["name"],
            "options": ";".join(f"{name}={value}" for name, value in sku["options"].items()),
            "price_cents": sku["price_cents"],
            "list_price_cents": sku["list_price_cents"],
            "currency": sku["currency"],
            "weight_g": sku["weight_g"],
            "stock": sku["on_hand"],
        }
