"""Jobs of the order book."""

from uuid import UUID

from procrastinate import Blueprint, JobContext, RetryStrategy

from commerce.runtime import Commerce

orders = Blueprint()

AGAIN = RetryStrategy(max_attempts=20, exponential_wait=2)


@orders.task(name="receive", pass_context=True, retry=AGAIN)
async def confirm_receipt(context: JobContext, *, order_id: str) -> None:
    """The buyer has had time enough to say that nothing came."""
    commerce: Commerce = context.additional_context["commerce"]
    await commerce.expiry.receive(UUID(order_id))


@orders.task(name="expire", pass_context=True, retry=AGAIN)
async def expire_orders(context: JobContext, *, order_ids: list[str], extensions: int = 0) -> None:
    """The time to pay is over."""
    commerce: Commerce = context.additional_context["commerce"]
    await commerce.expiry.expire([UUID(order_id) for order_id in order_ids], extensions)
