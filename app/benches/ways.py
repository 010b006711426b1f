"""Other ways to reserve stock, to compare the shop's own with: each order in a transaction of its own."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from psycopg.rows import DictRow

from app.core.db import Tx
from app.core.errors import Problem
from commerce.errors import OutOfStock
from commerce.orders.desk import OrderDesk
from commerce.orders.placement import OrderDraft, Reserve, place

MOVEMENT = """
    INSERT INTO stock_movements (sku_id, kind, on_hand_delta, reserved_delta, order_id, actor, at)
    VALUES (%s, 'reserve', 0, %s, %s, 'buyer', %s)
"""
UNITS = """
    CREATE TABLE IF NOT EXISTS bench_units (sku_id uuid NOT NULL, number int NOT NULL, order_id uuid,
                                            PRIMARY KEY (sku_id, number)) WITH (fillfactor = 60);
    CREATE INDEX IF NOT EXISTS bench_units_free ON bench_units (sku_id, number) WHERE order_id IS NULL
"""


class OneByOneDesk(OrderDesk):
    """Places each order by itself, at once, with nothing locked before `reserve`."""

    reserve: Reserve

    async def place(self, draft: OrderDraft) -> DictRow:
        async with self._db.transaction() as tx:
            (result,) = await place(
                tx,
                self._rooms,
                self._vault,
                [draft],
                at=self._clock.now(),
                payment_s=self._payment_s,
                lock=False,
                reserve=type(self).reserve,
            )
            if isinstance(result, Problem):
                raise result
        return result


async def conditional_update(
    tx: Tx, totals: Mapping[UUID, int], lines: Sequence[tuple[UUID, UUID, int]], at: datetime
) -> None:
    """The last statement of the transaction, so that the row is locked for little more than the commit."""
    for order_id, sku_id, quantity in lines:
        await tx.execute(MOVEMENT, (sku_id, quantity, order_id, at))
    for sku_id, quantity in totals.items():
        cursor = await tx.execute(
            "UPDATE stock SET reserved = reserved + %(n)s WHERE sku_id = %(id)s AND on_hand - reserved >= %(n)s",
            {"n": quantity, "id": sku_id},
        )
        if cursor.rowcount == 0:
            raise OutOfStock(sku_id=str(sku_id))


async def skip_locked(
    tx: Tx, totals: Mapping[UUID, int], lines: Sequence[tuple[UUID, UUID, int]], at: datetime
) -> None:
    """One row per unit: each order takes rows that nobody else has locked, and waits for none."""
    for order_id, sku_id, quantity in lines:
        cursor = await tx.execute(
            """UPDATE bench_units SET order_id = %(order)s FROM (
                 SELECT number FROM bench_units WHERE sku_id = %(sku)s AND order_id IS NULL
                 LIMIT %(n)s FOR UPDATE SKIP LOCKED) free
               WHERE bench_units.sku_id = %(sku)s AND bench_units.number = free.number""",
            {"order": order_id, "sku": sku_id, "n": quantity},
        )
        if cursor.rowcount < quantity:
            raise OutOfStock(sku_id=str(sku_id))
        await tx.execute(MOVEMENT, (sku_id, quantity, order_id, at))


class PlainDesk(OneByOneDesk):
    reserve = staticmethod(conditional_update)


class SkipLockedDesk(OneByOneDesk):
    reserve = staticmethod(skip_locked)


DESKS: Mapping[str, type[OneByOneDesk]] = {"plain": PlainDesk, "skip-locked": SkipLockedDesk}
