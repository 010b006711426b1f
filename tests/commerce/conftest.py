"""A shop and the sandbox gateway that reach each other without a network."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from app.adapters.shop import LiveRooms, commerce_config
from app.core.auth import Role
from app.core.clock import ManualClock
from app.core.db import Database
from app.core.http import Services
from app.core.ids import new_id
from app.settings import Settings
from app.web.app import create_app
from commerce.payments.sandbox.app import create_sandbox_app
from commerce.payments.sandbox.books import Trade
from commerce.payments.sandbox.gateway import Gateway
from commerce.payments.sandbox.notifier import Behaviour
from commerce.runtime import Commerce
from tests.builders import create_product, create_room
from tests.conftest import LogIn, User


class Wire(httpx.AsyncBaseTransport):
    """Carries requests to `app`, which is plugged in later; without one, nobody answers."""

    def __init__(self) -> None:
        self.app: FastAPI | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.app is None:
            raise httpx.ConnectError("nobody answers", request=request)
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return await transport.handle_async_request(request)


@dataclass(frozen=True)
class Wires:
    to_shop: Wire
    to_sandbox: Wire


@pytest.fixture
def wires() -> Wires:
    return Wires(Wire(), Wire())


@pytest.fixture
def sandbox(settings: Settings, clock: ManualClock, wires: Wires) -> FastAPI:
    app = create_sandbox_app(commerce_config(settings), clock=clock, transport=wires.to_shop, by_itself=False)
    wires.to_sandbox.app = app
    return app


@pytest.fixture
def gateway(sandbox: FastAPI) -> Gateway:
    found: Gateway = sandbox.state.gateway
    return found


@pytest.fixture
async def commerce(
    services: Services, settings: Settings, wires: Wires, sandbox: FastAPI
) -> AsyncIterator[Commerce]:
    config = commerce_config(settings)
    async with Commerce.open(
        services.db, services.clock, config, rooms=LiveRooms(), transport=wires.to_sandbox
    ) as shop:
        wires.to_shop.app = create_app(services, settings, shop)
        yield shop


@pytest.fixture
async def buyer(log_in: LogIn) -> User:
    return await log_in(Role.VIEWER)


@pytest.fixture
async def merchant(log_in: LogIn) -> User:
    return await log_in(Role.MERCHANT, name="阿杰")


Show = Callable[..., Awaitable[str]]


@pytest.fixture
def show(services: Services, log_in: LogIn) -> Show:
    """Makes a room whose queue holds the products of the given SKUs; its id."""

    async def make(*sku_ids: str) -> str:
        host = await log_in(Role.HOST)
        async with services.db.transaction() as tx:
            rows = await (
                await tx.execute("SELECT product_id FROM skus WHERE id = ANY(%s::uuid[])", (list(sku_ids),))
            ).fetchall()
        return str(await create_room(services, host.principal, [row["product_id"] for row in rows]))

    return make


@dataclass(frozen=True)
class Shop:
    """What most tests do, in one call each."""

    db: Database
    gateway: Gateway
    sandbox: FastAPI
    buyer: User

    async def sku(self, *, stock: int = 10, price_cents: int = 9900) -> str:
        """A product on sale with one SKU; the SKU's id."""
        product_id = await create_product(self.db, stock=stock, price_cents=price_cents)
        answer = await self.buyer.client.get(f"/api/products/{product_id}")
        sku_id: str = answer.json()["skus"][0]["id"]
        return sku_id

    async def post_order(
        self,
        sku_id: str,
        quantity: int = 1,
        *,
        key: str | None = None,
        buyer: User | None = None,
        **more: object,
    ) -> httpx.Response:
        client = (buyer or self.buyer).client
        return await client.post(
            "/api/orders",
            json={"lines": [{"sku_id": sku_id, "quantity": quantity}], **more},
            headers={"idempotency-key": key or new_id().hex},
        )

    async def order(self, sku_id: str, quantity: int = 1, **more: object) -> str:
        """A new order's id."""
        answer = await self.post_order(sku_id, quantity, **more)  # type: ignore[arg-type]
        assert answer.status_code == 201, answer.text
        order_id: str = answer.json()["id"]
        return order_id

    async def payment(self, order_id: str, provider: str = "alipay") -> dict[str, str]:
        answer = await self.buyer.client.post(f"/api/orders/{order_id}/payments", json={"provider": provider})
        assert answer.status_code == 201, answer.text
        found: dict[str, str] = answer.json()
        return found

    async def open_page(self, payment: dict[str, str]) -> Trade:
        """The buyer's browser opens the gateway's page; the trade exists there from now on."""
        transport = httpx.ASGITransport(self.sandbox)
        async with httpx.AsyncClient(transport=transport) as browser:
            answer = await browser.get(payment["pay_url"], follow_redirects=True)
        assert answer.status_code == 200, answer.text
        return next(trade for trade in self.gateway.books if trade.out_trade_no == UUID(payment["id"]).hex)

    async def pay(self, order_id: str, behaviour: Behaviour | None = None, provider: str = "alipay") -> Trade:
        """Open the page, tap, and let the gateway tell us."""
        trade = await self.open_page(await self.payment(order_id, provider))
        self.gateway.notifier.behaviour = behaviour or Behaviour()
        self.gateway.pay(trade)
        await self.gateway.notifier.deliver_due()
        return trade

    async def status(self, order_id: str) -> str:
        answer = await self.buyer.client.get(f"/api/orders/{order_id}")
        status: str = answer.json()["status"]
        return status

    async def stock(self, sku_id: str) -> tuple[int, int]:
        """On hand and reserved."""
        async with self.db.transaction() as tx:
            row = await (await tx.execute("SELECT * FROM stock WHERE sku_id = %s", (sku_id,))).fetchone()
        assert row is not None
        return row["on_hand"], row["reserved"]

    async def rows(self, query: str) -> list[dict[str, object]]:
        async with self.db.transaction() as tx:
            return await (await tx.execute(query.encode())).fetchall()

    async def verdicts(self) -> list[object]:
        """Of every notification, oldest first."""
        return [
            row["verdict"] for row in await self.rows("SELECT verdict FROM payment_notifications ORDER BY id")
        ]


@pytest.fixture
def shop(db: Database, gateway: Gateway, sandbox: FastAPI, buyer: User, commerce: Commerce) -> Shop:
    return Shop(db, gateway, sandbox, buyer)
