"""Whether the platform is up, role by role."""

import secrets

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from app.core import metrics
from app.core.auth import Role
from app.core.errors import Unauthenticated
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


@router.get("/metrics", include_in_schema=False)
async def figures(request: Request, services: ServicesDep) -> Response:
    """All processes' figures, for Prometheus (with `metrics_token`) and for administrators."""
    expected = request.app.state.settings.metrics_token
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    scraper = expected is not None and secrets.compare_digest(
        f"bearer {expected.get_secret_value()}".encode(), f"{scheme.lower()} {given}".encode()
    )
    if not scraper:
        user = await services.authenticate(request)
        if user is None or not user.has(Role.ADMIN):
            raise Unauthenticated
    return Response(await metrics.gather(services.redis), media_type=CONTENT_TYPE_LATEST)
