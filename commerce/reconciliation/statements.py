"""A payment service's statement of one day, and its line. Days are days in China."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Literal

CHINA = timezone(timedelta(hours=8))

LineKind = Literal["payment", "refund"]


@dataclass(frozen=True, slots=True)
class StatementLine:
    """Money that the service says has moved.

    `reference`: our number of the payment or of the refund. Amounts are positive; `fee_cents` is what the
    service kept of a payment, or gave back of its fee with a refund.
    """

    kind: LineKind
    reference: str
    out_trade_no: str
    amount_cents: int
    fee_cents: int
    currency: str
    at: datetime


def day_of(moment: datetime) -> date:
    return moment.astimezone(CHINA).date()


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """Its first moment, and the next day's."""
    begin = datetime.combine(day, time(), CHINA)
    return begin, begin + timedelta(days=1)
