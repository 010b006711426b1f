"""`shopcast user …`: accounts and roles, for whoever runs the machine."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import ValidationError

from app.core.auth import Role
from app.core.errors import Problem
from app.settings import Settings

if TYPE_CHECKING:
    from app.core.db import Database

app = typer.Typer(no_args_is_help=True)

Email = Annotated[str, typer.Argument(help="The account's e-mail address.")]


@app.command()
def add(
    email: Email,
    name: Annotated[str, typer.Option(help="What others see; by default the address's first part.")] = "",
    role: Annotated[list[Role] | None, typer.Option(help="What the account may do; repeatable.")] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
) -> None:
    """Make an account, such as the first administrator's; asks for its password."""
    from app.core.clock import SystemClock
    from app.identity import service
    from app.identity.schemas import Registration

    password = (
        sys.stdin.readline().rstrip("\n")
        if password_stdin
        else typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    )
    try:
        form = Registration(email=email, password=password, display_name=name or email.partition("@")[0][:40])
    except ValidationError as error:
        wrong = "; ".join(f"{item['loc'][-1]}: {item['msg']}" for item in error.errors(include_input=False))
        raise typer.BadParameter(wrong) from None
    roles = {Role.VIEWER, *(role or [])}

    async def register(db: "Database") -> None:
        await service.register(db, SystemClock(), form, roles=[one for one in Role if one in roles])

    _run(register)
    typer.echo(f"{form.email} may log in as {', '.join(sorted(roles))}.")


@app.command()
def roles(
    email: Email,
    role: Annotated[
        list[Role] | None, typer.Argument(help="All that the account may do from now on.")
    ] = None,
) -> None:
    """Give an account these roles and no others; viewing stays."""
    from app.core.clock import SystemClock
    from app.core.errors import NotFound
    from app.identity import repository, staff

    async def change(db: "Database") -> None:
        async with db.transaction() as tx:
            user = await repository.user_by_email(tx, email.strip().lower())
        if user is None:
            raise NotFound(f"No account has the address {email}")
        account = await staff.set_roles(db, SystemClock(), user["id"], frozenset(role or []), by=None)
        typer.echo(f"{account.email} is {', '.join(account.roles)}.")

    _run(change)


@app.command("list")
def list_(
    role: Annotated[Role | None, typer.Option(help="Only those who hold it.")] = None,
    search: Annotated[str, typer.Option(help="A part of the address or name.")] = "",
) -> None:
    """The newest 1,000 accounts and their roles."""
    from app.identity import repository

    async def show(db: "Database") -> None:
        async with db.transaction() as tx:
            for row in await repository.search(tx, text=search, role=role, limit=1_000):
                typer.echo(f"{row['email']}\t{row['display_name']}\t{', '.join(row['roles'])}")

    _run(show)


@app.command("screen-names")
def screen_names() -> None:
    """Look once at all names and titles that stand, as after an upgrade: what policy minds becomes a case."""
    from app.adapters.name_screening import screen_existing
    from app.core.clock import SystemClock

    async def look(db: "Database") -> None:
        looked, made = await screen_existing(db, SystemClock())
        typer.echo(f"{looked} names, {made} of them for moderators to look at.")

    _run(look)


def _run(use: "Callable[[Database], Awaitable[None]]") -> None:
    async def with_database() -> None:
        async with _database(Settings()) as db:
            await use(db)

    try:
        asyncio.run(with_database())
    except Problem as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(1) from None


@asynccontextmanager
async def _database(settings: Settings) -> "AsyncIterator[Database]":
    """The platform's database, migrated: the given one, the embedded one that runs, or one for a moment."""
    from app import migrations
    from app.core.db import Database
    from app.embedded.postgres import embedded_postgres_server, running_dsn

    directory = settings.data_dir / "postgres"
    dsn = settings.database_url or running_dsn(directory)
    async with AsyncExitStack() as stack:
        if dsn is None:
            dsn = await stack.enter_async_context(embedded_postgres_server(directory))
        await asyncio.to_thread(migrations.upgrade, dsn)
        yield await stack.enter_async_context(Database.open(dsn))
