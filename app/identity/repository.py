"""Users and their sessions in SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from psycopg.rows import DictRow

from app.core.db import Tx, fetch_all, fetch_one

SessionKind = Literal["browser", "bearer"]


async def add_user(
    tx: Tx,
    *,
    user_id: UUID,
    email: str,
    display_name: str,
    password_hash: str,
    roles: list[str],
    locale: str,
    now: datetime,
) -> bool:
    """False where the address is taken."""
    row = await fetch_one(
        tx,
        """INSERT INTO users (id, email, display_name, password_hash, roles, locale, created_at)
           VALUES (%(id)s, %(email)s, %(name)s, %(hash)s, %(roles)s, %(locale)s, %(now)s)
           ON CONFLICT (email) DO NOTHING RETURNING id""",
        {
            "id": user_id,
            "email": email,
            "name": display_name,
            "hash": password_hash,
            "roles": roles,
            "locale": locale,
            "now": now,
        },
    )
    return row is not None


async def user_by_email(tx: Tx, email: str) -> DictRow | None:
    return await fetch_one(tx, "SELECT * FROM users WHERE email = %(email)s", {"email": email})


async def user_by_id(tx: Tx, user_id: UUID) -> DictRow | None:
    return await fetch_one(tx, "SELECT * FROM users WHERE id = %(id)s", {"id": user_id})


async def set_password_hash(tx: Tx, user_id: UUID, password_hash: str) -> None:
    await tx.execute("UPDATE users SET password_hash = %s WHERE id = %s", (password_hash, user_id))


async def update_profile(
    tx: Tx, user_id: UUID, *, display_name: str | None, locale: str | None
) -> DictRow | None:
    """None leaves a column as it is."""
    return await fetch_one(
        tx,
        """UPDATE users SET display_name = coalesce(%(name)s, display_name),
                            locale = coalesce(%(locale)s, locale)
           WHERE id = %(id)s RETURNING *""",
        {"id": user_id, "name": display_name, "locale": locale},
    )


async def replace_name(tx: Tx, user_id: UUID, *, was: Sequence[str], by: str) -> bool:
    """False where the account bears none of the names in `was`."""
    row = await fetch_one(
        tx,
        """UPDATE users SET display_name = %(by)s WHERE id = %(id)s AND display_name = ANY(%(was)s)
           RETURNING id""",
        {"id": user_id, "was": list(was), "by": by},
    )
    return row is not None


async def search(tx: Tx, *, text: str, role: str | None, limit: int) -> list[DictRow]:
    """By a part of the address or of the name, the newest first; staff alone if `role` says so."""
    return await fetch_all(
        tx,
        """SELECT id, email, display_name, roles, created_at FROM users
           WHERE deleted_at IS NULL AND (email LIKE %(like)s OR lower(display_name) LIKE %(like)s)
             AND (%(role)s::text IS NULL OR %(role)s = ANY (roles))
           ORDER BY created_at DESC, id DESC LIMIT %(limit)s""",
        {"like": f"%{_escape_like(text.lower())}%", "role": role, "limit": limit},
    )


async def deleted_since(tx: Tx, since: datetime) -> list[UUID]:
    rows = await fetch_all(tx, "SELECT id FROM users WHERE deleted_at >= %(since)s", {"since": since})
    return [row["id"] for row in rows]


async def lock_admins(tx: Tx) -> set[UUID]:
    """Everybody who is admin; nobody else changes that before the transaction ends."""
    rows = await fetch_all(tx, "SELECT id FROM users WHERE 'admin' = ANY (roles) ORDER BY id FOR UPDATE", {})
    return {row["id"] for row in rows}


async def set_roles(tx: Tx, user_id: UUID, roles: list[str]) -> DictRow | None:
    return await fetch_one(
        tx,
        """UPDATE users SET roles = %(roles)s WHERE id = %(id)s
           RETURNING id, email, display_name, roles, created_at""",
        {"id": user_id, "roles": roles},
    )


def _escape_like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def add_session(
    tx: Tx,
    *,
    session_id: UUID,
    user_id: UUID,
    kind: SessionKind,
    name: str,
    token_hash: bytes,
    now: datetime,
    expires_at: datetime,
) -> None:
    await tx.execute(
        """INSERT INTO sessions (id, user_id, kind, name, token_hash, created_at, expires_at)
           VALUES (%s, %s, %s, %s, %s, %s, %s)""",
        (session_id, user_id, kind, name, token_hash, now, expires_at),
    )


async def users_by_session(
    tx: Tx, sessions: Sequence[tuple[bytes, SessionKind]], now: datetime
) -> dict[tuple[bytes, SessionKind], DictRow]:
    """The users to whom unexpired sessions belong, by token hash and kind."""
    rows = await fetch_all(
        tx,
        """SELECT users.*, token_hash, kind FROM sessions JOIN users ON users.id = sessions.user_id
           JOIN unnest(%(hashes)s::bytea[], %(kinds)s::text[]) AS wanted(token_hash, kind)
             USING (token_hash, kind)
           WHERE expires_at > %(now)s""",
        {"hashes": [digest for digest, _ in sessions], "kinds": [kind for _, kind in sessions], "now": now},
    )
    return {(bytes(row["token_hash"]), row["kind"]): row for row in rows}


async def delete_session(tx: Tx, token_hash: bytes) -> None:
    await tx.execute("DELETE FROM sessions WHERE token_hash = %s", (token_hash,))


async def delete_browser_sessions(tx: Tx, user_id: UUID, *, except_hash: bytes) -> None:
    await tx.execute(
        "DELETE FROM sessions WHERE user_id = %s AND kind = 'browser' AND token_hash <> %s",
        (user_id, except_hash),
    )


async def bearer_sessions(tx: Tx, user_id: UUID) -> list[DictRow]:
    return await fetch_all(
        tx,
        """SELECT id, name, created_at, expires_at FROM sessions
           WHERE user_id = %(user)s AND kind = 'bearer' ORDER BY created_at DESC""",
        {"user": user_id},
    )


async def delete_bearer_session(tx: Tx, user_id: UUID, session_id: UUID) -> bool:
    """False where the user has no such token."""
    row = await fetch_one(
        tx,
        """DELETE FROM sessions WHERE id = %(id)s AND user_id = %(user)s AND kind = 'bearer'
           RETURNING id""",
        {"id": session_id, "user": user_id},
    )
    return row is not None
