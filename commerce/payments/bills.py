"""Statements as the three services write them, read into lines. Numbers outside of trade are left out."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from app.core.money import parse_minor
from commerce.reconciliation.statements import CHINA, StatementLine

CURRENCY = "CNY"
MAX_UNPACKED_BYTES = 512 * 1024 * 1024
TIME_FORMAT = "%Y-%m-%d %H:%M:%S"
ALIPAY_DETAIL = "业务明细"
ALIPAY_KINDS = {"交易": "payment", "退款": "refund"}
WECHAT_KINDS = {"SUCCESS": "payment", "REFUND": "refund"}
STRIPE_KINDS = {"charge": "payment", "payment": "payment", "refund": "refund", "payment_refund": "refund"}


class NotABill(ValueError):
    """What was downloaded is not a statement that can be read."""


def read_alipay(content: bytes) -> list[StatementLine]:
    """A zip with a detail file in GBK: comments begin with #, cells end in tabs, refunds are negative."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_UNPACKED_BYTES:
                raise NotABill("too large")
            names = [entry for entry in archive.infolist() if _is_detail(entry)]
            texts = [archive.read(entry).decode("gb18030") for entry in names]
    except (zipfile.BadZipFile, UnicodeDecodeError, NotImplementedError, RuntimeError) as error:
        raise NotABill(repr(error)) from error
    if not texts:
        raise NotABill("no detail file")
    return [line for text in texts for line in _alipay_lines(text)]


def _is_detail(entry: zipfile.ZipInfo) -> bool:
    """The archive's file names are GBK, which zipfile reads as cp437 unless they are marked as UTF-8."""
    name = entry.filename
    if not entry.flag_bits & 0x800:
        name = name.encode("cp437").decode("gb18030", errors="replace")
    return ALIPAY_DETAIL in name and "汇总" not in name


def _alipay_lines(text: str) -> Iterator[StatementLine]:
    rows = (row for row in text.splitlines() if row.strip() and not row.startswith("#"))
    for row in _rows(rows):
        kind = ALIPAY_KINDS.get(row.get("业务类型", ""))
        if kind is None:
            continue
        try:
            number = row["商户订单号"]
            yield StatementLine(
                kind="payment" if kind == "payment" else "refund",
                reference=number if kind == "payment" else row["退款批次号/请求号"],
                out_trade_no=number,
                amount_cents=abs(parse_minor(row["订单金额（元）"])),
                fee_cents=abs(parse_minor(row["服务费（元）"])),
                currency=CURRENCY,
                at=_time(row["完成时间"]),
            )
        except (KeyError, ValueError) as error:
            raise NotABill(repr(error)) from error


def read_wechat(content: bytes) -> list[StatementLine]:
    """A CSV file in UTF-8 whose values begin with a backtick; the last two lines are sums."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotABill(repr(error)) from error
    rows = text.splitlines()
    sums = next((n for n, row in enumerate(rows) if row.startswith("总交易单数")), None)
    if sums is None:
        raise NotABill("it has no end")
    return list(_wechat_lines(rows[:sums]))


def _wechat_lines(rows: Iterable[str]) -> Iterator[StatementLine]:
    for row in _rows(rows):
        kind = WECHAT_KINDS.get(row.get("交易状态", ""))
        if kind is None:
            continue
        try:
            number = row["商户订单号"]
            payment = kind == "payment"
            yield StatementLine(
                kind="payment" if payment else "refund",
                reference=number if payment else row["商户退款单号"],
                out_trade_no=number,
                amount_cents=abs(parse_minor(row["订单金额" if payment else "申请退款金额"])),
                fee_cents=abs(_fee(row["手续费"])),
                currency=row["货币种类"],
                at=_time(row["交易时间"]),
            )
        except (KeyError, ValueError) as error:
            raise NotABill(repr(error)) from error


def read_stripe(transactions: Sequence[Mapping[str, Any]]) -> list[StatementLine]:
    """Balance transactions with their expanded sources, which carry our numbers as metadata."""
    return list(_stripe_lines(transactions))


def _stripe_lines(transactions: Sequence[Mapping[str, Any]]) -> Iterator[StatementLine]:
    for transaction in transactions:
        kind = STRIPE_KINDS.get(str(transaction.get("type")))
        if kind is None:
            continue
        try:
            source = transaction["source"]
            ours = source["metadata"]
            payment = kind == "payment"
            number = str(ours.get("out_trade_no") or source.get("payment_intent") or source["id"])
            yield StatementLine(
                kind="payment" if payment else "refund",
                reference=number if payment else str(ours.get("refund_no") or source["id"]),
                out_trade_no=number,
                amount_cents=abs(int(transaction["amount"])),
                fee_cents=abs(int(transaction["fee"])),
                currency=str(transaction["currency"]).upper(),
                at=datetime.fromtimestamp(int(transaction["created"]), UTC),
            )
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise NotABill(repr(error)) from error


def _rows(rows: Iterable[str]) -> Iterator[dict[str, str]]:
    reader = csv.DictReader(rows)
    for row in reader:
        yield {
            str(key).strip(): (value or "").strip().removeprefix("`").strip()
            for key, value in row.items()
            if isinstance(value, str)
        }


def _fee(text: str) -> int:
    """WeChat Pay writes fees with five decimals, the last three of them 0."""
    whole, _, decimals = text.partition(".")
    if decimals[2:].strip("0"):
        raise ValueError(f"a fee of {text}")
    return parse_minor(f"{whole}.{decimals[:2]:0<2}")


def _time(text: str) -> datetime:
    return datetime.strptime(text, TIME_FORMAT).replace(tzinfo=CHINA)
