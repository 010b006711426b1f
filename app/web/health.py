"""Whether the platform is up, role by role."""

from fastapi import APIRouter
from pydantic import BaseModel

from app.core.http import ServicesDep
from app.roles import heartbeat

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """How many processes of each role are alive."""

    roles: dict[str, int]


@router.get("/healthz", include_in_schema=False)
async def alive() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/api/health")
async def health(services: ServicesDep) -> Health:
    async with services.db.transaction() as tx:
        await tx.execute("SELECT 1")
    return Health(roles=await heartbeat.alive(services.redis))
