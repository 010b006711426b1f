"""Money out: a refund is written first, sent by a job until the service has taken it, and posted then."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import structlog
from psycopg.rows import DictRow

from app.core.clock import Clock
from app.core.db import Database, Tx
from app.core.errors import VendorError
from app.core.jobs import defer_in
from commerce.ledger import repository as ledger
from commerce.ledger.postings import Rates, unapplied_refund
from commerce.payments import repository
from commerce.payments.provider import Provider, RefundRequest

MAX_ATTEMPTS = 12
FIRST_RETRY_S = 5
LONGEST_RETRY_S = 3600

log = structlog.get_logger()


class Refunder:
    """Carries refunds out."""

    def __init__(self, db: Database, providers: Mapping[str, Provider], clock: Clock, rates: Rates) -> None:
        self._db = db
        self._providers = providers
        self._clock = clock
        self._rates = rates

    async def send(self, refund_id: UUID) -> None:
        """Send a pending refund; the service knows its number, so that sending it twice refunds once."""
        async with self._db.transaction() as tx:
            refund = await repository.get_refund(tx, refund_id)
            payment = await repository.get(tx, refund["payment_id"]) if refund else None
        if refund is None or payment is None or refund["status"] != "pending":
            return
        request = RefundRequest(
            out_trade_no=payment["out_trade_no"],
            refund_no=refund_id.hex,
            amount_cents=refund["amount_cents"],
            total_cents=payment["amount_cents"],
            currency=payment["currency"],
            reason=refund["reason"],
        )
        try:
            await self._providers[payment["provider"]].refund(request)
        except VendorError as error:
            await self._failed(refund, error)
            return
        async with self._db.transaction() as tx:
            await self._succeeded(tx, refund_id)

    async def _failed(self, refund: DictRow, error: VendorError) -> None:
        final = not error.retryable or refund["attempts"] + 1 >= MAX_ATTEMPTS
        log.warning("refund not sent", refund=str(refund["id"]), error=str(error), final=final)
        delay_s = min(FIRST_RETRY_S * 2 ** refund["attempts"], LONGEST_RETRY_S)
        async with self._db.transaction() as tx:
            await repository.note_refund_failure(tx, refund["id"], str(error), final=final)
            if not final:
                await send_later(tx, refund["id"], self._clock, delay_s)

    async def _succeeded(self, tx: Tx, refund_id: UUID) -> None:
        refund = await repository.get_refund_locked(tx, refund_id)
        assert refund is not None
        if refund["status"] == "succeeded":
            return
        payment = await repository.get_locked(tx, refund["payment_id"])
        assert payment is not None
        now = self._clock.now()
        await repository.settle_refund(tx, refund_id, now)
        await repository.add_refunded(tx, payment["id"], refund["amount_cents"])
        await ledger.post(
            tx,
            "unapplied_refund",
            refund_id,
            unapplied_refund(payment["provider"], refund["amount_cents"], self._rates),
            currency=payment["currency"],
            order_id=refund["order_id"],
            at=now,
            memo=refund["kind"],
        )


async def send_later(tx: Tx, refund_id: UUID, clock: Clock, delay_s: int) -> None:
    await defer_in(
        tx, "payments:refund", at=clock.now() + timedelta(seconds=delay_s), refund_id=str(refund_id)
    )
