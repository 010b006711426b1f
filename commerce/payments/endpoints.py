"""/api/orders/{id}/payments and /api/payments/notifications"""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from app.core.errors import Problem, answers
from app.core.http import CurrentUser, DatabaseDep
from commerce.deps import CommerceDep, IdempotencyKey, Merchant, Origin
from commerce.errors import ProviderUnavailable
from commerce.payments import repository
from commerce.payments.schemas import Notifications, PaymentIn, PaymentOut, RefundIn, RefundOut, Refunds

router = APIRouter(prefix="/api", tags=["payments"])

BODY_LIMIT = 256 * 1024
MOBILE = ("Mobi", "Android", "iPhone")


class NotificationTooLarge(Problem):
    code = "notification_too_large"
    status = 413
    title = "No notification is that long"


@router.post("/orders/{order_id}/payments", status_code=201, responses=answers(ProviderUnavailable))
async def create_payment(
    order_id: UUID,
    body: PaymentIn,
    request: Request,
    commerce: CommerceDep,
    user: CurrentUser,
    origin: Origin,
) -> PaymentOut:
    """Where to send the buyer to pay; asked again, the same payment."""
    mobile = any(word in request.headers.get("user-agent", "") for word in MOBILE)
    payment = await commerce.cashier.create(
        order_id, user.user_id, body.provider, origin=origin, mobile=mobile
    )
    return PaymentOut.model_validate(payment)


@router.get("/orders/{order_id}/payments/{payment_id}")
async def get_payment(
    order_id: UUID, payment_id: UUID, commerce: CommerceDep, user: CurrentUser
) -> PaymentOut:
    return PaymentOut.model_validate(await commerce.cashier.of_order(order_id, payment_id, user.user_id))


@router.post("/merchant/orders/{order_id}/refunds", status_code=201, tags=["merchant"])
async def refund_order(
    order_id: UUID,
    refund: RefundIn,
    key: IdempotencyKey,
    db: DatabaseDep,
    commerce: CommerceDep,
    merchant: Merchant,
) -> RefundOut:
    """All of it, some units, or an amount of a line; sent to the payment service by a job."""
    async with db.transaction() as tx:
        order = await commerce.orders.locked(tx, order_id)
        actor = f"merchant:{merchant.user_id}"
        row = await commerce.refunder.request(tx, order, refund, key=key, actor=actor)
    return RefundOut.model_validate(row)


@router.get("/merchant/orders/{order_id}/refunds", tags=["merchant"])
async def list_refunds(order_id: UUID, db: DatabaseDep, merchant: Merchant) -> Refunds:
    async with db.transaction() as tx:
        return Refunds.model_validate({"items": await repository.refunds_of_order(tx, order_id)})


@router.post("/payments/notifications/{provider}", include_in_schema=False)
async def payment_notification(provider: str, request: Request, commerce: CommerceDep) -> Response:
    """For the payment services alone: verified over the raw body, recorded whatever it says."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise NotificationTooLarge
    reply = await commerce.cashier.notified(provider, bytes(body), request.headers)
    return Response(reply.body, reply.status, media_type=reply.media_type)


@router.get("/merchant/payment-notifications", tags=["merchant"])
async def list_notifications(db: DatabaseDep, merchant: Merchant) -> Notifications:
    """The latest that came, accepted or refused."""
    async with db.transaction() as tx:
        return Notifications.model_validate({"items": await repository.notifications(tx, limit=100)})
