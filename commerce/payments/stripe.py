"""Stripe: Checkout sessions over its API, webhooks signed with HMAC-SHA256 (verified by the SDK).

Wire format: https://docs.stripe.com/api/checkout/sessions and https://docs.stripe.com/webhooks/signature. The
calls go through httpx, with a time-out; each that changes something carries an Idempotency-Key.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode

import httpx
import orjson
import stripe

from app.core.errors import VendorError
from commerce.payments import bills
from commerce.payments.provider import (
    Created,
    PaymentKey,
    PaymentRequest,
    RefundRequest,
    Rejected,
    Reply,
    Trade,
    TradeStatus,
    check_age,
)
from commerce.reconciliation.statements import StatementLine, day_bounds

PAGE = 100
API_VERSION = "2025-09-30.clover"


@dataclass(frozen=True, slots=True)
class StripeAccount:
    """Who we are at Stripe; `live` tells its two worlds apart."""

    gateway_url: str
    live: bool
    api_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)


class Stripe:
    """A `Provider`."""

    name = "stripe"

    def __init__(
        self, account: StripeAccount, http: httpx.AsyncClient, for_browser: Callable[[str, str], str]
    ) -> None:
        """`for_browser` turns the gateway's address, for the buyer's origin, into one their browser reaches."""
        self._account = account
        self._http = http
        self._for_browser = for_browser

    async def create(self, request: PaymentRequest) -> Created:
        session = await self._call(
            "POST",
            "/v1/checkout/sessions",
            {
                "mode": "payment",
                "client_reference_id": request.out_trade_no,
                "success_url": request.return_url,
                "cancel_url": request.return_url,
                "line_items[0][quantity]": "1",
                "line_items[0][price_data][currency]": request.currency.lower(),
                "line_items[0][price_data][unit_amount]": str(request.amount_cents),
                "line_items[0][price_data][product_data][name]": request.subject,
                "metadata[notify_url]": request.notify_url,
                "payment_intent_data[metadata][out_trade_no]": request.out_trade_no,
            },
            key=request.out_trade_no,
        )
        return Created(self._for_browser(str(session["url"]), request.origin), str(session["id"]))

    def verify(self, body: bytes, headers: Mapping[str, str], now: datetime) -> Trade:
        header = headers.get("stripe-signature", "")
        try:
            # Its own check of the age reads the machine's clock: ours follows.
            stripe.WebhookSignature.verify_header(body, header, self._account.webhook_secret)
            sent_at = datetime.fromtimestamp(_timestamp(header), UTC)
        except (stripe.SignatureVerificationError, ValueError, OverflowError, OSError) as error:
            raise Rejected("bad_signature", type(error).__name__) from error
        try:
            event = orjson.loads(body)
            session = event["data"]["object"]
            live = event["livemode"]
            if session.get("object") != "checkout.session":
                raise Rejected("ignored", str(event.get("type")))
            trade = _trade(session)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Rejected("malformed", repr(error)) from error
        if live is not self._account.live:
            raise Rejected("wrong_app", "from Stripe's other world", trade.out_trade_no)
        check_age(sent_at, now, trade.out_trade_no)
        return trade

    def reply(self, *, accepted: bool) -> Reply:
        return Reply(200 if accepted else 400, "application/json", b'{"received":true}')

    async def query(self, payment: PaymentKey) -> Trade:
        if payment.trade_no is None:
            return Trade(payment.out_trade_no, "unknown")
        return _trade(await self._call("GET", f"/v1/checkout/sessions/{payment.trade_no}"))

    async def close(self, payment: PaymentKey) -> None:
        if payment.trade_no is None:
            return
        path = f"/v1/checkout/sessions/{payment.trade_no}/expire"
        try:
            await self._call("POST", path, {}, key=f"{payment.out_trade_no}-expire")
        except VendorError:
            # A session that is over cannot be expired; one that was paid must not pass for closed.
            if (await self.query(payment)).status != "closed":
                raise

    async def refund(self, request: RefundRequest) -> None:
        session = await self._call("GET", f"/v1/checkout/sessions/{request.payment.trade_no}")
        refund = await self._call(
            "POST",
            "/v1/refunds",
            {
                "payment_intent": str(session.get("payment_intent")),
                "amount": str(request.amount_cents),
                "metadata[refund_no]": request.refund_no,
                "metadata[out_trade_no]": request.payment.out_trade_no,
            },
            key=request.refund_no,
        )
        if refund.get("status") not in ("succeeded", "pending"):
            raise VendorError(self.name, f"refund {refund.get('status')}", retryable=False)

    async def statement(self, day: date) -> list[StatementLine]:
        """https://docs.stripe.com/api/balance_transactions: every charge and refund, page by page."""
        begin, end = day_bounds(day)
        lines: list[StatementLine] = []
        after: str | None = None
        while True:
            query = {
                "created[gte]": str(int(begin.timestamp())),
                "created[lt]": str(int(end.timestamp())),
                "limit": str(PAGE),
                "expand[]": "data.source",
            }
            page = await self._call(
                "GET",
                f"/v1/balance_transactions?{urlencode(query | ({'starting_after': after} if after else {}))}",
            )
            try:
                lines.extend(bills.read_stripe(page["data"]))
                if not page["has_more"]:
                    return lines
                after = page["data"][-1]["id"]
            except (KeyError, IndexError, TypeError, bills.NotABill) as error:
                raise VendorError(self.name, f"statement: {error!r}", retryable=False) from error

    async def _call(
        self, method: str, path: str, form: Mapping[str, str] | None = None, key: str | None = None
    ) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {self._account.api_key}", "stripe-version": API_VERSION}
        if key is not None:
            headers["idempotency-key"] = key
        try:
            response = await self._http.request(
                method, self._account.gateway_url + path, data=form, headers=headers
            )
        except httpx.HTTPError as error:
            raise VendorError(self.name, f"{method} {path}: {error!r}", retryable=True) from error
        if response.is_error:
            retryable = response.is_server_error or response.status_code in (409, 429)
            raise VendorError(self.name, f"{path}: {response.status_code}", retryable=retryable)
        try:
            answer: dict[str, Any] = response.json()
        except ValueError as error:
            raise VendorError(self.name, f"{path}: not JSON", retryable=True) from error
        return answer


def _timestamp(header: str) -> int:
    """`t` of `t=1700000000,v1=…`."""
    parts = dict(part.partition("=")[::2] for part in header.split(","))
    return int(parts["t"])


def _trade(session: Mapping[str, Any]) -> Trade:
    """Raises KeyError, ValueError or TypeError where a field is missing or is not what it should be."""
    amount = session["amount_total"]
    if type(amount) is not int:
        raise ValueError("the amount is no whole number of cents")
    status: TradeStatus = "pending"
    if session["payment_status"] == "paid":
        status = "succeeded"
    elif session["status"] == "expired":
        status = "closed"
    return Trade(
        out_trade_no=str(session["client_reference_id"]),
        status=status,
        trade_no=str(session["id"]),
        amount_cents=amount,
        currency=str(session["currency"]).upper(),
    )
