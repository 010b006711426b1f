"""WeChat Pay's wire format, from its side."""

import base64
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.core.ids import new_id
from commerce.payments.keys import serial_number
from commerce.payments.sandbox.books import Books, Refused, Trade, TradeState
from commerce.payments.sandbox.notifier import Behaviour, Message
from commerce.payments.wechat import CURRENCY, SIGNATURE_TYPE

NAME = "wechat"
STATES = {"waiting": "NOTPAY", "paid": "SUCCESS", "closed": "CLOSED"}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: dict[str, Any] | None


class WechatWire:
    """Verifies the shop's requests and signs answers and notifications (a `Wire`)."""

    def __init__(
        self,
        app_id: str,
        merchant_id: str,
        api_v3_key: str,
        private_pem: str,
        certificate_pem: str,
        merchant_public_pem: str,
        forger_pem: str,
    ) -> None:
        self._app_id = app_id
        self._merchant_id = merchant_id
        self._cipher = AESGCM(api_v3_key.encode())
        self._key = _private(private_pem)
        self._forger = _private(forger_pem)
        self._serial = serial_number(certificate_pem)
        merchant = serialization.load_pem_public_key(merchant_public_pem.encode())
        assert isinstance(merchant, rsa.RSAPublicKey)
        self._merchant = merchant

    def is_merchants(self, method: str, path: str, body: str, authorization: str) -> bool:
        """Whether the request's `Authorization` is the merchant's signature over it."""
        fields = dict(re.findall(r'(\w+)="([^"]*)"', authorization))
        if not authorization.startswith(SIGNATURE_TYPE) or fields.get("mchid") != self._merchant_id:
            return False
        text = f"{method}\n{path}\n{fields.get('timestamp')}\n{fields.get('nonce_str')}\n{body}\n"
        try:
            signature = base64.b64decode(fields.get("signature", ""), validate=True)
            self._merchant.verify(signature, text.encode(), padding.PKCS1v15(), hashes.SHA256())
        except (InvalidSignature, ValueError):
            return False
        return True

    def trade(self, content: Mapping[str, Any], now: datetime) -> Trade:
        """The payment that is asked for; KeyError or ValueError where it is not one."""
        return Trade(
            provider=NAME,
            out_trade_no=str(content["out_trade_no"]),
            trade_no=f"4200{new_id().int % 10**24:024}",
            subject=str(content["description"]),
            amount_cents=int(content["amount"]["total"]),
            currency=CURRENCY,
            notify_url=str(content["notify_url"]),
            return_url="",
            created_at=now,
            expires_at=datetime.fromisoformat(content["time_expire"]) if "time_expire" in content else None,
        )

    def refund(self, books: Books, content: Mapping[str, Any], now: datetime) -> Answer:
        trade = books.find(NAME, str(content.get("out_trade_no")))
        if trade is None:
            return Answer(404, {"code": "RESOURCE_NOT_EXISTS", "message": "订单不存在"})
        try:
            books.refund(trade, str(content["out_refund_no"]), int(content["amount"]["refund"]), now)
        except Refused as refused:
            return Answer(400, {"code": "INVALID_REQUEST", "message": refused.code})
        body = {
            "status": "SUCCESS",
            "out_refund_no": content["out_refund_no"],
            "create_time": now.isoformat(),
        }
        return Answer(200, body)

    def close(self, books: Books, out_trade_no: str) -> Answer:
        trade = books.find(NAME, out_trade_no)
        if trade is None:
            return Answer(404, {"code": "ORDER_NOT_EXIST", "message": "订单不存在"})
        try:
            books.close(trade)
        except Refused:
            return Answer(400, {"code": "ORDER_PAID", "message": "订单已支付"})
        return Answer(204, None)

    def query(self, books: Books, out_trade_no: str) -> Answer:
        trade = books.find(NAME, out_trade_no)
        if trade is None:
            return Answer(404, {"code": "ORDER_NOT_EXIST", "message": "订单不存在"})
        return Answer(200, self._described(trade, trade.state, trade.amount_cents))

    def signed_headers(
        self, body: str, now: datetime, key: rsa.RSAPrivateKey | None = None
    ) -> dict[str, str]:
        """What proves that `body` comes from here."""
        timestamp, nonce = str(int(now.timestamp())), new_id().hex
        text = f"{timestamp}\n{nonce}\n{body}\n"
        signature = (key or self._key).sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return {
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Serial": self._serial,
            "Wechatpay-Signature": base64.b64encode(signature).decode(),
            "Wechatpay-Signature-Type": SIGNATURE_TYPE,
        }

    def message(self, trade: Trade, state: TradeState, now: datetime, behaviour: Behaviour) -> Message:
        content = self._described(trade, state, trade.amount_cents + behaviour.amount_delta_cents)
        nonce = os.urandom(6).hex()
        sealed = self._cipher.encrypt(nonce.encode(), json.dumps(content).encode(), b"transaction")
        body = json.dumps(
            {
                "id": str(new_id()),
                "create_time": now.isoformat(),
                "event_type": "TRANSACTION.SUCCESS",
                "resource_type": "encrypt-resource",
                "summary": "支付成功",
                "resource": {
                    "algorithm": "AEAD_AES_256_GCM",
                    "ciphertext": base64.b64encode(sealed).decode(),
                    "nonce": nonce,
                    "associated_data": "transaction",
                    "original_type": "transaction",
                },
            }
        )
        headers = self.signed_headers(body, now, self._forger if behaviour.forge else None)
        return Message(body.encode(), {"content-type": "application/json", **headers})

    def understood(self, response: httpx.Response) -> bool:
        return response.is_success

    def _described(self, trade: Trade, state: TradeState, amount_cents: int) -> dict[str, Any]:
        described = {
            "appid": self._app_id,
            "mchid": self._merchant_id,
            "out_trade_no": trade.out_trade_no,
            "transaction_id": trade.trade_no,
            "trade_type": "MWEB",
            "trade_state": "REFUND" if trade.refunds and state == "paid" else STATES[state],
            "amount": {"total": amount_cents, "payer_total": amount_cents, "currency": CURRENCY},
        }
        if trade.paid_at is not None and state == "paid":
            described["success_time"] = trade.paid_at.isoformat()
        return described


def _private(pem: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key
