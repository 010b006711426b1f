"""Accounts and their roles over HTTP, for administrators."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.core.auth import Principal, Role
from app.core.http import ServicesDep, require
from app.identity import repository, staff
from app.identity.schemas import Account, AccountList, RolesChange

router = APIRouter(prefix="/api/admin/users", tags=["identity"])

Admin = Annotated[Principal, Depends(require(Role.ADMIN))]
SHOWN = 100


@router.get("")
async def find_users(
    _admin: Admin,
    services: ServicesDep,
    q: Annotated[str, Query(max_length=100)] = "",
    role: Role | None = None,
) -> AccountList:
    """The newest 100 whose address or name contains `q`."""
    async with services.db.transaction() as tx:
        rows = await repository.search(tx, text=q.strip(), role=role, limit=SHOWN)
    return AccountList(items=[Account.model_validate(row) for row in rows])


@router.put("/{user_id}/roles")
async def set_roles(user_id: UUID, form: RolesChange, admin: Admin, services: ServicesDep) -> Account:
    return await staff.set_roles(services.db, services.clock, user_id, form.roles, by=admin.user_id)
