"""Stripe's wire format, from its side."""

import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx
import orjson

from app.core.ids import new_id
from commerce.payments.sandbox.books import Trade, TradeState
from commerce.payments.sandbox.notifier import Behaviour, Message

NAME = "stripe"
EVENTS = {
    "paid": "checkout.session.completed",
    "closed": "checkout.session.expired",
    "waiting": "checkout.session.created",
}


class StripeWire:
    """Checks the shop's key and signs webhooks (a `Wire`)."""

    def __init__(self, api_key: str, webhook_secret: str) -> None:
        self._api_key = api_key
        self._secret = webhook_secret

    def is_merchants(self, authorization: str) -> bool:
        return hmac.compare_digest(authorization.encode(), f"Bearer {self._api_key}".encode())

    def trade(self, form: Mapping[str, str], now: datetime) -> Trade:
        """The payment that is asked for; KeyError or ValueError where it is not one."""
        price = "line_items[0][price_data]"
        return Trade(
            provider=NAME,
            out_trade_no=form["client_reference_id"],
            trade_no=f"cs_test_{new_id().hex}",
            subject=form[f"{price}[product_data][name]"],
            amount_cents=int(form[f"{price}[unit_amount]"]),
            currency=form[f"{price}[currency]"].upper(),
            notify_url=form["metadata[notify_url]"],
            return_url=form["success_url"],
            created_at=now,
            expires_at=None,
        )

    def session(self, trade: Trade, state: TradeState, amount_cents: int, url: str | None) -> dict[str, Any]:
        """A Checkout session."""
        return {
            "id": trade.trade_no,
            "object": "checkout.session",
            "client_reference_id": trade.out_trade_no,
            "amount_total": amount_cents,
            "currency": trade.currency.lower(),
            "payment_intent": f"pi_{trade.out_trade_no}" if state == "paid" else None,
            "payment_status": "paid" if state == "paid" else "unpaid",
            "status": {"paid": "complete", "closed": "expired", "waiting": "open"}[state],
            "url": url,
        }

    def message(self, trade: Trade, state: TradeState, now: datetime, behaviour: Behaviour) -> Message:
        amount_cents = trade.amount_cents + behaviour.amount_delta_cents
        body = orjson.dumps(
            {
                "id": f"evt_{new_id().hex}",
                "object": "event",
                "type": EVENTS[state],
                "created": int(now.timestamp()),
                "livemode": False,
                "data": {"object": self.session(trade, state, amount_cents, None)},
            }
        )
        timestamp = int(now.timestamp())
        secret = self._secret[::-1] if behaviour.forge else self._secret
        digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, "sha256").hexdigest()
        headers = {"content-type": "application/json", "stripe-signature": f"t={timestamp},v1={digest}"}
        return Message(body, headers)

    def understood(self, response: httpx.Response) -> bool:
        return response.is_success
