"""The sandbox gateway as a web application: the buyer's page, the shop's calls, and how to misbehave."""

import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Annotated

import httpx
from fastapi import APIRouter, Depends, FastAPI, Form, Header, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel

from app.core.clock import Clock, SystemClock
from commerce.config import CommerceConfig
from commerce.payments.sandbox import bills, page
from commerce.payments.sandbox.alipay import PAY_METHODS, BadRequest, system_error
from commerce.payments.sandbox.apis import add_stripe, add_wechat
from commerce.payments.sandbox.books import Books, Refused, TradeState
from commerce.payments.sandbox.gateway import Gateway
from commerce.payments.sandbox.notifier import Behaviour

NOTIFY_TIMEOUT_S = 10.0


class TradeOut(BaseModel):
    provider: str
    out_trade_no: str
    trade_no: str
    amount_cents: int
    refunded_cents: int
    currency: str
    state: TradeState
    created_at: datetime


def create_sandbox_app(
    config: CommerceConfig,
    *,
    clock: Clock | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    by_itself: bool = True,
) -> FastAPI:
    """The gateway. `by_itself=False`: notifications wait for `app.state.gateway.notifier.deliver_due()`.

    `transport` replaces the network on the way to the shop.
    """
    http = httpx.AsyncClient(timeout=NOTIFY_TIMEOUT_S, transport=transport, trust_env=False)
    journal = config.data_dir / "sandbox" / "trades.jsonl" if by_itself else None
    gateway = Gateway(config, http, clock or SystemClock(), Books(journal))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with http, gateway.notifier.running():
            yield

    app = FastAPI(title="Shopcast payment sandbox", lifespan=lifespan if by_itself else None)
    app.state.gateway = gateway
    _alipay_routes(app, gateway)
    add_wechat(app, gateway)
    add_stripe(app, gateway)
    _bill_routes(app, gateway)
    _page_routes(app, gateway)
    _admin_routes(app, gateway)
    return app


def _alipay_routes(app: FastAPI, gateway: Gateway) -> None:
    @app.api_route("/gateway.do", methods=["GET", "POST"])
    async def alipay(request: Request) -> Response:
        """Alipay's one address: payment pages for browsers, signed answers for the shop."""
        params = dict(request.query_params)
        if request.method == "POST":
            form = await request.form()
            params |= {key: value for key, value in form.items() if isinstance(value, str)}
        language = page.language_of(request.headers.get("accept-language", ""))
        try:
            method, content = gateway.alipay.read(params)
            if method in PAY_METHODS:
                trade = gateway.books.register(gateway.alipay.trade(params, content, gateway.clock.now()))
                return HTMLResponse(page.payment(trade, gateway.clock.now(), language))
        except (BadRequest, Refused) as error:
            return HTMLResponse(page.failure(error.code, language), 400)
        answer = _alipay_answer(gateway, method, content, str(request.base_url))
        return Response(gateway.alipay.answer(method, answer), media_type="application/json")


def _alipay_answer(gateway: Gateway, method: str, content: Mapping[str, str], base: str) -> dict[str, str]:
    if gateway.behaviour.fail:
        return system_error()
    if method == "alipay.data.dataservice.bill.downloadurl.query":
        day = str(content.get("bill_date"))
        url = f"{base}bills/alipay.zip?day={day}&token={gateway.bill_token(day)}"
        return {"code": "10000", "msg": "Success", "bill_download_url": url}
    return gateway.alipay.call(gateway.books, method, content, gateway.clock.now())


def _bill_routes(app: FastAPI, gateway: Gateway) -> None:
    @app.get("/bills/alipay.zip")
    async def alipay_bill(day: date, token: str) -> Response:
        """A statement of Alipay; its address alone opens it."""
        if not hmac.compare_digest(token.encode(), gateway.bill_token(day.isoformat()).encode()):
            raise HTTPException(403)
        return Response(bills.alipay_file(gateway.books, day), media_type="application/zip")


def _page_routes(app: FastAPI, gateway: Gateway) -> None:
    @app.get("/checkout/{provider}")
    async def checkout(
        provider: str, out_trade_no: str, request: Request, redirect_url: str = ""
    ) -> HTMLResponse:
        """Where WeChat Pay's and Stripe's buyers pay."""
        trade = gateway.found(provider, out_trade_no)
        trade.return_url = trade.return_url or redirect_url
        language = page.language_of(request.headers.get("accept-language", ""))
        return HTMLResponse(page.payment(trade, gateway.clock.now(), language))

    @app.post("/pay")
    async def pay(
        request: Request, provider: Annotated[str, Form()], out_trade_no: Annotated[str, Form()]
    ) -> Response:
        """The buyer has tapped the button."""
        trade = gateway.found(provider, out_trade_no)
        language = page.language_of(request.headers.get("accept-language", ""))
        try:
            gateway.pay(trade)
        except Refused as refused:
            if refused.code != "TRADE_HAS_SUCCESS":
                return HTMLResponse(page.failure(refused.code, language, trade.return_url), 409)
        return HTMLResponse(page.paid(trade, gateway.return_url(trade), language))

    @app.get("/")
    async def home() -> Response:
        return RedirectResponse("/docs")


def _admin_routes(app: FastAPI, gateway: Gateway) -> None:
    async def admin(authorization: Annotated[str, Header()] = "") -> None:
        if not gateway.is_admin(authorization):
            raise HTTPException(401, headers={"www-authenticate": "Bearer"})

    routes = APIRouter(prefix="/admin", dependencies=[Depends(admin)])

    @routes.get("/behaviour")
    async def get_behaviour() -> Behaviour:
        return gateway.behaviour

    @routes.put("/behaviour")
    async def set_behaviour(behaviour: Behaviour) -> Behaviour:
        gateway.notifier.behaviour = behaviour
        return behaviour

    @routes.get("/trades")
    async def list_trades() -> list[TradeOut]:
        return [TradeOut.model_validate(trade, from_attributes=True) for trade in gateway.books]

    @routes.post("/trades/{provider}/{out_trade_no}/pay")
    async def pay(provider: str, out_trade_no: str) -> TradeOut:
        trade = gateway.found(provider, out_trade_no)
        try:
            gateway.pay(trade)
        except Refused as refused:
            raise HTTPException(409, refused.code) from refused
        return TradeOut.model_validate(trade, from_attributes=True)

    @routes.post("/trades/{provider}/{out_trade_no}/notify")
    async def notify(provider: str, out_trade_no: str) -> TradeOut:
        trade = gateway.found(provider, out_trade_no)
        gateway.notifier.tell(trade)
        return TradeOut.model_validate(trade, from_attributes=True)

    app.include_router(routes)
