"""Databases that tests take in turn: emptied after each, since to make one anew takes ten times as long."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import psycopg

from app.core.ids import new_id

_RELATIONS = """
SELECT relkind, quote_ident(nspname) || '.' || quote_ident(relname)
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE nspname NOT IN ('pg_catalog', 'information_schema') AND nspname NOT LIKE 'pg_%' AND relkind = ANY('{r,S}')
ORDER BY 1, 2
"""
_HANG_UP = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@dataclass
class Databases:
    """`dsn` with `{}` in place of a database's name; `template` is migrated and nobody's."""

    dsn: str
    template: str
    _free: list[str] = field(default_factory=list)
    _relations: list[tuple[str, str]] = field(default_factory=list)
    _migrated: dict[str, bytes] = field(default_factory=dict)
    """What migrations put into tables, as COPY writes it."""

    @asynccontextmanager
    async def one(self) -> AsyncIterator[str]:
        """The DSN of a database as it is after migration, while the block runs."""
        if not self._relations:
            await self._look()
        name = self._free.pop() if self._free else await self._create()
        yield self.dsn.format(name)
        if await self._empty(name):
            self._free.append(name)
        else:
            async with await self._connect("postgres") as admin:
                await admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    async def _connect(self, name: str) -> psycopg.AsyncConnection:
        return await psycopg.AsyncConnection.connect(self.dsn.format(name), autocommit=True)

    async def _look(self) -> None:
        async with await self._connect(self.template) as template:
            self._relations = await (await template.execute(_RELATIONS.encode())).fetchall()
            for kind, relation in self._relations:
                if kind == "r":
                    async with template.cursor().copy(f"COPY {relation} TO STDOUT".encode()) as copy:
                        rows = b"".join([bytes(part) async for part in copy])
                    if rows:
                        self._migrated[relation] = rows

    async def _create(self) -> str:
        name = f"test_{new_id().hex}"
        async with await self._connect("postgres") as admin:
            statement = f"CREATE DATABASE {name} TEMPLATE {self.template} STRATEGY FILE_COPY"
            await admin.execute(statement.encode())
        return name

    async def _empty(self, name: str) -> bool:
        """As it was after migration; False where a test made or removed tables."""
        async with await self._connect(name) as database:
            await database.execute(_HANG_UP)
            if await (await database.execute(_RELATIONS.encode())).fetchall() != self._relations:
                return False
            clearing = ["SET session_replication_role = replica"]  # neither triggers nor foreign keys
            for kind, relation in self._relations:
                restart = f"ALTER SEQUENCE {relation} RESTART"
                clearing.append(f"DELETE FROM {relation}" if kind == "r" else restart)
            await database.execute(";".join(clearing).encode())
            for relation, rows in self._migrated.items():
                async with database.cursor().copy(f"COPY {relation} FROM STDIN".encode()) as copy:
                    await copy.write(rows)
        return True
