"""Jobs of after-sales requests."""

from uuid import UUID

from procrastinate import Blueprint, JobContext, RetryStrategy

from commerce.runtime import Commerce

aftersales = Blueprint()


@aftersales.task(name="deadline", pass_context=True, retry=RetryStrategy(max_attempts=20, exponential_wait=2))
async def deadline(context: JobContext, *, after_sale_id: str) -> None:
    """Somebody's time to act is over."""
    commerce: Commerce = context.additional_context["commerce"]
    await commerce.after_sales.deadline(UUID(after_sale_id))
