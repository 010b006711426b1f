"""A shop, three payment services and their buyers, in one process and on a clock that is moved by hand."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from app.checks.crashes import Crash, CrashingDatabase, CrashingTransport, Fuse
from app.core.auth import Principal
from app.core.clock import ManualClock
from app.core.errors import Problem
from app.core.ids import new_id
from commerce.catalog import service as catalog
from commerce.catalog.schemas import ProductIn, SkuIn
from commerce.config import CommerceConfig
from commerce.orders.placement import OrderDraft
from commerce.orders.schemas import OrderIn, OrderLineIn
from commerce.payments.sandbox.app import create_sandbox_app
from commerce.payments.sandbox.books import Refused
from commerce.payments.sandbox.gateway import Gateway
from commerce.payments.sandbox.notifier import Behaviour
from commerce.payments.schemas import RefundIn
from commerce.reconciliation.service import SETTLING
from commerce.reconciliation.statements import day_bounds, day_of
from commerce.runtime import Commerce

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
ORIGIN = "http://shop.check"
PRICE_CENTS = 9_900
ROUNDS = 200


@dataclass(slots=True)
class Placed:
    """An order as its buyer remembers it."""

    buyer: Principal
    sku_id: UUID
    quantity: int
    key: str
    order_id: UUID | None = None


class ToShop(httpx.AsyncBaseTransport):
    """Notifications go to the cashier without a web server in between; a dead shop answers 500."""

    shop: Commerce

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        provider = request.url.path.rpartition("/")[2]
        try:
            reply = await self.shop.cashier.notified(provider, await request.aread(), request.headers)
        except Crash:
            return httpx.Response(500)
        return httpx.Response(reply.status, content=reply.body)


@dataclass(slots=True)
class World:
    """What a schedule acts on. `World.open` gives one; `begin` starts the next schedule in it."""

    db: CrashingDatabase
    clock: ManualClock
    shop: Commerce
    gateway: Gateway
    browser: httpx.AsyncClient
    fuse: Fuse
    stock: dict[UUID, int] = field(default_factory=dict)
    placed: list[Placed] = field(default_factory=list)
    began: date = field(default_factory=lambda: day_of(START))

    @classmethod
    @asynccontextmanager
    async def open(cls, dsn: str, directory: Path) -> AsyncIterator["World"]:
        """`dsn` of a migrated database that nobody else uses; keys go to `directory`."""
        clock, fuse, to_shop = ManualClock(START), Fuse(), ToShop()
        config = CommerceConfig(data_dir=directory)
        sandbox = create_sandbox_app(config, clock=clock, transport=to_shop, by_itself=False)
        to_sandbox = CrashingTransport(httpx.ASGITransport(sandbox), fuse)
        async with (
            CrashingDatabase.open(dsn) as db,
            httpx.AsyncClient(transport=httpx.ASGITransport(sandbox)) as browser,
        ):
            db.fuse = fuse
            async with Commerce.open(db, clock, config, transport=to_sandbox) as shop:
                to_shop.shop = shop
                yield cls(db, clock, shop, sandbox.state.gateway, browser, fuse)

    async def begin(self, units: list[int]) -> None:
        """One SKU for each of `units`, nobody has ordered, the services are honest."""
        # Each schedule has days of its own: the services forget those before it.
        self.clock.advance((day_bounds(day_of(self.clock.now()))[1] - self.clock.now()).total_seconds())
        self.began = day_of(self.clock.now())
        self.gateway.books.clear()
        self.gateway.notifier.clear()
        self.gateway.notifier.behaviour = Behaviour()
        self.fuse.where = None
        self.stock.clear()
        self.placed.clear()
        async with self.db.transaction() as tx:
            await tx.execute("DELETE FROM procrastinate_jobs")
            for count in units:
                sku = SkuIn(code=new_id().hex, price_cents=PRICE_CENTS, stock=count)
                product = ProductIn(name="check", slug=f"check-{new_id().hex}", status="on_sale", skus=[sku])
                row = await catalog.create(tx, product, actor="check", at=self.clock.now())
                self.stock[UUID(row["skus"][0]["id"])] = count

    async def place(self, wanted: Placed) -> None:
        """Order, or order again with the same key."""
        request = OrderIn(lines=[OrderLineIn(sku_id=wanted.sku_id, quantity=wanted.quantity)])
        with suppress(Problem, Crash):
            row = await self.shop.desk.place(OrderDraft(wanted.buyer, wanted.key, request))
            wanted.order_id = row["id"]

    async def open_page(self, placed: Placed, provider: str) -> None:
        """Choose a way to pay and open the service's page."""
        if placed.order_id is None:
            return
        with suppress(Problem, Crash):
            payment = await self.shop.cashier.create(
                placed.order_id, placed.buyer.user_id, provider, origin=ORIGIN, mobile=False
            )
            await self.browser.get(payment["pay_url"])

    async def tap_pay(self, number: int) -> None:
        """A buyer pays on one of the open pages."""
        trades = list(self.gateway.books)
        if trades:
            with suppress(Refused):
                self.gateway.pay(trades[number % len(trades)])

    async def cancel(self, placed: Placed) -> None:
        if placed.order_id is None:
            return
        with suppress(Problem, Crash):
            async with self.db.transaction() as tx:
                order = await self.shop.orders.of_buyer(tx, placed.order_id, placed.buyer.user_id)
                await self.shop.orders.cancel(tx, order, actor="buyer", reason="", at=self.clock.now())

    async def refund(self, placed: Placed, *, whole: bool) -> None:
        if placed.order_id is None:
            return
        part = [{"sku_id": placed.sku_id, "amount_cents": 100}]
        wanted = RefundIn.model_validate({"lines": None if whole else part, "restock": whole})
        with suppress(Problem, Crash):
            async with self.db.transaction() as tx:
                order = await self.shop.orders.locked(tx, placed.order_id)
                await self.shop.refunder.request(tx, order, wanted, key=new_id().hex, actor="check")

    async def deliver(self) -> None:
        """The services send what is due."""
        await self.gateway.notifier.deliver_due()

    async def work(self) -> int:
        """Run the jobs that are due, all at once; one that crashes stays and is run again."""
        async with self.db.pool.connection() as connection:
            jobs = await (
                await connection.execute(
                    """SELECT id, task_name, args FROM procrastinate_jobs
                       WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= %s) ORDER BY id""",
                    (self.clock.now(),),
                )
            ).fetchall()
        await asyncio.gather(*(self._run(job) for job in jobs))
        return len(jobs)

    async def _run(self, job: dict[str, Any]) -> None:
        args = job["args"]
        match job["task_name"]:
            case "orders:expire":
                order_ids = [UUID(order_id) for order_id in args["order_ids"]]
                doing: Awaitable[None] = self.shop.expiry.expire(order_ids, args.get("extensions", 0))
            case "orders:receive":
                doing = self.shop.expiry.receive(UUID(args["order_id"]))
            case "payments:check":
                doing = self.shop.cashier.check(UUID(args["payment_id"]), args["delay_s"])
            case "payments:refund":
                doing = self.shop.refunder.send(UUID(args["refund_id"]))
            case name:
                raise LookupError(f"nobody runs {name}")
        with suppress(Crash):
            await doing
            async with self.db.pool.connection() as connection:
                await connection.execute("DELETE FROM procrastinate_jobs WHERE id = %s", (job["id"],))

    async def come_to_rest(self) -> None:
        """The services mend their ways and tell everything once more; all jobs are done; time passes."""
        self.fuse.where = None
        self.gateway.notifier.behaviour = Behaviour()
        for trade in self.gateway.books:
            self.gateway.notifier.tell(trade)
        for _ in range(ROUNDS):
            await self.deliver()
            worked = await self.work()
            if not worked and not self.gateway.notifier.waiting and not await self._jobs_waiting():
                return
            self.clock.advance(600)
        raise AssertionError("it never comes to rest")

    async def reconciled(self) -> list[str]:
        """What the services' statements and our books say differently once everything has come to rest."""
        self.clock.advance(2 * SETTLING.total_seconds())
        found = []
        for provider in self.shop.reconciler.providers:
            day = self.began
            while day <= day_of(self.clock.now()):
                run = await self.shop.reconciler.run(provider, day)
                if run["status"] != "agrees":
                    kinds = [difference["kind"] for difference in run["differences"]]
                    found.append(f"{provider}'s statement of {day} {run['status']}: {kinds}")
                day += timedelta(days=1)
        return found

    async def _jobs_waiting(self) -> bool:
        async with self.db.pool.connection() as connection:
            row = await (
                await connection.execute("SELECT EXISTS (SELECT FROM procrastinate_jobs) AS found")
            ).fetchone()
        return bool(row and row["found"])


def new_buyer() -> Principal:
    return Principal(new_id(), "buyer", frozenset())
