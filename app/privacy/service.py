"""A person's data: all of it handed to them, or the account deleted."""

from typing import Any
from uuid import UUID

import structlog
from psycopg.rows import DictRow
from redis.exceptions import RedisError

from app.core.db import Tx
from app.core.errors import Conflict, Unauthenticated
from app.core.events import user_topic
from app.core.http import Services
from app.identity import service as identity
from app.identity.guard import LoginGuard
from app.privacy import repository
from commerce.addresses import repository as address_book
from commerce.addresses.service import opened
from commerce.orders import repository as orders
from commerce.orders.views import present
from commerce.privacy import Vault
from moderation.audit.repository import append as audit

ORDERS_LIMIT = 100_000
NAMES = {"zh-CN": "已注销用户", "en": "Deleted account"}
"""What is shown in place of somebody who is gone."""

log = structlog.get_logger()


class AccountInUse(Conflict):
    """`obstacles` in `extra` (`app.privacy.schemas.Obstacle`)."""

    code = "account_in_use"
    title = "The account cannot be deleted yet"


async def export(tx: Tx, vault: Vault, user_id: UUID) -> dict[str, Any]:
    """Everything that is kept about the person, addresses and invoices in clear; raises Unauthenticated."""
    account = await repository.account(tx, user_id)
    if account is None:
        raise Unauthenticated
    rows: list[DictRow] = await orders.of_buyer(tx, user_id, ORDERS_LIMIT)
    return {
        "account": account,
        "addresses": [
            opened(vault, row).model_dump(mode="json") for row in await address_book.of_user(tx, user_id)
        ],
        "orders": [present(vault, row, masked=False).model_dump(mode="json") for row in rows],
        **await repository.stored(tx, user_id),
    }


async def delete(services: Services, user_id: UUID, password: str, guard: LoginGuard) -> None:
    """The account and its sessions end; what must be kept stays without the person.

    Raises RateLimited, WrongPassword, AccountInUse.
    """
    await identity.confirm_password(services.db, guard, user_id, password)
    async with services.db.transaction() as tx:
        account = await repository.lock(tx, user_id)
        if account is None:
            raise Unauthenticated
        if obstacles := await repository.obstacles(tx, user_id):
            raise AccountInUse(obstacles=obstacles)
        now = services.clock.now()
        await repository.forget(tx, user_id, NAMES[account["locale"]], now)
        await audit(
            tx, at=now, actor_id=user_id, action="account.deleted", subject=f"user:{user_id}", details={}
        )
    try:
        await services.bus.forget(user_topic(user_id))
    except (RedisError, OSError):
        log.warning("a deleted account's events stay until they expire", exc_info=True)
