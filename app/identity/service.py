"""Registering, logging in, and finding out who sends a request."""

import asyncio
import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from psycopg.rows import DictRow
from starlette.requests import HTTPConnection

from app.core.auth import Principal, Role
from app.core.batching import Batcher
from app.core.clock import Clock
from app.core.db import Database, Tx
from app.core.errors import Conflict, Forbidden, NotFound, Unauthenticated
from app.core.ids import new_id
from app.core.naming import ANY_NAME, Name, NameScreener
from app.identity import repository
from app.identity.guard import LoginGuard
from app.identity.repository import SessionKind
from app.identity.schemas import Credentials, PasswordChange, ProfileChange, Registration

COOKIE = "shopcast_session"

SESSIONS_PACE_S = 0.01

# argon2id with the library's defaults, which follow RFC 9106 §4 (the low-memory profile).
_hasher = PasswordHasher()
# One verification takes 64 MiB and a core for some 50 ms; more at once would starve the rest.
_hashing_slots = asyncio.Semaphore(2)
_UNKNOWN_USER_HASH = _hasher.hash(secrets.token_hex())


class EmailTaken(Conflict):
    code = "email_taken"
    title = "An account with this address exists"


class WrongCredentials(Unauthenticated):
    code = "wrong_credentials"
    title = "Address or password is wrong"


class WrongPassword(Forbidden):
    code = "wrong_password"
    title = "The current password is wrong"


@dataclass(frozen=True, slots=True)
class Login:
    """A session that has just begun; `secret` goes into the cookie or the bearer header."""

    session_id: UUID
    secret: str
    created_at: datetime
    expires_at: datetime


async def register(
    db: Database,
    clock: Clock,
    form: Registration,
    roles: Iterable[Role] = (Role.VIEWER,),
    *,
    names: NameScreener = ANY_NAME,
) -> DictRow:
    """A new user's row; raises EmailTaken, NameRefused."""
    user_id = new_id()
    name = Name("user", user_id, user_id, form.display_name)
    verdict = await names.check(name)
    password_hash = await _hash(form.password)
    async with db.transaction() as tx:
        added = await repository.add_user(
            tx,
            user_id=user_id,
            email=form.email,
            display_name=form.display_name,
            password_hash=password_hash,
            roles=[str(role) for role in roles],
            locale=form.locale,
            now=clock.now(),
        )
        user = await repository.user_by_id(tx, user_id)
        if not added or user is None:
            raise EmailTaken
        await names.follow_up(tx, name, verdict)
    return user


async def check_password(db: Database, guard: LoginGuard, form: Credentials) -> DictRow:
    """The user's row; raises RateLimited, or WrongCredentials whether or not the address exists."""
    async with db.transaction() as tx:
        user = await repository.user_by_email(tx, form.email)
    known_hash = user["password_hash"] if user else _UNKNOWN_USER_HASH
    if not await _matches(guard, known_hash, form.password) or user is None:
        raise WrongCredentials
    if _hasher.check_needs_rehash(known_hash):
        new_hash = await _hash(form.password)
        async with db.transaction() as tx:
            await repository.set_password_hash(tx, user["id"], new_hash)
    return user


async def begin_session(
    db: Database, clock: Clock, user_id: UUID, *, kind: SessionKind, days: int, name: str = ""
) -> Login:
    """Only the secret's hash is kept."""
    secret = secrets.token_urlsafe(32)
    login = Login(new_id(), secret, clock.now(), clock.now() + timedelta(days=days))
    async with db.transaction() as tx:
        await repository.add_session(
            tx,
            session_id=login.session_id,
            user_id=user_id,
            kind=kind,
            name=name,
            token_hash=hash_secret(secret),
            now=login.created_at,
            expires_at=login.expires_at,
        )
    return login


async def change_password(
    db: Database, guard: LoginGuard, user_id: UUID, form: PasswordChange, *, keep_session: str | None
) -> None:
    """Every other browser is logged out; named tokens stay. Raises RateLimited, WrongPassword."""
    await confirm_password(db, guard, user_id, form.current)
    new_hash = await _hash(form.new)
    kept = hash_secret(keep_session) if keep_session else b""
    async with db.transaction() as tx:
        await repository.set_password_hash(tx, user_id, new_hash)
        await repository.delete_browser_sessions(tx, user_id, except_hash=kept)


