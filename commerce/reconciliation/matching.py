"""What a statement, the ledger and the orders say of the same money, and where they differ. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from commerce.reconciliation.statements import StatementLine


class DifferenceKind(StrEnum):
    """Every kind of difference that there is."""

    UNKNOWN_PAYMENT = "unknown_payment"
    """The service took money for a number that we have never given."""
    UNSETTLED_PAYMENT = "unsettled_payment"
    """The service took the money; we do not know of it."""
    MISSING_PAYMENT = "missing_payment"
    """We hold it for paid; no statement has it."""
    PAYMENT_AMOUNT = "payment_amount"
    PAYMENT_CURRENCY = "payment_currency"
    PAYMENT_FEE = "payment_fee"
    """The service kept another fee than the ledger says."""
    UNKNOWN_REFUND = "unknown_refund"
    UNSETTLED_REFUND = "unsettled_refund"
    """The service gave money back; for us the refund is still under way, or failed."""
    MISSING_REFUND = "missing_refund"
    REFUND_AMOUNT = "refund_amount"
    REFUND_FEE = "refund_fee"
    UNPOSTED_PAYMENT = "unposted_payment"
    """Paid, and not in the ledger."""
    POSTED_AMOUNT = "posted_amount"
    """The ledger has another amount than the payment."""
    UNPOSTED_REFUND = "unposted_refund"
    POSTED_REFUND_AMOUNT = "posted_refund_amount"
    ORDER_UNPAID = "order_unpaid"
    """The money is here and was kept; its order counts as unpaid."""
    ORDER_AMOUNT = "order_amount"
    """The order costs something else than was paid for it."""
    PAID_TWICE = "paid_twice"
    """Two payments of one order were kept."""


@dataclass(frozen=True, slots=True)
class OurPayment:
    """A payment, its order and its ledger entry. `kept`: it was not sent back by itself."""

    out_trade_no: str
    settled: bool
    kept: bool
    amount_cents: int
    currency: str
    order_id: UUID
    order_paid: bool
    order_cents: int
    posted_cents: int | None
    posted_fee_cents: int


@dataclass(frozen=True, slots=True)
class OurRefund:
    reference: str
    settled: bool
    amount_cents: int
    order_id: UUID
    posted_cents: int | None
    posted_fee_cents: int


@dataclass(frozen=True, slots=True)
class Difference:
    """`reference`: our number of the payment or refund; cents where both sides have some."""

    kind: DifferenceKind
    reference: str
    order_id: UUID | None = None
    ours_cents: int | None = None
    theirs_cents: int | None = None


def differences(
    lines: Sequence[StatementLine],
    payments: Mapping[str, OurPayment],
    refunds: Mapping[str, OurRefund],
    stated: frozenset[str],
) -> list[Difference]:
    """Of one service and day, in the order of the statement and then of our books.

    `payments` and `refunds`: by their number, those of the lines and those that we settled on that day.
    `stated`: numbers that any statement, of this day or another, has.
    """
    found: list[Difference] = []
    for line in lines:
        if line.kind == "payment":
            found.extend(_payment_line(line, payments.get(line.reference)))
        else:
            found.extend(_refund_line(line, refunds.get(line.reference)))
    for payment in payments.values():
        if payment.settled:
            found.extend(_our_payment(payment, stated))
    for refund in refunds.values():
        if refund.settled:
            found.extend(_our_refund(refund, stated))
    found.extend(_paid_twice(payments.values()))
    return found


def _payment_line(line: StatementLine, ours: OurPayment | None) -> Iterable[Difference]:
    if ours is None:
        yield Difference(DifferenceKind.UNKNOWN_PAYMENT, line.reference, theirs_cents=line.amount_cents)
        return
    if not ours.settled:
        yield Difference(
            DifferenceKind.UNSETTLED_PAYMENT, line.reference, ours.order_id, theirs_cents=line.amount_cents
        )
    if line.currency != ours.currency:
        yield Difference(DifferenceKind.PAYMENT_CURRENCY, line.reference, ours.order_id)
    elif line.amount_cents != ours.amount_cents:
        yield Difference(
            DifferenceKind.PAYMENT_AMOUNT, line.reference, ours.order_id, ours.amount_cents, line.amount_cents
        )
    elif ours.posted_cents is not None and line.fee_cents != ours.posted_fee_cents:
        yield Difference(
            DifferenceKind.PAYMENT_FEE, line.reference, ours.order_id, ours.posted_fee_cents, line.fee_cents
        )


def _refund_line(line: StatementLine, ours: OurRefund | None) -> Iterable[Difference]:
    if ours is None:
        yield Difference(DifferenceKind.UNKNOWN_REFUND, line.reference, theirs_cents=line.amount_cents)
        return
    if not ours.settled:
        yield Difference(
            DifferenceKind.UNSETTLED_REFUND, line.reference, ours.order_id, theirs_cents=line.amount_cents
        )
    if line.amount_cents != ours.amount_cents:
        yield Difference(
            DifferenceKind.REFUND_AMOUNT, line.reference, ours.order_id, ours.amount_cents, line.amount_cents
        )
    elif ours.posted_cents is not None and line.fee_cents != ours.posted_fee_cents:
        yield Difference(
            DifferenceKind.REFUND_FEE, line.reference, ours.order_id, ours.posted_fee_cents, line.fee_cents
        )


def _our_payment(payment: OurPayment, stated: frozenset[str]) -> Iterable[Difference]:
    reference, order_id = payment.out_trade_no, payment.order_id
    if reference not in stated:
        yield Difference(DifferenceKind.MISSING_PAYMENT, reference, order_id, payment.amount_cents)
    if payment.posted_cents is None:
        yield Difference(DifferenceKind.UNPOSTED_PAYMENT, reference, order_id, payment.amount_cents)
    elif payment.posted_cents != payment.amount_cents:
        yield Difference(
            DifferenceKind.POSTED_AMOUNT, reference, order_id, payment.posted_cents, payment.amount_cents
        )
    if payment.kept and not payment.order_paid:
        yield Difference(DifferenceKind.ORDER_UNPAID, reference, order_id, 0, payment.amount_cents)
    elif payment.kept and payment.order_cents != payment.amount_cents:
        yield Difference(
            DifferenceKind.ORDER_AMOUNT, reference, order_id, payment.order_cents, payment.amount_cents
        )


def _our_refund(refund: OurRefund, stated: frozenset[str]) -> Iterable[Difference]:
    if refund.reference not in stated:
        yield Difference(
            DifferenceKind.MISSING_REFUND, refund.reference, refund.order_id, refund.amount_cents
        )
    if refund.posted_cents is None:
        yield Difference(
            DifferenceKind.UNPOSTED_REFUND, refund.reference, refund.order_id, refund.amount_cents
        )
    elif refund.posted_cents != refund.amount_cents:
        yield Difference(
            DifferenceKind.POSTED_REFUND_AMOUNT,
            refund.reference,
            refund.order_id,
            refund.posted_cents,
            refund.amount_cents,
        )


def _paid_twice(payments: Iterable[OurPayment]) -> Iterable[Difference]:
    kept = [payment for payment in payments if payment.settled and payment.kept]
    counts = Counter(payment.order_id for payment in kept)
    for payment in kept:
        if counts[payment.order_id] > 1:
            yield Difference(
                DifferenceKind.PAID_TWICE,
                payment.out_trade_no,
                payment.order_id,
                theirs_cents=payment.amount_cents,
            )
