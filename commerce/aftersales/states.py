"""The life of an after-sales request, whole: which event leads from which status to which."""

from datetime import timedelta
from enum import StrEnum

from commerce.errors import AfterSaleNotPossible


class Kind(StrEnum):
    RETURN = "return"
    """The goods come back, the money goes back."""
    EXCHANGE = "exchange"
    """The goods come back, the same goods are sent again."""
    REFUND_ONLY = "refund_only"
    """The goods stay (or were never sent), the money goes back."""


class Status(StrEnum):
    REQUESTED = "requested"
    """The shop has to answer."""
    AWAITING_RETURN = "awaiting_return"
    """The buyer has to send the goods back."""
    RETURNING = "returning"
    """The shop has to receive them."""
    REFUNDING = "refunding"
    REPLACING = "replacing"
    """The shop has to send others."""
    COMPLETED = "completed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    """The buyer has not sent the goods back in time."""


class Event(StrEnum):
    REQUEST = "request"
    APPROVE = "approve"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    SEND_BACK = "send_back"
    RECEIVE = "receive"
    REPLACE = "replace"
    REFUNDED = "refunded"
    REFUND_FAILED = "refund_failed"
    LAPSE = "lapse"


_NEXT: dict[tuple[Status, Event], Status] = {
    (Status.REQUESTED, Event.REJECT): Status.REJECTED,
    (Status.REQUESTED, Event.WITHDRAW): Status.WITHDRAWN,
    (Status.AWAITING_RETURN, Event.WITHDRAW): Status.WITHDRAWN,
    (Status.AWAITING_RETURN, Event.SEND_BACK): Status.RETURNING,
    (Status.AWAITING_RETURN, Event.LAPSE): Status.LAPSED,
    (Status.REPLACING, Event.REPLACE): Status.COMPLETED,
    (Status.REFUNDING, Event.REFUNDED): Status.COMPLETED,
    # The payment service refused: the shop decides anew.
    (Status.REFUNDING, Event.REFUND_FAILED): Status.REQUESTED,
}

DEADLINES: dict[Status, timedelta] = {
    Status.REQUESTED: timedelta(hours=48),
    Status.AWAITING_RETURN: timedelta(days=7),
    Status.RETURNING: timedelta(days=10),
}
"""How long whoever has to act may take; what then happens of itself is `ON_DEADLINE`."""

ON_DEADLINE: dict[Status, Event] = {
    Status.REQUESTED: Event.APPROVE,
    Status.AWAITING_RETURN: Event.LAPSE,
    Status.RETURNING: Event.RECEIVE,
}

CLOSED = frozenset({Status.COMPLETED, Status.REJECTED, Status.WITHDRAWN, Status.LAPSED})


def follow(kind: Kind, status: Status, event: Event) -> Status:
    """The status after `event`; AfterSaleNotPossible where no way leads on."""
    if (status, event) == (Status.REQUESTED, Event.APPROVE):
        return Status.REFUNDING if kind == Kind.REFUND_ONLY else Status.AWAITING_RETURN
    if (status, event) == (Status.RETURNING, Event.RECEIVE):
        return Status.REPLACING if kind == Kind.EXCHANGE else Status.REFUNDING
    found = _NEXT.get((status, event))
    if found is None:
        raise AfterSaleNotPossible(f"{event} is not possible while {status}", reason="wrong_status")
    return found
