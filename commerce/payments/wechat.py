"""WeChat Pay v3: H5 payments; requests and answers signed with RSA, notifications sealed with AES-256-GCM.

Wire format: https://pay.weixin.qq.com/doc/v3/merchant/4012791832. wechatpayv3 signs, verifies and decrypts;
the calls themselves go through httpx, with a time-out.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode

import httpx
from wechatpayv3.core import Core
from wechatpayv3.utils import build_authorization, load_certificate

from app.core.errors import VendorError
from commerce.payments import bills
from commerce.payments.keys import serial_number
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
from commerce.reconciliation.statements import StatementLine

CURRENCY = "CNY"
SIGNATURE_TYPE = "WECHATPAY2-SHA256-RSA2048"
STATUSES: dict[str, TradeStatus] = {
    "SUCCESS": "succeeded",
    "REFUND": "succeeded",
    "NOTPAY": "pending",
    "USERPAYING": "pending",
    "CLOSED": "closed",
    "REVOKED": "closed",
    "PAYERROR": "closed",
}
RETRYABLE = {"SYSTEM_ERROR", "FREQUENCY_LIMITED", "BANK_ERROR"}


@dataclass(frozen=True, slots=True)
class WechatAccount:
    """Who we are at WeChat Pay. `platform_certificate` (PEM) proves what comes from it."""

    app_id: str
    merchant_id: str
    gateway_url: str
    merchant_serial: str
    platform_certificate: str
    private_pem: str = field(repr=False)
    api_v3_key: str = field(repr=False)


class _Core(Core):  # type: ignore[misc]
    """The SDK's core over one certificate; an unknown one is refused and never fetched in between."""

    def __init__(self, account: WechatAccount) -> None:
        self._certificate = load_certificate(account.platform_certificate)
        super().__init__(
            account.merchant_id, account.merchant_serial, account.private_pem, account.api_v3_key
        )

    def _update_certificates(self) -> None:
        self._certificates = [self._certificate]


