"""The audit log over HTTP, for admins: one JSON object a line, and whether the chain is whole."""

from collections.abc import AsyncIterator

import orjson
from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from ..deps import Admin, ModerationDep
from . import repository
from .chain import verify

router = APIRouter(prefix="/api/moderation/audit", tags=["moderation"])


class AuditState(BaseModel):
    """`head`: the hash that an exported copy must end with; `broken_at`: the first entry that does not fit."""

    entries: int
    head: str
    broken_at: int | None
    problem: str | None


@router.get("", response_class=StreamingResponse)
async def export_audit(moderation: ModerationDep, admin: Admin, after: int = 0) -> StreamingResponse:
    """The whole log after entry `after`, as it is written: JSON lines."""

    async def lines() -> AsyncIterator[bytes]:
        async with moderation.db.transaction() as tx:
            async for entry in repository.read(tx, after=after):
                yield orjson.dumps(entry.export(), option=orjson.OPT_APPEND_NEWLINE)

    return StreamingResponse(lines(), media_type="application/x-ndjson")


@router.get("/state")
async def audit_state(moderation: ModerationDep, admin: Admin) -> AuditState:
    async with moderation.db.transaction() as tx:
        found = await verify(repository.read(tx))
    return AuditState(
        entries=found.entries, head=found.head, broken_at=found.broken_at, problem=found.problem
    )
