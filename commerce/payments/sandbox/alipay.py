"""Alipay's wire format, from Alipay's side."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import httpx
from alipay import AliPay

from app.core.ids import new_id
from app.core.money import format_minor, parse_minor
from commerce.payments.alipay import CURRENCY, TIME_FORMAT
from commerce.payments.sandbox.books import Books, Refused, Trade, TradeState
from commerce.payments.sandbox.notifier import Behaviour, Message
from commerce.reconciliation.statements import CHINA

PAY_METHODS = ("alipay.trade.page.pay", "alipay.trade.wap.pay")
STATUS = {"waiting": "WAIT_BUYER_PAY", "paid": "TRADE_SUCCESS", "closed": "TRADE_CLOSED"}
NAME = "alipay"
BUYER = "2088102146225135"


class BadRequest(Exception):
    """The shop's request is not what Alipay would accept; `code` as in Alipay's sub_code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class AlipayWire:
    """Verifies the shop's requests and signs answers and notifications (a `Wire`)."""

    def __init__(
        self, app_id: str, seller_id: str, private_pem: str, app_public_pem: str, forger_pem: str
    ) -> None:
        """`forger_pem`: the private key of somebody who only pretends to be Alipay."""
        self._app_id = app_id
        self._seller_id = seller_id
        self._sdk = AliPay(
            appid=app_id, app_private_key_string=private_pem, alipay_public_key_string=app_public_pem
        )
        self._forger = AliPay(
            appid=app_id, app_private_key_string=forger_pem, alipay_public_key_string=app_public_pem
        )

    def read(self, params: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
        """The method and its content; BadRequest where they are not the shop's."""
        unsigned = {key: value for key, value in params.items() if key != "sign"}
        if params.get("app_id") != self._app_id:
            raise BadRequest("isv.invalid-app-id")
        # In a request, unlike in a notification, sign_type itself is signed.
        raw = "&".join(f"{key}={value}" for key, value in sorted(unsigned.items()))
        try:
            genuine = bool(self._sdk._verify(raw, params.get("sign", "")))
            content = json.loads(params.get("biz_content", "{}"))
        except (ValueError, TypeError) as error:
            raise BadRequest("isv.invalid-signature") from error
        if not genuine or not isinstance(content, dict):
            raise BadRequest("isv.invalid-signature")
        return params.get("method", ""), content

    def trade(self, params: Mapping[str, str], content: Mapping[str, Any], now: datetime) -> Trade:
        """The payment that a page or wap request asks for."""
        try:
            expires = content.get("time_expire")
            return Trade(
                provider=NAME,
                out_trade_no=str(content["out_trade_no"]),
                trade_no=f"{now.astimezone(CHINA):%Y%m%d}2200{new_id().int % 10**16:016}",
                subject=str(content["subject"]),
                amount_cents=parse_minor(str(content["total_amount"]), CURRENCY),
                currency=CURRENCY,
                notify_url=params.get("notify_url", ""),
                return_url=params.get("return_url", ""),
                created_at=now,
                expires_at=datetime.strptime(expires, TIME_FORMAT).replace(tzinfo=CHINA) if expires else None,
            )
        except (KeyError, ValueError) as error:
            raise BadRequest("isv.invalid-parameter") from error

    def call(self, books: Books, method: str, content: Mapping[str, Any], now: datetime) -> dict[str, str]:
        """The answer to trade.query, trade.refund or trade.close, unsigned."""
        trade = books.find(NAME, str(content.get("out_trade_no")))
        if trade is None:
            return _failure("ACQ.TRADE_NOT_EXIST", "交易不存在")
        try:
            if method == "alipay.trade.close":
                books.close(trade)
            elif method == "alipay.trade.refund":
                amount_cents = parse_minor(str(content.get("refund_amount")), CURRENCY)
                books.refund(trade, str(content.get("out_request_no")), amount_cents, now)
            elif method != "alipay.trade.query":
                return _failure("isv.invalid-method", "不存在的方法名")
        except Refused as refused:
            return _failure(f"ACQ.{refused.code}", refused.code)
        except ValueError:
            return _failure("ACQ.INVALID_PARAMETER", "参数无效")
        return _described(trade, now)

    def answer(self, method: str, content: Mapping[str, str]) -> bytes:
        """The signed JSON of an answer; the signature covers its inner object exactly as it is sent."""
        inner = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        signature = self._sdk._sign(inner)
        return f'{{"{method.replace(".", "_")}_response":{inner},"sign":"{signature}"}}'.encode()

    def return_url(self, trade: Trade, now: datetime) -> str:
        """Where the buyer goes after paying, with the signed outcome."""
        fields = {
            "app_id": self._app_id,
            "seller_id": self._seller_id,
            "out_trade_no": trade.out_trade_no,
            "trade_no": trade.trade_no,
            "total_amount": format_minor(trade.amount_cents, CURRENCY),
            "timestamp": _time(now),
            "charset": "utf-8",
            "version": "1.0",
        }
        signed = self._signed(self._sdk, fields)
        return f"{trade.return_url}{'&' if '?' in trade.return_url else '?'}{urlencode(signed)}"

    def message(self, trade: Trade, state: TradeState, now: datetime, behaviour: Behaviour) -> Message:
        fields = {
            "notify_type": "trade_status_sync",
            "notify_id": new_id().hex,
            "notify_time": _time(now),
            "charset": "utf-8",
            "version": "1.0",
            "app_id": self._app_id,
            "auth_app_id": self._app_id,
            "seller_id": self._seller_id,
            "buyer_id": BUYER,
            "out_trade_no": trade.out_trade_no,
            "trade_no": trade.trade_no,
            "subject": trade.subject,
            "trade_status": STATUS[state],
            "total_amount": format_minor(trade.amount_cents + behaviour.amount_delta_cents, CURRENCY),
            "receipt_amount": format_minor(trade.amount_cents, CURRENCY),
            "gmt_create": _time(trade.created_at),
        }
        if trade.paid_at is not None and state == "paid":
            fields["gmt_payment"] = _time(trade.paid_at)
        signed = self._signed(self._forger if behaviour.forge else self._sdk, fields)
        headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
        return Message(urlencode(signed).encode(), headers)

    def understood(self, response: httpx.Response) -> bool:
        return response.status_code == httpx.codes.OK and response.text == "success"

    @staticmethod
    def _signed(sdk: AliPay, fields: Mapping[str, str]) -> dict[str, str]:
        raw = "&".join(f"{key}={value}" for key, value in sorted(fields.items()))
        return {**fields, "sign_type": "RSA2", "sign": sdk._sign(raw)}


def _described(trade: Trade, now: datetime) -> dict[str, str]:
    answer = {
        "code": "10000",
        "msg": "Success",
        "out_trade_no": trade.out_trade_no,
        "trade_no": trade.trade_no,
        "trade_status": STATUS[trade.state],
        "total_amount": format_minor(trade.amount_cents, CURRENCY),
        "buyer_user_id": BUYER,
    }
    if trade.refunds:
        answer["refund_fee"] = format_minor(trade.refunded_cents, CURRENCY)
        answer["gmt_refund_pay"] = _time(now)
    if trade.paid_at is not None:
        answer["send_pay_date"] = _time(trade.paid_at)
    return answer


def _failure(sub_code: str, sub_msg: str) -> dict[str, str]:
    return {"code": "40004", "msg": "Business Failed", "sub_code": sub_code, "sub_msg": sub_msg}


def system_error() -> dict[str, str]:
    return {
        "code": "20000",
        "msg": "Service Currently Unavailable",
        "sub_code": "isp.unknow-error",
        "sub_msg": "系统繁忙",
    }


def _time(moment: datetime) -> str:
    return moment.astimezone(CHINA).strftime(TIME_FORMAT)
