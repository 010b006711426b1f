"""The sandbox's state: books, wires, and what is still to be told."""

import hmac

import httpx
from fastapi import HTTPException

from app.core.clock import Clock
from commerce.config import CommerceConfig
from commerce.payments.accounts import (
    SANDBOX_APP_ID,
    SANDBOX_MERCHANT_ID,
    SANDBOX_SELLER_ID,
    SANDBOX_WECHAT_APP_ID,
)
from commerce.payments.keys import certificate, key_pair, secret
from commerce.payments.sandbox import alipay, stripe, wechat
from commerce.payments.sandbox.books import Books, Trade
from commerce.payments.sandbox.notifier import Behaviour, Notifier, Wire


class Gateway:
    """Three payment services over one set of books."""

    def __init__(self, config: CommerceConfig, http: httpx.AsyncClient, clock: Clock, books: Books) -> None:
        self.clock = clock
        self.books = books
        keys = config.keys_dir
        self._secret = config.sandbox_admin_token or secret(keys, "sandbox-admin")
        forger_pem = key_pair(keys, "sandbox-forger").private_pem
        self.alipay = alipay.AlipayWire(
            SANDBOX_APP_ID,
            SANDBOX_SELLER_ID,
            key_pair(keys, "sandbox-alipay").private_pem,
            key_pair(keys, "alipay-app").public_pem,
            forger_pem,
        )
        self.wechat = wechat.WechatWire(
            SANDBOX_WECHAT_APP_ID,
            SANDBOX_MERCHANT_ID,
            secret(keys, "wechat-api-v3"),
            key_pair(keys, "sandbox-wechat").private_pem,
            certificate(keys, "sandbox-wechat"),
            key_pair(keys, "wechat-merchant").public_pem,
            forger_pem,
        )
        self.stripe = stripe.StripeWire(
            secret(keys, "stripe-api", "sk_test_"), secret(keys, "stripe-webhook", "whsec_")
        )
        wires: dict[str, Wire] = {
            alipay.NAME: self.alipay,
            wechat.NAME: self.wechat,
            stripe.NAME: self.stripe,
        }
        self.notifier = Notifier(wires, http, clock)

    def is_admin(self, authorization: str) -> bool:
        """Whether an `Authorization` header may tell the gateway what to do."""
        return hmac.compare_digest(authorization.encode(), f"Bearer {self._secret}".encode())

    def bill_token(self, day: str) -> str:
        """Opens the address of a day's statement."""
        return hmac.new(self._secret.encode(), day.encode(), "sha256").hexdigest()

    @property
    def behaviour(self) -> Behaviour:
        return self.notifier.behaviour

    def pay(self, trade: Trade) -> None:
        """The buyer pays; the shop is told. Raises Refused."""
        self.books.pay(trade, self.clock.now(), even_if_over=self.behaviour.pay_after_expiry)
        self.notifier.tell(trade)

    def found(self, provider: str, out_trade_no: str) -> Trade:
        trade = self.books.find(provider, out_trade_no)
        if trade is None:
            raise HTTPException(404, "no such trade")
        return trade

    def return_url(self, trade: Trade) -> str:
        """Where the buyer goes after paying."""
        if trade.provider == alipay.NAME:
            return self.alipay.return_url(trade, self.clock.now())
        return trade.return_url