async def confirm_password(db: Database, guard: LoginGuard, user_id: UUID, password: str) -> None:
    """Whoever is logged in says once more who they are; raises RateLimited, WrongPassword."""
    async with db.transaction() as tx:
        user = await repository.user_by_id(tx, user_id)
    if user is None or not await _matches(guard, user["password_hash"], password):
        raise WrongPassword


async def change_profile(
    db: Database, user: Principal, change: ProfileChange, *, names: NameScreener = ANY_NAME
) -> DictRow:
    """The user's row; what `change` leaves out stays. Raises NameRefused."""
    wanted = change.display_name if change.display_name != user.display_name else None
    name = Name("user", user.user_id, user.user_id, wanted) if wanted else None
    verdict = await names.check(name) if name else None
    async with db.transaction() as tx:
        row = await repository.update_profile(tx, user.user_id, display_name=wanted, locale=change.locale)
        if row is None:
            raise Unauthenticated
        if name:
            await names.follow_up(tx, name, verdict)
    return row


def neutral_names(user_id: UUID) -> dict[str, str]:
    """What an account is called whose name had to go, by language."""
    mark = user_id.hex[-4:]
    return {"zh-CN": f"用户{mark}", "en": f"User {mark}"}


async def neutralise_name(tx: Tx, user_id: UUID, name: str) -> bool:
    """Give an account that bears `name` a neutral one in its language; whether it bore it."""
    user = await repository.user_by_id(tx, user_id)
    neutral = neutral_names(user_id)[user["locale"]] if user else ""
    return user is not None and await repository.replace_name(tx, user_id, was=[name], by=neutral)


async def restore_name(tx: Tx, user_id: UUID, name: str) -> bool:
    """The inverse of `neutralise_name`; whether the neutral name stood."""
    return await repository.replace_name(tx, user_id, was=[*neutral_names(user_id).values()], by=name)


async def end_session(db: Database, secret: str) -> None:
    async with db.transaction() as tx:
        await repository.delete_session(tx, hash_secret(secret))


async def revoke_token(db: Database, user_id: UUID, session_id: UUID) -> None:
    """Raises NotFound where the user has no such token."""
    async with db.transaction() as tx:
        if not await repository.delete_bearer_session(tx, user_id, session_id):
            raise NotFound


class SessionAuthenticator:
    """Finds the user by the session cookie or by `Authorization: Bearer`."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        # A thousand buyers at once are a handful of queries, not a thousand.
        self._users = Batcher(self._load, pace_s=SESSIONS_PACE_S)

    async def __call__(self, connection: HTTPConnection) -> Principal | None:
        scheme, _, bearer = connection.headers.get("authorization", "").partition(" ")
        cookie = connection.cookies.get(COOKIE)
        if scheme.lower() == "bearer" and bearer:
            user = await self._find(bearer.strip(), "bearer")
            if user is None:
                raise Unauthenticated
        elif cookie:
            user = await self._find(cookie, "browser")
        else:
            user = None
        return principal(user) if user else None

    async def _find(self, secret: str, kind: SessionKind) -> DictRow | None:
        return await self._users.get((hash_secret(secret), kind))

    async def _load(
        self, sessions: Sequence[tuple[bytes, SessionKind]]
    ) -> dict[tuple[bytes, SessionKind], DictRow]:
        async with self._db.transaction() as tx:
            return await repository.users_by_session(tx, sessions, self._clock.now())


def principal(user: DictRow) -> Principal:
    return Principal(user["id"], user["display_name"], frozenset(Role(role) for role in user["roles"]))


def hash_secret(secret: str) -> bytes:
    """The secrets have 256 bits of entropy: a plain hash keeps them."""
    return hashlib.sha256(secret.encode()).digest()


async def _matches(guard: LoginGuard, password_hash: str, password: str) -> bool:
    """Whether it is the password; guesses sent side by side wait here, and are refused here."""
    async with _hashing_slots:
        await guard.check()
        try:
            await asyncio.to_thread(_hasher.verify, password_hash, password)
        except VerifyMismatchError:
            await guard.failed()
            return False
    await guard.succeeded()
    return True


async def _hash(password: str) -> str:
    async with _hashing_slots:
        return await asyncio.to_thread(_hasher.hash, password)
