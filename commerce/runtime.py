"""The shop of one process: everything that its endpoints and jobs work with."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from app.core.clock import Clock
from app.core.db import Database
from commerce.aftersales.service import AfterSales
from commerce.aftersales.steps import Steps
from commerce.catalog.meaning import Meanings
from commerce.catalog.pictures import DiskPictures, PictureStore
from commerce.catalog.s3 import S3Pictures
from commerce.config import CommerceConfig
from commerce.inventory.rooms import NoRooms, ProductRooms
from commerce.ledger.postings import Rates
from commerce.orders.desk import OrderDesk
from commerce.orders.expiry import Expiry
from commerce.orders.service import OrderBook
from commerce.payments.accounts import payment_providers
from commerce.payments.cashier import Cashier
from commerce.payments.refunds import Refunder
from commerce.privacy import Vault
from commerce.reconciliation.service import Reconciler
from commerce.shipping.service import Shipping
from commerce.shipping.tracking import LocalTracking, TrackingService

VENDOR_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Commerce:
    """Get one by `async with Commerce.open(...)`; the web app puts it on `app.state.commerce`."""

    config: CommerceConfig
    rooms: ProductRooms
    vault: Vault
    pictures: PictureStore
    orders: OrderBook
    desk: OrderDesk
    cashier: Cashier
    refunder: Refunder
    expiry: Expiry
    shipping: Shipping
    after_sales: AfterSales
    reconciler: Reconciler
    meanings: Meanings | None

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        db: Database,
        clock: Clock,
        config: CommerceConfig,
        *,
        rooms: ProductRooms | None = None,
        rates: Rates | None = None,
        tracking: TrackingService | None = None,
        meanings: Meanings | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> AsyncIterator["Commerce"]:
        """`transport` replaces the network on the way to payment services.

        Without `tracking`, parcels are followed by a carrier that exists on this machine alone; without
        `meanings`, products are found by their letters alone.
        """
        rooms = rooms or NoRooms()
        rates = rates or Rates()
        vault = Vault.in_directory(config.keys_dir)
        orders = OrderBook(vault, rooms)
        async with (
            httpx.AsyncClient(timeout=VENDOR_TIMEOUT_S, transport=transport, trust_env=False) as http,
            OrderDesk.open(db, rooms, vault, clock, payment_s=config.payment_s) as desk,
        ):
            providers = payment_providers(config, http)
            cashier = Cashier(db, orders, providers, clock, config, rates)
            steps = Steps(orders, clock)
            refunder = Refunder(db, orders, providers, clock, rooms, steps.refund_settled)
            yield cls(
                config=config,
                rooms=rooms,
                vault=vault,
                pictures=S3Pictures(config.s3) if config.s3 else DiskPictures(config.pictures_dir),
                orders=orders,
                desk=desk,
                cashier=cashier,
                refunder=refunder,
                expiry=Expiry(db, orders, cashier, clock),
                shipping=Shipping(db, orders, tracking or LocalTracking(clock), clock),
                after_sales=AfterSales(db, orders, steps, refunder, clock, rooms),
                reconciler=Reconciler(db, providers, clock),
                meanings=meanings,
            )
