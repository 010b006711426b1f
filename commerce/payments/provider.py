"""What a payment service must be able to do for us, and what it tells us."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol

from commerce.reconciliation.statements import StatementLine

MAX_AGE_S = 5 * 60
"""How old a notification may be, and how far ahead of us its sender's clock."""

TradeStatus = Literal["pending", "succeeded", "closed", "unknown"]


@dataclass(frozen=True, slots=True)
class PaymentRequest:
    """A payment to be made. `origin` is how the buyer's browser reaches the shop."""

    out_trade_no: str
    subject: str
    amount_cents: int
    currency: str
    expires_at: datetime
    notify_url: str
    return_url: str
    origin: str
    mobile: bool


@dataclass(frozen=True, slots=True)
class Created:
    """Where the buyer's browser goes to pay, and the service's own number where it has one by now."""

    pay_url: str
    trade_no: str | None = None


@dataclass(frozen=True, slots=True)
class PaymentKey:
    """Our number of a payment, and the service's where it is known."""

    out_trade_no: str
    trade_no: str | None


@dataclass(frozen=True, slots=True)
class Trade:
    """What the service says of a payment: in a notification that was verified, or when asked."""

    out_trade_no: str
    status: TradeStatus
    trade_no: str | None = None
    amount_cents: int | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """`refund_no` makes it idempotent: the same number refunds once, however often it is sent."""

    payment: PaymentKey
    refund_no: str
    amount_cents: int
    total_cents: int
    currency: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reply:
    """How a notification is answered."""

    status: int
    media_type: str
    body: bytes


class Rejected(Exception):
    """A notification that proves nothing; `verdict` says why and is recorded."""

    def __init__(self, verdict: str, detail: str = "", out_trade_no: str | None = None) -> None:
        super().__init__(f"{verdict}: {detail}")
        self.verdict = verdict
        self.detail = detail
        self.out_trade_no = out_trade_no


class Provider(Protocol):
    """One payment service. Every method that calls it raises VendorError, which says whether to retry."""

    name: str

    async def create(self, request: PaymentRequest) -> Created:
        """A payment that is open to be made; the same request again is harmless."""
        ...

    def verify(self, body: bytes, headers: Mapping[str, str], now: datetime) -> Trade:
        """What a notification says, after its signature, age, application and merchant were checked.

        Raises Rejected with one of: malformed, bad_signature, stale, wrong_app, wrong_seller; or ignored,
        for what is genuine and about something else.
        """
        ...

    def reply(self, *, accepted: bool) -> Reply:
        """The answer that makes the service stop (or go on) repeating a notification."""
        ...

    async def query(self, payment: PaymentKey) -> Trade:
        """What became of a payment; status unknown where the service has never heard of it."""
        ...

    async def close(self, payment: PaymentKey) -> None:
        """No longer accept money for it. Closing what is closed or unknown is no error."""
        ...

    async def refund(self, request: RefundRequest) -> None:
        """Return only once the service has taken the refund on."""
        ...

    async def statement(self, day: date) -> list[StatementLine]:
        """Everything that moved on a day in China, as the service has booked it."""
        ...


def check_age(sent_at: datetime, now: datetime, out_trade_no: str | None) -> None:
    """Raises Rejected("stale") for a notification from another time: somebody may be replaying it."""
    age_s = (now - sent_at).total_seconds()
    if abs(age_s) > MAX_AGE_S:
        raise Rejected("stale", f"sent {age_s:.0f} s ago", out_trade_no)
