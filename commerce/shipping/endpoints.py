"""Parcels of an order, shipping templates, and tracking numbers in bulk"""

from uuid import UUID

from fastapi import APIRouter, UploadFile
from psycopg import errors as pg

from app.core.db import Tx
from app.core.http import ClockDep, CurrentUser, DatabaseDep
from app.core.ids import new_id
from commerce import csv_lines
from commerce.deps import CommerceDep, Merchant
from commerce.errors import CodeTaken, TemplateNotFound
from commerce.shipping import imports, repository
from commerce.shipping.schemas import (
    ShipmentImportOut,
    ShipmentOut,
    Shipments,
    TemplateIn,
    TemplateOut,
    Templates,
)

router = APIRouter(prefix="/api", tags=["shipping"])
merchant_router = APIRouter(prefix="/api/merchant", tags=["merchant"])


@router.get("/orders/{order_id}/shipments")
async def my_parcels(order_id: UUID, db: DatabaseDep, commerce: CommerceDep, user: CurrentUser) -> Shipments:
    """Of the buyer's own order, oldest first, with what the carrier has said."""
    async with db.transaction() as tx:
        await commerce.orders.of_buyer(tx, order_id, user.user_id)
        return await _shipments(tx, order_id)


@merchant_router.get("/orders/{order_id}/shipments")
async def parcels_of_order(
    order_id: UUID, db: DatabaseDep, commerce: CommerceDep, merchant: Merchant
) -> Shipments:
    async with db.transaction() as tx:
        await commerce.orders.locked(tx, order_id)
        return await _shipments(tx, order_id)


async def _shipments(tx: Tx, order_id: UUID) -> Shipments:
    rows = await repository.of_order(tx, order_id)
    return Shipments(
        items=[ShipmentOut.model_validate({**row, "events": row["events"] or []}) for row in rows]
    )


@merchant_router.post("/shipments/import")
async def import_parcels(
    file: UploadFile, db: DatabaseDep, commerce: CommerceDep, merchant: Merchant, dry_run: bool = False
) -> ShipmentImportOut:
    """CSV of order_number, carrier, tracking[, sku_code, quantity]: all lines or, where one is wrong, none."""
    content = await file.read(csv_lines.MAX_BYTES + 1)
    actor = f"merchant:{merchant.user_id}"
    async with db.transaction() as tx:
        return await imports.bring_in(
            tx, commerce.orders, commerce.shipping, content, dry_run=dry_run, actor=actor
        )


@merchant_router.get("/shipping-templates")
async def list_templates(db: DatabaseDep, merchant: Merchant) -> Templates:
    async with db.transaction() as tx:
        return Templates.model_validate({"items": await repository.templates(tx)})


@merchant_router.post("/shipping-templates", status_code=201)
async def add_template(
    template: TemplateIn, db: DatabaseDep, merchant: Merchant, clock: ClockDep
) -> TemplateOut:
    try:
        async with db.transaction() as tx:
            row = await repository.save_template(tx, new_id(), template.model_dump(), clock.now())
    except pg.UniqueViolation as error:
        raise CodeTaken(codes=[template.name]) from error
    return TemplateOut.model_validate(row)


@merchant_router.put("/shipping-templates/{template_id}")
async def change_template(
    template_id: UUID, template: TemplateIn, db: DatabaseDep, merchant: Merchant, clock: ClockDep
) -> TemplateOut:
    try:
        async with db.transaction() as tx:
            if not await repository.template_exists(tx, template_id):
                raise TemplateNotFound
            row = await repository.save_template(tx, template_id, template.model_dump(), clock.now())
    except pg.UniqueViolation as error:
        raise CodeTaken(codes=[template.name]) from error
    return TemplateOut.model_validate(row)


@merchant_router.delete("/shipping-templates/{template_id}", status_code=204)
async def remove_template(template_id: UUID, db: DatabaseDep, merchant: Merchant) -> None:
    """Its products use the default from now on."""
    async with db.transaction() as tx:
        if not await repository.remove_template(tx, template_id):
            raise TemplateNotFound
