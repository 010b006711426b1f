"""Jobs of the cashier."""

from uuid import UUID

from procrastinate import Blueprint, JobContext, RetryStrategy

from commerce.runtime import Commerce

payments = Blueprint()

# For crashes on our side; what a service answers is dealt with by the jobs themselves.
AGAIN = RetryStrategy(max_attempts=20, exponential_wait=2)


@payments.task(name="check", pass_context=True, retry=AGAIN)
async def check_payment(context: JobContext, *, payment_id: str, delay_s: int) -> None:
    """No notification came: ask."""
    commerce: Commerce = context.additional_context["commerce"]
    await commerce.cashier.check(UUID(payment_id), delay_s)


@payments.task(name="refund", pass_context=True, retry=AGAIN)
async def send_refund(context: JobContext, *, refund_id: str) -> None:
    """Retries are its own: each try is recorded on the refund."""
    commerce: Commerce = context.additional_context["commerce"]
    await commerce.refunder.send(UUID(refund_id))


# At 11:30 in China, when the services' statements of the day before are there.
@payments.periodic(cron="30 3 * * *")
@payments.task(name="reconcile", pass_context=True, queueing_lock="payments:reconcile", retry=AGAIN)
async def reconcile(context: JobContext, timestamp: int) -> None:
    """Statements against the ledger against orders."""
    commerce: Commerce = context.additional_context["commerce"]
    await commerce.reconciler.daily()
