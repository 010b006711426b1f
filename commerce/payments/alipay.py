"""Alipay: page and wap payments, signed with RSA2 by python-alipay-sdk.

Wire format: https://opendocs.alipay.com/open/270/105902 (notifications) and …/open/028r8t (trade.*).
The SDK signs and verifies; the calls themselves go through httpx, with a time-out.
"""

import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from urllib.parse import parse_qsl

import httpx
from alipay import AliPay
from alipay.exceptions import AliPayException, AliPayValidationError

from app.core.errors import VendorError
from app.core.money import format_minor, parse_minor
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
from commerce.reconciliation.statements import CHINA, StatementLine

TIME_FORMAT = "%Y-%m-%d %H:%M:%S"
CURRENCY = "CNY"
SUCCESS = "10000"
STATUSES: dict[str, TradeStatus] = {
    "WAIT_BUYER_PAY": "pending",
    "TRADE_SUCCESS": "succeeded",
    "TRADE_FINISHED": "succeeded",
    "TRADE_CLOSED": "closed",
}


@dataclass(frozen=True, slots=True)
class AlipayAccount:
    """Who we are at Alipay. `gateway_url` is where we call it."""

    app_id: str
    seller_id: str
    gateway_url: str
    app_private_pem: str = field(repr=False)
    alipay_public_pem: str


