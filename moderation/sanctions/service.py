"""Imposing, lifting and asking for sanctions."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.rows import DictRow

from app.core.auth import Principal
from app.core.clock import Clock
from app.core.db import Tx
from app.core.errors import NotFound
from app.core.ids import new_id

from ..audit import repository as audit
from ..cases import repository as cases
from . import repository
from .effects import SanctionEffects
from .errors import Banned, Muted, OwnSanction, SanctionNotFound, SanctionOver
from .schemas import Offender, Sanction, SanctionIn, Sanctions

REMEMBERED_FOR = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds for somebody somewhere: the sanction that lasts longest of each kind."""

    ban: Sanction | None = None
    mute: Sanction | None = None
    shadow_mute: Sanction | None = None

    def require_entry(self) -> None:
        """Raises Banned."""
        if self.ban is not None:
            raise Banned(self.ban.reason, **_told(self.ban))

    def require_voice(self) -> None:
        """Raises Banned, Muted. Who is muted in the shadow may write and is seen by nobody."""
        self.require_entry()
        if self.mute is not None:
            raise Muted(self.mute.reason, **_told(self.mute))


async def impose(
    tx: Tx, clock: Clock, effects: SanctionEffects, actor: Principal | None, form: SanctionIn
) -> Sanction:
    """A new sanction; `actor` None is policy itself. Raises OwnSanction, NotFound."""
    if actor is not None and form.user_id == actor.user_id:
        raise OwnSanction
    if form.user_id is not None and await repository.display_name(tx, form.user_id) is None:
        raise NotFound("There is no such user")
    now = clock.now()
    actor_id = actor.user_id if actor else None
    columns = {
        "kind": form.kind,
        "room_id": form.room_id,
        "product_id": form.product_id,
        "case_id": form.case_id,
        "rule": form.rule,
        "reason": form.reason,
        "imposed_by": actor_id,
        "imposed_at": now,
        "expires_at": now + timedelta(seconds=form.duration_s) if form.duration_s else None,
    }
    sanction_id = new_id()
    await repository.add(tx, id=sanction_id, user_id=form.user_id, **columns)
    devices: Sequence[bytes] = ()
    if form.devices and form.user_id is not None:
        devices = await repository.traces(tx, form.user_id, "device")
        for hashed in devices:
            await repository.add(tx, id=new_id(), device_hash=hashed, **columns)
    sanction = await _get(tx, sanction_id, now)
    await effects.imposed(tx, sanction, actor_id)
    await audit.append(
        tx,
        at=now,
        actor_id=actor_id,
        action="sanction.imposed",
        subject=f"sanction:{sanction_id}",
        details=sanction.model_dump(mode="json", exclude={"imposed_by", "active"})
        | {"devices": len(devices)},
    )
    return sanction


async def lift(
    tx: Tx, clock: Clock, effects: SanctionEffects, actor: Principal, sanction_id: UUID, reason: str
) -> Sanction:
    """End a sanction before its time. Raises SanctionNotFound, SanctionOver, OwnSanction."""
    now = clock.now()
    row = await repository.lock(tx, sanction_id)
    if row is None:
        raise SanctionNotFound
    if not present(row, now).active:
        raise SanctionOver
    if row["user_id"] == actor.user_id:
        raise OwnSanction
    await repository.lift(tx, sanction_id, actor.user_id, now, reason)
    sanction = await _get(tx, sanction_id, now)
    await effects.lifted(tx, sanction, actor.user_id)
    await audit.append(
        tx,
        at=now,
        actor_id=actor.user_id,
        action="sanction.lifted",
        subject=f"sanction:{sanction_id}",
        details={"reason": reason, "kind": sanction.kind},
    )
    return sanction


async def active(tx: Tx, clock: Clock, user_id: UUID, room_id: UUID | None = None) -> Standing:
    """What holds for this account in this room (None: platform-wide alone), now."""
    now = clock.now()
    return _standing(await repository.in_force(tx, user_id, room_id, now), now)


async def of_device(tx: Tx, clock: Clock, device_hash: bytes, room_id: UUID | None = None) -> Standing:
    """What holds for a guest who comes with this device."""
    now = clock.now()
    return _standing(await repository.of_device(tx, device_hash, room_id, now), now)


def _standing(rows: Sequence[DictRow], now: datetime) -> Standing:
    found = [present(row, now) for row in rows]

    def longest(kind: str) -> Sanction | None:
        of_kind = [s for s in found if s.kind == kind]
        return max(of_kind, key=lambda s: (s.expires_at is None, s.expires_at or now), default=None)

    return Standing(longest("ban"), longest("mute"), longest("shadow_mute"))


async def listed(
    tx: Tx, clock: Clock, *, user_id: UUID | None = None, only_active: bool = False
) -> Sanctions:
    """The newest first."""
    now = clock.now()
    rows = await repository.listed(tx, user_id=user_id, active_at=now if only_active else None)
    return Sanctions(items=[present(row, now) for row in rows])


async def offender(tx: Tx, clock: Clock, user_id: UUID) -> Offender:
    """What is known of an account. Raises NotFound."""
    name = await repository.display_name(tx, user_id)
    if name is None:
        raise NotFound("There is no such user")
    return Offender(
        user_id=user_id,
        display_name=name,
        upheld_cases=await cases.upheld_since(tx, user_id, clock.now() - REMEMBERED_FOR),
        sanctions=(await listed(tx, clock, user_id=user_id)).items,
        same_device=await repository.sharing(tx, user_id, "device"),
        same_address=await repository.sharing(tx, user_id, "address"),
    )


async def remember(
    tx: Tx, clock: Clock, secret: str, user_id: UUID, *, device: str = "", address: str = ""
) -> None:
    """Note what an account came with, as keyed hashes (HMAC-SHA-256 by `secret`)."""
    for kind, value in (("device", device), ("address", address)):
        if value:
            await repository.trace(tx, user_id, kind, trace_hash(secret, kind, value), clock.now())


def trace_hash(secret: str, kind: str, value: str) -> bytes:
    """What is kept of a device or an address."""
    return hmac.new(secret.encode(), f"{kind}:{value}".encode(), hashlib.sha256).digest()


def present(row: DictRow, now: datetime) -> Sanction:
    """A row as the API shows it."""
    over = row["lifted_at"] is not None or (row["expires_at"] is not None and row["expires_at"] <= now)
    shown = {name: row[name] for name in Sanction.model_fields if name in row}
    return Sanction.model_validate(shown | {"imposed_by": row["imposer_name"], "active": not over})


async def _get(tx: Tx, sanction_id: UUID, now: datetime) -> Sanction:
    row = await repository.lock(tx, sanction_id)
    assert row is not None
    return present(row, now)


def _told(sanction: Sanction) -> dict[str, str | None]:
    return {
        "sanction_id": str(sanction.id),
        "reason": sanction.reason,
        "until": sanction.expires_at.isoformat() if sanction.expires_at else None,
    }
