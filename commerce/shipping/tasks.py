"""Jobs of shipping."""

from uuid import UUID

from procrastinate import Blueprint, JobContext, RetryStrategy

from commerce.runtime import Commerce

shipping = Blueprint()


@shipping.task(name="track", pass_context=True, retry=RetryStrategy(max_attempts=20, exponential_wait=2))
async def track_parcel(context: JobContext, *, shipment_id: str) -> None:
    """Where is it now?"""
    commerce: Commerce = context.additional_context["commerce"]
    await commerce.shipping.follow(UUID(shipment_id))
