"""/api/merchant/skus/{id}/stock"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints

from app.core.errors import Invalid
from app.core.http import ClockDep, DatabaseDep
from commerce.catalog.schemas import SAFE, Answer
from commerce.deps import CommerceDep, Merchant
from commerce.errors import SkuNotFound
from commerce.inventory import repository, service

router = APIRouter(prefix="/api/merchant/skus", tags=["merchant"])

MAX_STOCK = 10_000_000
MOVEMENTS = 200


class StockChange(BaseModel):
    delta: Annotated[int, Field(ge=-MAX_STOCK, le=MAX_STOCK, strict=True)]
    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=SAFE)] = ""


class StockOut(Answer):
    sku_id: UUID
    product_id: UUID
    on_hand: int
    reserved: int
    available: int


class MovementOut(Answer):
    kind: str
    on_hand_delta: int
    reserved_delta: int
    order_id: UUID | None
    reason: str
    actor: str
    at: datetime


class Movements(Answer):
    items: list[MovementOut]


@router.post("/{sku_id}/stock")
async def change_stock(
    sku_id: UUID,
    change: StockChange,
    db: DatabaseDep,
    commerce: CommerceDep,
    merchant: Merchant,
    clock: ClockDep,
) -> StockOut:
    if change.delta == 0:
        raise Invalid("a change of nothing")
    async with db.transaction() as tx:
        row = await service.adjust(
            tx,
            commerce.rooms,
            sku_id,
            change.delta,
            reason=change.reason,
            actor=f"merchant:{merchant.user_id}",
            at=clock.now(),
        )
    return StockOut.model_validate(row)


@router.get("/{sku_id}/movements")
async def list_movements(sku_id: UUID, db: DatabaseDep, merchant: Merchant) -> Movements:
    """Newest first; on hand and reserved are the sums of their columns."""
    async with db.transaction() as tx:
        if await repository.get(tx, sku_id) is None:
            raise SkuNotFound
        return Movements.model_validate({"items": await repository.movements(tx, sku_id, MOVEMENTS)})
