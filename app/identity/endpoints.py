"""Accounts, browser sessions and bearer tokens over HTTP."""

from uuid import UUID

from fastapi import APIRouter, Request, Response
from psycopg.rows import DictRow

from app.core.door import EntryDep
from app.core.errors import Unauthenticated
from app.core.http import CurrentUser, ServicesDep
from app.core.naming import NamesDep
from app.identity import repository, service
from app.identity.guard import LoginGuard
from app.identity.schemas import (
    Credentials,
    Me,
    NewToken,
    PasswordChange,
    ProfileChange,
    Registration,
    TokenInfo,
    TokenList,
    TokenRequest,
)
from app.settings import Settings

router = APIRouter(prefix="/api/auth", tags=["identity"])

BEARER_DAYS = 365


@router.post("/register", status_code=201)
async def register(
    form: Registration,
    request: Request,
    response: Response,
    services: ServicesDep,
    entry: EntryDep,
    names: NamesDep,
) -> Me:
    user = await service.register(services.db, services.clock, form, names=names)
    await entry.enter(user["id"])
    return await _log_in(user, request, response, services)


@router.post("/login")
async def log_in(
    form: Credentials, request: Request, response: Response, services: ServicesDep, entry: EntryDep
) -> Me:
    guard = LoginGuard(services.redis, form.email, network_address(request))
    user = await service.check_password(services.db, guard, form)
    await entry.enter(user["id"])
    return await _log_in(user, request, response, services)


@router.post("/logout", status_code=204)
async def log_out(request: Request, response: Response, services: ServicesDep) -> None:
    if secret := request.cookies.get(service.COOKIE):
        await service.end_session(services.db, secret)
    response.delete_cookie(service.COOKIE, path="/")


@router.get("/me")
async def me(user: CurrentUser, services: ServicesDep) -> Me:
    async with services.db.transaction() as tx:
        row = await repository.user_by_id(tx, user.user_id)
    if row is None:
        raise Unauthenticated
    return Me.model_validate(row, from_attributes=False)


@router.patch("/me")
async def change_profile(
    form: ProfileChange, user: CurrentUser, services: ServicesDep, names: NamesDep
) -> Me:
    return Me.model_validate(await service.change_profile(services.db, user, form, names=names))


@router.put("/password", status_code=204)
async def change_password(
    form: PasswordChange, user: CurrentUser, request: Request, services: ServicesDep
) -> None:
    guard = LoginGuard(services.redis, str(user.user_id), network_address(request))
    kept = request.cookies.get(service.COOKIE)
    await service.change_password(services.db, guard, user.user_id, form, keep_session=kept)


@router.post("/tokens", status_code=201)
async def create_token(form: TokenRequest, user: CurrentUser, services: ServicesDep) -> NewToken:
    login = await service.begin_session(
        services.db, services.clock, user.user_id, kind="bearer", days=BEARER_DAYS, name=form.name
    )
    return NewToken(
        id=login.session_id,
        name=form.name,
        created_at=login.created_at,
        expires_at=login.expires_at,
        token=login.secret,
    )


@router.get("/tokens")
async def list_tokens(user: CurrentUser, services: ServicesDep) -> TokenList:
    async with services.db.transaction() as tx:
        rows = await repository.bearer_sessions(tx, user.user_id)
    return TokenList(items=[TokenInfo.model_validate(row) for row in rows])


@router.delete("/tokens/{token_id}", status_code=204)
async def revoke_token(token_id: UUID, user: CurrentUser, services: ServicesDep) -> None:
    await service.revoke_token(services.db, user.user_id, token_id)


def network_address(request: Request) -> str:
    """The client's; behind a proxy on this machine the one that it names."""
    return request.client.host if request.client else ""


async def _log_in(user: DictRow, request: Request, response: Response, services: ServicesDep) -> Me:
    settings: Settings = request.app.state.settings
    login = await service.begin_session(
        services.db, services.clock, user["id"], kind="browser", days=settings.session_days
    )
    response.set_cookie(
        service.COOKIE,
        login.secret,
        max_age=settings.session_days * 24 * 3600,
        httponly=True,
        samesite="lax",
        secure=settings.secure_cookies,
        path="/",
    )
    return Me.model_validate(user)
