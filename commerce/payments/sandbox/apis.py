"""The sandbox's addresses for the shop: WeChat Pay's and Stripe's APIs."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from fastapi import FastAPI, Request, Response

from commerce.payments.sandbox import bills
from commerce.payments.sandbox.books import Refused, Trade
from commerce.payments.sandbox.gateway import Gateway
from commerce.payments.sandbox.stripe import NAME as STRIPE
from commerce.payments.sandbox.wechat import NAME as WECHAT
from commerce.payments.sandbox.wechat import Answer


def add_wechat(app: FastAPI, gateway: Gateway) -> None:
    """/v3/…: every request signed by the merchant, every answer by the platform."""
    wire = gateway.wechat

    async def content_of(request: Request) -> dict[str, Any] | None:
        """The signed request's body; None where it is not the merchant's."""
        body = (await request.body()).decode(errors="replace")
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        if not wire.is_merchants(request.method, path, body, request.headers.get("authorization", "")):
            return None
        content = json.loads(body) if body else {}
        return content if isinstance(content, dict) else None

    def answered(answer: Answer) -> Response:
        text = json.dumps(answer.body, ensure_ascii=False) if answer.body is not None else ""
        headers = wire.signed_headers(text, gateway.clock.now())
        return Response(text, answer.status, headers, media_type="application/json")

    @app.api_route("/v3/{path:path}", methods=["GET", "POST"])
    async def wechat(path: str, request: Request) -> Response:
        content = await content_of(request)
        if content is None:
            return answered(Answer(401, {"code": "SIGN_ERROR", "message": "签名错误"}))
        if gateway.behaviour.fail:
            return answered(Answer(500, {"code": "SYSTEM_ERROR", "message": "系统异常"}))
        try:
            if path == "billdownload/file":
                day = date.fromisoformat(request.query_params["day"])
                return Response(bills.wechat_file(gateway.books, day), media_type="text/plain")
            query = request.query_params
            return answered(_wechat_answer(gateway, path, content, query, str(request.base_url)))
        except (KeyError, ValueError, TypeError, Refused) as error:
            return answered(Answer(400, {"code": "PARAM_ERROR", "message": repr(error)}))


def _wechat_answer(
    gateway: Gateway, path: str, content: dict[str, Any], query: Mapping[str, str], base: str
) -> Answer:
    wire, books, now = gateway.wechat, gateway.books, gateway.clock.now()
    if path == "pay/transactions/h5":
        trade = books.register(wire.trade(content, now))
        return Answer(200, {"h5_url": f"{base}checkout/{WECHAT}?out_trade_no={trade.out_trade_no}"})
    if path == "refund/domestic/refunds":
        return wire.refund(books, content, now)
    if path == "bill/tradebill":
        statement = bills.wechat_file(books, date.fromisoformat(str(query.get("bill_date"))))
        return Answer(
            200,
            {
                "hash_type": "SHA1",
                "hash_value": hashlib.sha1(statement, usedforsecurity=False).hexdigest(),
                "download_url": f"{base}v3/billdownload/file?day={query.get('bill_date')}",
            },
        )
    out_trade_no = path.removeprefix("pay/transactions/out-trade-no/")
    if out_trade_no == path:
        return Answer(404, {"code": "NO_SUCH_PATH", "message": path})
    if out_trade_no.endswith("/close"):
        return wire.close(books, out_trade_no.removesuffix("/close"))
    return wire.query(books, out_trade_no)


def add_stripe(app: FastAPI, gateway: Gateway) -> None:
    """/v1/…: form-encoded requests with the secret key, JSON answers."""
    wire = gateway.stripe

    def refused(status: int, code: str) -> Response:
        body = json.dumps({"error": {"type": "invalid_request_error", "code": code}})
        return Response(body, status, media_type="application/json")

    def session(trade: Trade, base: str) -> Response:
        url = f"{base}checkout/{STRIPE}?out_trade_no={trade.out_trade_no}"
        body = wire.session(trade, trade.state, trade.amount_cents, url)
        return Response(json.dumps(body), media_type="application/json")

    @app.api_route("/v1/{path:path}", methods=["GET", "POST"])
    async def stripe(path: str, request: Request) -> Response:
        if not wire.is_merchants(request.headers.get("authorization", "")):
            return refused(401, "api_key_invalid")
        if gateway.behaviour.fail:
            return refused(500, "api_error")
        form = {key: value for key, value in (await request.form()).items() if isinstance(value, str)}
        base = str(request.base_url)
        try:
            if path == "checkout/sessions":
                return session(gateway.books.register(wire.trade(form, gateway.clock.now())), base)
            if path == "balance_transactions":
                body = bills.stripe_page(gateway.books, request.query_params)
                return Response(json.dumps(body), media_type="application/json")
            if path == "refunds":
                return _stripe_refund(gateway, form, request.headers.get("idempotency-key", ""))
            number, _, action = path.removeprefix("checkout/sessions/").partition("/")
            trade = next((trade for trade in gateway.books if trade.trade_no == number), None)
            if trade is None:
                return refused(404, "resource_missing")
            if action == "expire":
                gateway.books.close(trade)
            return session(trade, base)
        except (KeyError, ValueError, Refused) as error:
            return refused(400, str(error))


def _stripe_refund(gateway: Gateway, form: dict[str, str], key: str) -> Response:
    trade = gateway.books.find(STRIPE, form["payment_intent"].removeprefix("pi_"))
    if trade is None:
        raise KeyError("payment_intent")
    gateway.books.refund(trade, key, int(form["amount"]), gateway.clock.now())
    body = {"id": f"re_{key}", "object": "refund", "status": "succeeded"}
    return Response(json.dumps(body), media_type="application/json")
