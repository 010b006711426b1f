"""Bringing a CSV file into the catalogue: all of it or, where a line is wrong, none of it."""

from datetime import datetime

from psycopg.rows import DictRow

from app.core.db import Tx
from commerce.catalog import repository, service
from commerce.catalog.csv_files import Parsed
from commerce.catalog.schemas import ImportOut, LineErrorOut, ProductIn, ProductPatch, SkuIn, SkuPatch
from commerce.csv_lines import LineError


async def bring_in(tx: Tx, parsed: Parsed, *, dry_run: bool, actor: str, at: datetime) -> ImportOut:
    """What was made and changed, or would be; nothing is where there are errors or in a dry run."""
    errors = list(parsed.errors)
    known = {
        product.slug: await repository.get_by_slug(tx, product.slug or "") for product in parsed.products
    }
    errors.extend(await _taken_codes(tx, parsed, known))
    created = sum(row is None for row in known.values())
    changed = len(known) - created
    if not errors and not dry_run:
        for product in parsed.products:
            await _one(tx, product, known[product.slug], actor=actor, at=at)
    return ImportOut(
        created=0 if errors else created,
        changed=0 if errors else changed,
        dry_run=dry_run,
        errors=[LineErrorOut.model_validate(error, from_attributes=True) for error in errors],
    )


async def _taken_codes(tx: Tx, parsed: Parsed, known: dict[str | None, DictRow | None]) -> list[LineError]:
    """Codes that another product has, in the file or in the shop."""
    owner: dict[str, str | None] = {}
    errors = []
    for product in parsed.products:
        row = known[product.slug]
        own = {sku["code"] for sku in (row["skus"] or ())} if row else set()
        codes = [sku.code for sku in product.skus]
        for code in codes:
            if owner.setdefault(code, product.slug) != product.slug or codes.count(code) > 1:
                line = parsed.line_of.get(code, 0)
                errors.append(LineError(line, "sku_code", f"{code} comes twice", "code_twice"))
        foreign = [code for code in codes if code not in own]
        errors.extend(
            LineError(
                parsed.line_of.get(code, 0), "sku_code", f"{code} belongs to another product", "code_taken"
            )
            for code in await repository.taken_codes(tx, foreign)
        )
    return errors


async def _one(tx: Tx, product: ProductIn, row: DictRow | None, *, actor: str, at: datetime) -> None:
    if row is None:
        await service.create(tx, product, actor=actor, at=at)
        return
    fields = product.model_dump(exclude={"slug", "skus"}, exclude_unset=True)
    await service.update(tx, row["id"], ProductPatch.model_validate(fields), at)
    by_code = {sku["code"]: sku for sku in row["skus"] or ()}
    for position, sku in enumerate(product.skus):
        if sku.code in by_code:
            await service.update_sku(tx, by_code[sku.code]["id"], _patch(sku))
        else:
            await service.add_sku(tx, row["id"], sku, position=position, actor=actor, at=at)


def _patch(sku: SkuIn) -> SkuPatch:
    return SkuPatch.model_validate(sku.model_dump(exclude={"code", "currency", "stock"}, exclude_unset=True))
