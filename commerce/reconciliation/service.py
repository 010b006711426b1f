"""The daily comparison of each service's statement with the ledger and with the orders."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import structlog
from psycopg.rows import DictRow

from app.core.clock import Clock
from app.core.db import Database, Tx
from app.core.errors import Invalid, VendorError
from app.core.ids import new_id
from commerce.errors import ProviderUnknown
from commerce.payments.provider import Provider
from commerce.reconciliation import repository
from commerce.reconciliation.matching import Difference, differences
from commerce.reconciliation.statements import StatementLine, day_bounds, day_of

SETTLING = timedelta(minutes=15)
"""What is younger may still be on its way to us: it is compared the next time."""
LOOK_BACK_DAYS = 3

log = structlog.get_logger()


class Reconciler:
    """Compares a day of one service with our books."""

    def __init__(self, db: Database, providers: Mapping[str, Provider], clock: Clock) -> None:
        self._db = db
        self._providers = providers
        self._clock = clock

    @property
    def providers(self) -> list[str]:
        return list(self._providers)

    async def daily(self) -> None:
        """Each service's last days, as far as they did not agree yet."""
        yesterday = day_of(self._clock.now()) - timedelta(days=1)
        days = [yesterday - timedelta(days=back) for back in reversed(range(LOOK_BACK_DAYS))]
        for name in self._providers:
            async with self._db.transaction() as tx:
                done = await repository.agreed(tx, name, days)
            for day in days:
                if day not in done:
                    await self.run(name, day)

    async def run(self, provider_name: str, day: date) -> DictRow:
        """Download, keep and compare; the outcome's row with its differences.

        Raises ProviderUnknown, and Invalid for a day that has not begun.
        """
        provider = self._providers.get(provider_name)
        if provider is None:
            raise ProviderUnknown
        if day > day_of(self._clock.now()):
            raise Invalid("this day has not begun")
        try:
            lines = await provider.statement(day)
        except VendorError as error:
            log.warning("no statement", provider=provider_name, day=str(day), error=str(error))
            async with self._db.transaction() as tx:
                return await self._save(tx, provider_name, day, "unavailable", str(error)[:500], [], [])
        async with self._db.transaction() as tx:
            await repository.keep_lines(tx, provider_name, day, lines)
            found = await self._compare(tx, provider_name, day, lines)
            status = "differs" if found else "agrees"
            return await self._save(tx, provider_name, day, status, "", lines, found)

    async def _compare(
        self, tx: Tx, provider: str, day: date, lines: Sequence[StatementLine]
    ) -> list[Difference]:
        begin, end = day_bounds(day)
        end = min(end, self._clock.now() - SETTLING)
        settled = [line for line in lines if line.at < end]
        numbers = [line.reference for line in settled if line.kind == "payment"]
        refund_ids = [UUID(line.reference) for line in settled if line.kind == "refund" and _is_id(line)]
        payments = await repository.payments(tx, provider, numbers, begin, end)
        refunds = await repository.refunds(tx, provider, refund_ids, begin, end)
        stated = await repository.stated(tx, provider, [*payments, *refunds])
        return differences(settled, payments, refunds, stated)

    async def _save(
        self,
        tx: Tx,
        provider: str,
        day: date,
        status: str,
        detail: str,
        lines: Sequence[StatementLine],
        found: Sequence[Difference],
    ) -> DictRow:
        paid = [line for line in lines if line.kind == "payment"]
        returned = [line for line in lines if line.kind == "refund"]
        outcome: dict[str, Any] = {
            "id": new_id(),
            "provider": provider,
            "day": day,
            "status": status,
            "detail": detail,
            "lines": len(lines),
            "paid_cents": sum(line.amount_cents for line in paid),
            "refunded_cents": sum(line.amount_cents for line in returned),
            "fee_cents": sum(line.fee_cents for line in paid) - sum(line.fee_cents for line in returned),
            "run_at": self._clock.now(),
        }
        return await repository.save(tx, outcome, found)


def _is_id(line: StatementLine) -> bool:
    """Whether a refund's number can be one of ours."""
    try:
        UUID(line.reference)
    except ValueError:
        return False
    return True
