"""Jobs of the cashier."""

from uuid import UUID

from procrastinate import Blueprint, JobContext

from commerce.runtime import Commerce

payments = Blueprint()


@payments.task(name="check", pass_context=True)
async def check_payment(context: JobContext, *, payment_id: str, delay_s: int) -> None:
    """No notification came: ask."""
    commerce: Commerce = context.additional_context["commerce"]
    await commerce.cashier.check(UUID(payment_id), delay_s)


@payments.task(name="refund", pass_context=True)
async def send_refund(context: JobContext, *, refund_id: str) -> None:
    """Retries are its own: each try is recorded on the refund."""
    commerce: Commerce = context.additional_context["commerce"]
    await commerce.refunder.send(UUID(refund_id))
