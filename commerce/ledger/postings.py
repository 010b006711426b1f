"""Which accounts an event of trade moves: pure, in integers, balanced by construction.

Accounts: `receivable:<provider>` (what a payment service owes us), `fees:<provider>`, `coupon_costs`,
`payable:merchant`, `payable:host`, `revenue:commission`, `unapplied` (money that no order could take and
that goes back to its buyer).
"""

from collections.abc import Sequence
from dataclasses import dataclass

BPS = 10_000


@dataclass(frozen=True, slots=True)
class Posting:
    """One line of an entry: a positive amount debits `account`, a negative one credits it."""

    account: str
    amount_cents: int


@dataclass(frozen=True, slots=True)
class Rates:
    """Shares of a sale in basis points."""

    fee_bps: int = 60
    """What the payment service keeps of the amount paid."""
    commission_bps: int = 500
    """What the platform keeps of the goods' price."""
    host_bps: int = 1_000
    """What the host of the live room gets of the goods' price."""


@dataclass(frozen=True, slots=True)
class Sale:
    """A paid amount and how it came about. `goods_cents` is without shipping, before platform coupons."""

    provider: str
    paid_cents: int
    goods_cents: int
    coupon_cents: int
    in_room: bool


def share(cents: int, bps: int) -> int:
    """`bps` of `cents`, half a cent rounded up."""
    return (cents * bps + BPS // 2) // BPS


def sale(sold: Sale, rates: Rates) -> tuple[Posting, ...]:
    """An order was paid."""
    fee = share(sold.paid_cents, rates.fee_bps)
    commission = share(sold.goods_cents, rates.commission_bps)
    host = share(sold.goods_cents, rates.host_bps) if sold.in_room else 0
    return _without_zeros(
        Posting(f"receivable:{sold.provider}", sold.paid_cents - fee),
        Posting(f"fees:{sold.provider}", fee),
        Posting("coupon_costs", sold.coupon_cents),
        Posting("revenue:commission", -commission),
        Posting("payable:host", -host),
        Posting("payable:merchant", -(sold.paid_cents + sold.coupon_cents - commission - host)),
    )


def reversal(
    postings: Sequence[Posting], paid_cents: int, *, before_cents: int, after_cents: int
) -> tuple[Posting, ...]:
    """Refunds of what `postings` posted went from `before_cents` to `after_cents` of `paid_cents`.

    Each account gets back its share of what is refunded so far, less what it got back before, so that
    any sequence of partial refunds up to the whole amount ends at zero on every account. The last
    account takes what rounding leaves.
    """
    back = [
        portion(posting.amount_cents, before_cents, paid_cents)
        - portion(posting.amount_cents, after_cents, paid_cents)
        for posting in postings[:-1]
    ]
    cents = [*back, -sum(back)]
    return _without_zeros(
        *(Posting(posting.account, amount) for posting, amount in zip(postings, cents, strict=True))
    )


def unapplied(provider: str, paid_cents: int, rates: Rates) -> tuple[Posting, ...]:
    """Money came that no order could take."""
    fee = share(paid_cents, rates.fee_bps)
    return _without_zeros(
        Posting(f"receivable:{provider}", paid_cents - fee),
        Posting(f"fees:{provider}", fee),
        Posting("unapplied", -paid_cents),
    )


def balance(postings: Sequence[Posting]) -> int:
    """0 for every entry that may be posted."""
    return sum(posting.amount_cents for posting in postings)


def portion(cents: int, refunded: int, paid: int) -> int:
    """The part of `cents` that belongs to `refunded` of `paid`, rounded half up in size."""
    size = (2 * abs(cents) * refunded + paid) // (2 * paid)
    return size if cents >= 0 else -size


def _without_zeros(*postings: Posting) -> tuple[Posting, ...]:
    return tuple(posting for posting in postings if posting.amount_cents)