class Alipay:
    """A `Provider`."""

    name = "alipay"

    def __init__(
        self, account: AlipayAccount, http: httpx.AsyncClient, browser_gateway: Callable[[str], str]
    ) -> None:
        """`browser_gateway` gives, for the buyer's origin, where their browser reaches the gateway."""
        self._account = account
        self._http = http
        self._browser_gateway = browser_gateway
        self._sdk = AliPay(
            appid=account.app_id,
            app_private_key_string=account.app_private_pem,
            alipay_public_key_string=account.alipay_public_pem,
            sign_type="RSA2",
        )

    async def create(self, request: PaymentRequest) -> Created:
        if request.currency != CURRENCY:
            raise VendorError(self.name, f"does not take {request.currency}", retryable=False)
        pay = self._sdk.api_alipay_trade_wap_pay if request.mobile else self._sdk.api_alipay_trade_page_pay
        query = pay(
            subject=request.subject,
            out_trade_no=request.out_trade_no,
            total_amount=format_minor(request.amount_cents, CURRENCY),
            notify_url=request.notify_url,
            return_url=request.return_url,
            time_expire=request.expires_at.astimezone(CHINA).strftime(TIME_FORMAT),
        )
        return Created(f"{self._browser_gateway(request.origin)}?{query}")

    def verify(self, body: bytes, headers: Mapping[str, str], now: datetime) -> Trade:
        fields = _form(body)
        out_trade_no = fields.get("out_trade_no")
        if not self._signed_by_alipay(fields):
            raise Rejected("bad_signature", out_trade_no=out_trade_no)
        if fields.get("app_id") != self._account.app_id:
            raise Rejected("wrong_app", str(fields.get("app_id")), out_trade_no)
        if fields.get("seller_id") != self._account.seller_id:
            raise Rejected("wrong_seller", str(fields.get("seller_id")), out_trade_no)
        try:
            sent_at = datetime.strptime(fields["notify_time"], TIME_FORMAT).replace(tzinfo=CHINA)
            trade = _trade(fields)
        except (KeyError, ValueError) as error:
            raise Rejected("malformed", repr(error), out_trade_no) from error
        check_age(sent_at, now, out_trade_no)
        return trade

    def _signed_by_alipay(self, fields: Mapping[str, str]) -> bool:
        unsigned = {name: value for name, value in fields.items() if name not in ("sign", "sign_type")}
        if fields.get("sign_type") != "RSA2":
            return False
        try:
            return bool(self._sdk.verify(unsigned, fields.get("sign", "")))
        except (AliPayException, ValueError, TypeError, binascii.Error):
            return False

    def reply(self, *, accepted: bool) -> Reply:
        return Reply(200, "text/plain", b"success" if accepted else b"failure")

    async def query(self, payment: PaymentKey) -> Trade:
        answer = await self._call("alipay.trade.query", {"out_trade_no": payment.out_trade_no})
        if answer.get("sub_code") == "ACQ.TRADE_NOT_EXIST":
            return Trade(payment.out_trade_no, "unknown")
        self._expect_success(answer)
        return _trade(answer)

    async def close(self, payment: PaymentKey) -> None:
        answer = await self._call("alipay.trade.close", {"out_trade_no": payment.out_trade_no})
        if answer.get("sub_code") != "ACQ.TRADE_NOT_EXIST":
            self._expect_success(answer)

    async def refund(self, request: RefundRequest) -> None:
        answer = await self._call(
            "alipay.trade.refund",
            {
                "out_trade_no": request.payment.out_trade_no,
                "out_request_no": request.refund_no,
                "refund_amount": format_minor(request.amount_cents, CURRENCY),
                "refund_reason": request.reason[:256],
            },
        )
        self._expect_success(answer)

    async def statement(self, day: date) -> list[StatementLine]:
        """https://opendocs.alipay.com/open/028woc: an address, behind it a zip of CSV files in GBK."""
        answer = await self._call(
            "alipay.data.dataservice.bill.downloadurl.query",
            {"bill_type": "trade", "bill_date": day.isoformat()},
        )
        if answer.get("sub_code") == "isp.bill_not_exist":
            return []
        self._expect_success(answer)
        try:
            response = await self._http.get(str(answer["bill_download_url"]))
            response.raise_for_status()
            return bills.read_alipay(response.content)
        except httpx.HTTPError as error:
            raise VendorError(self.name, f"statement: {error!r}", retryable=True) from error
        except (KeyError, bills.NotABill) as error:
            raise VendorError(self.name, f"statement: {error!r}", retryable=False) from error

    async def _call(self, method: str, content: dict[str, str]) -> dict[str, Any]:
        """The signed answer's body; VendorError where there is none that can be trusted."""
        signed = self._sdk.sign_data(self._sdk.build_body(method, content))
        try:
            response = await self._http.post(
                self._account.gateway_url,
                content=signed,
                headers={"content-type": "application/x-www-form-urlencoded;charset=utf-8"},
            )
            response.raise_for_status()
        except httpx.HTTPError as error:
            raise VendorError(self.name, f"{method}: {error!r}", retryable=True) from error
        response_type = method.replace(".", "_") + "_response"
        try:
            answer: dict[str, Any] = self._sdk._verify_and_return_sync_response(response.text, response_type)
        except (AliPayException, AliPayValidationError, ValueError, KeyError, AttributeError) as error:
            raise VendorError(self.name, f"{method}: the answer is not Alipay's", retryable=True) from error
        return answer

    def _expect_success(self, answer: Mapping[str, Any]) -> None:
        """Alipay's codes: https://opendocs.alipay.com/common/02km9f; 20000 and ACQ.SYSTEM_ERROR pass by."""
        code, sub_code = answer.get("code"), str(answer.get("sub_code"))
        if code != SUCCESS:
            retryable = code == "20000" or sub_code.endswith("SYSTEM_ERROR")
            raise VendorError(self.name, f"{code} {sub_code} {answer.get('sub_msg')}", retryable=retryable)


def _form(body: bytes) -> dict[str, str]:
    """The fields of a form that holds each once; Rejected("malformed") otherwise."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=100,
        )
    except ValueError as error:
        raise Rejected("malformed", "not a form") from error
    fields = dict(pairs)
    if len(fields) != len(pairs) or any("\x00" in value for value in fields.values()):
        raise Rejected("malformed", "a field comes twice or holds NUL")
    return fields


def _trade(fields: Mapping[str, Any]) -> Trade:
    """Raises KeyError or ValueError where a field is missing or is not what it should be."""
    return Trade(
        out_trade_no=fields["out_trade_no"],
        status=STATUSES[fields["trade_status"]],
        trade_no=fields["trade_no"],
        amount_cents=parse_minor(fields["total_amount"], CURRENCY),
        currency=CURRENCY,
    )
