"""Jobs of the platform itself."""

from procrastinate import Blueprint, JobContext

from app.core import outbox
from app.core.http import Services

WORKER_GONE_AFTER_S = 30

core = Blueprint()


@core.periodic(cron="* * * * * */5")
@core.task(name="sweep_outbox", pass_context=True, queueing_lock="core:sweep_outbox")
async def sweep_outbox(context: JobContext, timestamp: int) -> None:
    """Publish the events that a process left when it died."""
    services: Services = context.additional_context["services"]
    await outbox.sweep(services.db, services.bus, services.clock)


@core.periodic(cron="* * * * * */30")
@core.task(name="retry_stalled", pass_context=True, queueing_lock="core:retry_stalled")
async def retry_stalled(context: JobContext, timestamp: int) -> None:
    """Jobs whose worker died in the middle begin again."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=WORKER_GONE_AFTER_S):
        await manager.retry_job(job)
