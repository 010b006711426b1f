"""The shop within the platform: its settings, and the rooms that show its products."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from app.adapters.product_meanings import product_meanings
from app.core.db import Tx, fetch_all
from app.core.http import Services
from app.settings import Settings
from commerce.catalog.s3 import S3Account
from commerce.config import CommerceConfig
from commerce.ledger.postings import Rates
from commerce.runtime import Commerce


class LiveRooms:
    """`commerce.inventory.rooms.ProductRooms`: every room that has not ended."""

    async def showing(self, tx: Tx, product_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[UUID]]:
        rows = await fetch_all(
            tx,
            """SELECT product_id, array_agg(room_id) AS room_ids
               FROM room_products JOIN rooms ON rooms.id = room_products.room_id
               WHERE product_id = ANY(%(ids)s) AND rooms.status <> 'ended' GROUP BY product_id""",
            {"ids": list(product_ids)},
        )
        return {row["product_id"]: row["room_ids"] for row in rows}

    async def selling(self, tx: Tx, room_ids: Collection[UUID]) -> Mapping[UUID, frozenset[UUID]]:
        rows = await fetch_all(
            tx,
            """SELECT rooms.id, array_remove(array_agg(product_id), NULL) AS product_ids
               FROM rooms LEFT JOIN room_products ON room_id = rooms.id AND rooms.status <> 'ended'
               WHERE rooms.id = ANY(%(ids)s) GROUP BY rooms.id""",
            {"ids": list(room_ids)},
        )
        return {row["id"]: frozenset(row["product_ids"]) for row in rows}


def commerce_config(settings: Settings) -> CommerceConfig:
    return CommerceConfig(
        data_dir=settings.data_dir,
        payment_s=settings.payment_minutes * 60,
        web_url=f"http://127.0.0.1:{settings.web_port}",
        public_url=settings.public_url,
        sandbox_url=f"http://127.0.0.1:{settings.sandbox_port}",
        secure_cookies=settings.secure_cookies,
        s3=_s3(settings),
        sandbox_admin_token=settings.sandbox_admin_token.get_secret_value()
        if settings.sandbox_admin_token
        else None,
    )


def _s3(settings: Settings) -> S3Account | None:
    if settings.s3_bucket is None:
        return None
    secret = settings.s3_secret_key
    return S3Account(
        bucket=settings.s3_bucket,
        endpoint=settings.s3_endpoint,
        region=settings.s3_region,
        prefix=settings.s3_prefix,
        access_key=settings.s3_access_key,
        secret_key=secret.get_secret_value() if secret else None,
    )


def rates(settings: Settings) -> Rates:
    return Rates(settings.fee_bps, settings.commission_bps, settings.host_bps)


@asynccontextmanager
async def open_shop(services: Services, settings: Settings) -> AsyncIterator[Commerce]:
    """The shop of one process; put it on `app.state.commerce`."""
    async with Commerce.open(
        services.db,
        services.clock,
        commerce_config(settings),
        rooms=LiveRooms(),
        rates=rates(settings),
        meanings=product_meanings(),
    ) as commerce:
        yield commerce
