"""Who may do what: an administrator gives and takes roles, and every change is in the audit log."""

from uuid import UUID

from app.core.auth import Role
from app.core.clock import Clock
from app.core.db import Database
from app.core.errors import Conflict, NotFound
from app.identity import repository
from app.identity.schemas import Account
from moderation.audit.repository import append as audit


class LastAdmin(Conflict):
    code = "last_admin"
    title = "Somebody must stay administrator"


async def set_roles(
    db: Database, clock: Clock, user_id: UUID, roles: frozenset[Role], *, by: UUID | None
) -> Account:
    """Everybody stays a viewer. `by` None: the operator, on the command line.

    Raises NotFound, and LastAdmin where nobody could administer any more.
    """
    wanted = roles | {Role.VIEWER}
    async with db.transaction() as tx:
        admins = await repository.lock_admins(tx)
        if admins == {user_id} and Role.ADMIN not in wanted:
            raise LastAdmin
        before = await repository.user_by_id(tx, user_id)
        after = await repository.set_roles(tx, user_id, [str(role) for role in Role if role in wanted])
        if before is None or after is None:
            raise NotFound
        if set(before["roles"]) != set(after["roles"]):
            change = {"from": before["roles"], "to": after["roles"]}
            await audit(
                tx,
                at=clock.now(),
                actor_id=by,
                action="roles.changed",
                subject=f"user:{user_id}",
                details=change,
            )
    return Account.model_validate(after)
