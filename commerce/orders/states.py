"""The order's life, whole: which event leads from which status to which."""

from enum import StrEnum

from commerce.errors import WrongOrderStatus


class Status(StrEnum):
    PENDING_PAYMENT = "pending_payment"
    PAID = "paid"
    SHIPPED = "shipped"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REFUNDING = "refunding"
    REFUNDED = "refunded"


class OrderEvent(StrEnum):
    CREATE = "create"
    PAY = "pay"
    PAY_LATE = "pay_late"
    """Paid after it expired, and the goods could be reserved again."""
    CANCEL = "cancel"
    EXPIRE = "expire"
    SHIP_PART = "ship_part"
    """Some of it is on its way; the rest still waits."""
    SHIP = "ship"
    RECEIVE = "receive"
    REFUND = "refund"
    REFUND_PART = "refund_part"
    """A partial refund is through: the order goes on where it stood."""
    REFUND_ALL = "refund_all"
    REFUND_FAILED = "refund_failed"


_PAID_AND_ON = (Status.PAID, Status.SHIPPED, Status.COMPLETED)

TRANSITIONS: dict[tuple[Status, OrderEvent], tuple[Status, ...]] = {
    (Status.PENDING_PAYMENT, OrderEvent.PAY): (Status.PAID,),
    (Status.PENDING_PAYMENT, OrderEvent.CANCEL): (Status.CANCELLED,),
    (Status.PENDING_PAYMENT, OrderEvent.EXPIRE): (Status.EXPIRED,),
    (Status.EXPIRED, OrderEvent.PAY_LATE): (Status.PAID,),
    (Status.PAID, OrderEvent.SHIP_PART): (Status.PAID,),
    (Status.PAID, OrderEvent.SHIP): (Status.SHIPPED,),
    (Status.SHIPPED, OrderEvent.RECEIVE): (Status.COMPLETED,),
    **{(status, OrderEvent.REFUND): (Status.REFUNDING,) for status in _PAID_AND_ON},
    (Status.REFUNDING, OrderEvent.REFUND_ALL): (Status.REFUNDED,),
    (Status.REFUNDING, OrderEvent.REFUND_PART): _PAID_AND_ON,
    (Status.REFUNDING, OrderEvent.REFUND_FAILED): _PAID_AND_ON,
}

FINAL = frozenset({Status.CANCELLED, Status.REFUNDED})


def follow(status: Status, event: OrderEvent, back_to: Status | None = None) -> Status:
    """The status after `event`; WrongOrderStatus where the table has no such way.

    `back_to` chooses where an event may lead to several.
    """
    ways = TRANSITIONS.get((status, event), ())
    if len(ways) == 1:
        return ways[0]
    if back_to is not None and back_to in ways:
        return back_to
    raise WrongOrderStatus(f"{event} is not possible while {status}", status=status)
