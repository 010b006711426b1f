"""The life of an after-sales request, whole: which event leads from which status to which."""

from datetime import timedelta
from enum import StrEnum

from commerce.errors import AfterSaleNotPossible


class AfterSaleKind(StrEnum):
    RETURN = "return"
    """The goods come back, the money goes back."""
    EXCHANGE = "exchange"
    """The goods come back, the same goods are sent again."""
    REFUND_ONLY = "refund_only"
    """The goods stay (or were never sent), the money goes back."""


class AfterSaleStatus(StrEnum):
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


_NEXT: dict[tuple[AfterSaleStatus, Event], AfterSaleStatus] = {
    (AfterSaleStatus.REQUESTED, Event.REJECT): AfterSaleStatus.REJECTED,
    (AfterSaleStatus.REQUESTED, Event.WITHDRAW): AfterSaleStatus.WITHDRAWN,
    (AfterSaleStatus.AWAITING_RETURN, Event.WITHDRAW): AfterSaleStatus.WITHDRAWN,
    (AfterSaleStatus.AWAITING_RETURN, Event.SEND_BACK): AfterSaleStatus.RETURNING,
    (AfterSaleStatus.AWAITING_RETURN, Event.LAPSE): AfterSaleStatus.LAPSED,
    (AfterSaleStatus.REPLACING, Event.REPLACE): AfterSaleStatus.COMPLETED,
    (AfterSaleStatus.REFUNDING, Event.REFUNDED): AfterSaleStatus.COMPLETED,
    # The payment service refused: the shop decides anew.
    (AfterSaleStatus.REFUNDING, Event.REFUND_FAILED): AfterSaleStatus.REQUESTED,
}

DEADLINES: dict[AfterSaleStatus, timedelta] = {
    AfterSaleStatus.REQUESTED: timedelta(hours=48),
    AfterSaleStatus.AWAITING_RETURN: timedelta(days=7),
    AfterSaleStatus.RETURNING: timedelta(days=10),
}
"""How long whoever has to act may take; what then happens of itself is `ON_DEADLINE`."""

ON_DEADLINE: dict[AfterSaleStatus, Event] = {
    AfterSaleStatus.REQUESTED: Event.APPROVE,
    AfterSaleStatus.AWAITING_RETURN: Event.LAPSE,
    AfterSaleStatus.RETURNING: Event.RECEIVE,
}

CLOSED = frozenset(
    {AfterSaleStatus.COMPLETED, AfterSaleStatus.REJECTED, AfterSaleStatus.WITHDRAWN, AfterSaleStatus.LAPSED}
)


def follow(kind: AfterSaleKind, status: AfterSaleStatus, event: Event) -> AfterSaleStatus:
    """The status after `event`; AfterSaleNotPossible where no way leads on."""
    if (status, event) == (AfterSaleStatus.REQUESTED, Event.APPROVE):
        return (
            AfterSaleStatus.REFUNDING
            if kind == AfterSaleKind.REFUND_ONLY
            else AfterSaleStatus.AWAITING_RETURN
        )
    if (status, event) == (AfterSaleStatus.RETURNING, Event.RECEIVE):
        return AfterSaleStatus.REPLACING if kind == AfterSaleKind.EXCHANGE else AfterSaleStatus.REFUNDING
    found = _NEXT.get((status, event))
    if found is None:
        raise AfterSaleNotPossible(f"{event} is not possible while {status}", reason="wrong_status")
    return found