class Wechat:
    """A `Provider`."""

    name = "wechat"

    def __init__(
        self, account: WechatAccount, http: httpx.AsyncClient, for_browser: Callable[[str, str], str]
    ) -> None:
        """`for_browser` turns the gateway's address, for the buyer's origin, into one their browser reaches."""
        self._account = account
        self._http = http
        self._for_browser = for_browser
        self._sdk = _Core(account)
        self._serial = serial_number(account.platform_certificate)

    async def create(self, request: PaymentRequest) -> Created:
        if request.currency != CURRENCY:
            raise VendorError(self.name, f"does not take {request.currency}", retryable=False)
        body = {
            "appid": self._account.app_id,
            "mchid": self._account.merchant_id,
            "description": request.subject[:127],
            "out_trade_no": request.out_trade_no,
            "time_expire": request.expires_at.astimezone(UTC).isoformat(timespec="seconds"),
            "notify_url": request.notify_url,
            "amount": {"total": request.amount_cents, "currency": CURRENCY},
            "scene_info": {"payer_client_ip": "127.0.0.1", "h5_info": {"type": "Wap"}},
        }
        answer = await self._call("POST", "/v3/pay/transactions/h5", body)
        url = self._for_browser(answer["h5_url"], request.origin)
        return Created(f"{url}&{urlencode({'redirect_url': request.return_url})}")

    def verify(self, body: bytes, headers: Mapping[str, str], now: datetime) -> Trade:
        headers = {name.lower(): value for name, value in headers.items()}
        if headers.get("wechatpay-serial", "").upper() != self._serial:
            raise Rejected("bad_signature", "signed by a certificate that we do not know")
        try:
            text = body.decode()
            genuine = self._sdk._verify_signature(headers, text)
            opened = self._sdk.callback(headers, text) if genuine else None
        except Exception as error:  # the SDK raises plain Exception for whatever it does not like
            raise Rejected("malformed", repr(error)) from error
        if not opened:
            raise Rejected("bad_signature", "" if not genuine else "the resource does not open")
        resource = opened["resource"]
        return self._trade_of(resource, headers, now)

    def _trade_of(self, resource: Mapping[str, Any], headers: Mapping[str, str], now: datetime) -> Trade:
        out_trade_no = resource.get("out_trade_no")
        if resource.get("appid") != self._account.app_id:
            raise Rejected("wrong_app", str(resource.get("appid")), out_trade_no)
        if resource.get("mchid") != self._account.merchant_id:
            raise Rejected("wrong_seller", str(resource.get("mchid")), out_trade_no)
        try:
            sent_at = datetime.fromtimestamp(int(headers["wechatpay-timestamp"]), UTC)
            trade = _trade(resource)
        except (KeyError, ValueError, TypeError, OverflowError, OSError) as error:
            raise Rejected("malformed", repr(error), out_trade_no) from error
        check_age(sent_at, now, out_trade_no)
        return trade

    def reply(self, *, accepted: bool) -> Reply:
        if accepted:
            return Reply(200, "application/json", b'{"code":"SUCCESS"}')
        return Reply(400, "application/json", '{"code":"FAIL","message":"失败"}'.encode())

    async def query(self, payment: PaymentKey) -> Trade:
        path = f"/v3/pay/transactions/out-trade-no/{payment.out_trade_no}?mchid={self._account.merchant_id}"
        try:
            return _trade(await self._call("GET", path))
        except _NotThere:
            return Trade(payment.out_trade_no, "unknown")
        except (KeyError, ValueError, TypeError) as error:
            raise VendorError(self.name, f"an answer without {error}", retryable=True) from error

    async def close(self, payment: PaymentKey) -> None:
        path = f"/v3/pay/transactions/out-trade-no/{payment.out_trade_no}/close"
        try:
            await self._call("POST", path, {"mchid": self._account.merchant_id})
        except _NotThere:
            return

    async def refund(self, request: RefundRequest) -> None:
        answer = await self._call(
            "POST",
            "/v3/refund/domestic/refunds",
            {
                "out_trade_no": request.payment.out_trade_no,
                "out_refund_no": request.refund_no,
                "reason": request.reason[:80],
                "amount": {
                    "refund": request.amount_cents,
                    "total": request.total_cents,
                    "currency": request.currency,
                },
            },
        )
        if answer.get("status") not in ("SUCCESS", "PROCESSING"):
            raise VendorError(self.name, f"refund {answer.get('status')}", retryable=False)

    async def statement(self, day: date) -> list[StatementLine]:
        """https://pay.weixin.qq.com/doc/v3/merchant/4012791908: an address and the hash of what lies there."""
        path = f"/v3/bill/tradebill?bill_date={day.isoformat()}&bill_type=ALL"
        try:
            answer = await self._call("GET", path)
        except _NotThere:
            return []
        try:
            url = httpx.URL(str(answer["download_url"]))
            expected = str(answer["hash_value"])
        except (KeyError, httpx.InvalidURL) as error:
            raise VendorError(self.name, f"statement: {error!r}", retryable=False) from error
        content = await self._download(url)
        if hashlib.sha1(content, usedforsecurity=False).hexdigest() != expected.lower():
            raise VendorError(self.name, "the statement is not the one that was announced", retryable=True)
        try:
            return bills.read_wechat(content)
        except bills.NotABill as error:
            raise VendorError(self.name, f"statement: {error!r}", retryable=False) from error

    async def _download(self, url: httpx.URL) -> bytes:
        """Asked for with our signature; answered without one, hence the hash."""
        headers = {"authorization": self._authorization("GET", url.raw_path.decode(), "")}
        try:
            response = await self._http.get(url, headers=headers)
            response.raise_for_status()
        except httpx.HTTPError as error:
            raise VendorError(self.name, f"statement: {error!r}", retryable=True) from error
        return response.content

    def _authorization(self, method: str, path: str, content: str) -> str:
        signed: str = build_authorization(
            path,
            method,
            self._account.merchant_id,
            self._account.merchant_serial,
            self._sdk._private_key,
            content,
        )
        return signed

    async def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The verified answer; VendorError (or _NotThere) where there is none that can be trusted."""
        content = json.dumps(body, ensure_ascii=False) if body is not None else ""
        authorization = self._authorization(method, path, content)
        try:
            response = await self._http.request(
                method,
                self._account.gateway_url + path,
                content=content.encode(),
                headers={
                    "authorization": authorization,
                    "content-type": "application/json",
                    "accept": "application/json",
                },
            )
        except httpx.HTTPError as error:
            raise VendorError(self.name, f"{method} {path}: {error!r}", retryable=True) from error
        if response.is_error:
            raise _failure(response)
        if not self._answered_by_wechat(response):
            raise VendorError(self.name, f"{path}: the answer is not WeChat Pay's", retryable=True)
        answer: dict[str, Any] = response.json() if response.content else {}
        return answer

    def _answered_by_wechat(self, response: httpx.Response) -> bool:
        if response.headers.get("wechatpay-serial", "").upper() != self._serial:
            return False
        try:
            return bool(self._sdk._verify_signature(response.headers, response.text))
        except Exception:  # the SDK raises plain Exception for whatever it does not like
            return False


class _NotThere(VendorError):
    """WeChat Pay has never heard of the payment."""


def _failure(response: httpx.Response) -> VendorError:
    try:
        code = str(response.json()["code"])
    except (ValueError, KeyError, TypeError):
        code = ""
    if code in ("ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS", "NO_STATEMENT_EXIST"):
        return _NotThere("wechat", code, retryable=False)
    retryable = code in RETRYABLE or response.is_server_error
    return VendorError("wechat", f"{response.status_code} {code}", retryable=retryable)


def _trade(resource: Mapping[str, Any]) -> Trade:
    """Raises KeyError, ValueError or TypeError where a field is missing or is not what it should be."""
    amount = resource["amount"]
    total = amount["total"]
    if type(total) is not int:
        raise ValueError("the amount is no whole number of cents")
    return Trade(
        out_trade_no=str(resource["out_trade_no"]),
        status=STATUSES[resource["trade_state"]],
        trade_no=resource.get("transaction_id"),
        amount_cents=total,
        currency=str(amount.get("currency", CURRENCY)),
    )
