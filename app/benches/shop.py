"""What benches of the shop begin with: a platform of their own, buyers, and something to buy."""

import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import orjson
from rich.console import Console

from app.benches.http_load import post
from app.benches.ports import free_ports
from app.benches.ways import UNITS
from app.core.db import Database
from app.core.ids import new_id
from app.identity.service import hash_secret
from app.runtime import open_services
from app.settings import Settings
from app.supervisor import platform
from commerce.catalog import service as catalog
from commerce.catalog.schemas import ProductIn, SkuIn


@dataclass(frozen=True, slots=True)
class Bench:
    """A running platform and its database."""

    settings: Settings
    db: Database


@asynccontextmanager
async def bench_platform(roles: Sequence[str] = ("web",)) -> AsyncIterator[Bench]:
    """PostgreSQL (durable, as in earnest), Redis and `roles` over a temporary directory."""
    with tempfile.TemporaryDirectory(prefix="shopcast-bench-") as name:
        web, gateway, media, sandbox = free_ports(4)
        settings = Settings(
            data_dir=Path(name),
            SHOPCAST_DATABASE_URL=None,
            SHOPCAST_REDIS_URL=None,
            web_port=web,
            gateway_port=gateway,
            media_port=media,
            sandbox_port=sandbox,
        )
        quiet = Console(stderr=True, highlight=False)
        async with platform(settings, quiet, roles=roles) as ready, open_services(ready) as services:
            yield Bench(ready, services.db)


async def make_buyers(db: Database, count: int) -> list[str]:
    """Bearer tokens of new accounts, which have no password."""
    secrets = [new_id().hex for _ in range(count)]
    users = [new_id() for _ in range(count)]
    async with db.transaction() as tx:
        await tx.execute(
            """INSERT INTO users (id, email, display_name, password_hash, created_at)
               SELECT id, id || '@bench.example', 'buyer', '-', now() FROM unnest(%s::uuid[]) AS u(id)""",
            (users,),
        )
        await tx.execute(
            """INSERT INTO sessions (id, user_id, kind, name, token_hash, created_at, expires_at)
               SELECT gen_random_uuid(), user_id, 'bearer', 'bench', token_hash, now(), now() + interval '1 day'
               FROM unnest(%s::uuid[], %s::bytea[]) AS s(user_id, token_hash)""",
            (users, [hash_secret(secret) for secret in secrets]),
        )
        await tx.execute("ANALYZE users, sessions")
    return secrets


async def make_sku(db: Database, stock: int) -> UUID:
    """A product on sale with `stock` units of its one SKU."""
    sku = SkuIn(code=new_id().hex, price_cents=9_900, stock=stock)
    product = ProductIn(name="bench", status="on_sale", skus=[sku])
    async with db.transaction() as tx:
        row = await (await tx.execute("SELECT now() AS now")).fetchone()
        assert row is not None
        made = await catalog.create(tx, product, actor="bench", at=row["now"])
    return UUID(made["skus"][0]["id"])


async def make_units(db: Database, sku_id: UUID, count: int) -> None:
    """One row a unit, for the way that locks rows and skips those of others."""
    async with db.transaction() as tx:
        await tx.execute(UNITS.encode())
        await tx.execute(
            "INSERT INTO bench_units (sku_id, number) SELECT %s, generate_series(1, %s)", (sku_id, count)
        )
        await tx.execute("ANALYZE bench_units")


def order_request(secret: str, sku_id: UUID, *, path: str = "/api/orders") -> bytes:
    """One unit, ordered by the owner of `secret`, with a key of its own."""
    body = orjson.dumps({"lines": [{"sku_id": sku_id, "quantity": 1}]})
    return post(path, body, {"authorization": f"Bearer {secret}", "idempotency-key": new_id().hex})


async def stock_of(db: Database, sku_id: UUID) -> tuple[int, int, int]:
    """Available, on hand, and how many units orders hold."""
    async with db.transaction() as tx:
        row = await (
            await tx.execute(
                """SELECT on_hand - reserved AS available, on_hand,
                          (SELECT coalesce(sum(quantity), 0)::int FROM order_lines
                           WHERE sku_id = %(id)s) AS ordered
                   FROM stock WHERE sku_id = %(id)s""",
                {"id": sku_id},
            )
        ).fetchone()
    assert row is not None
    return row["available"], row["on_hand"], row["ordered"]
