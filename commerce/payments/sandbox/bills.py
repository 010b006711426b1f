"""The sandbox's statements, as the three services write them."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.core.money import format_minor
from commerce.ledger.postings import Rates, portion, share
from commerce.payments.bills import TIME_FORMAT
from commerce.payments.sandbox.books import Books, Trade
from commerce.reconciliation.statements import CHINA, day_of

FEE_BPS = Rates().fee_bps
ALIPAY_COLUMNS = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,"
    "订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,"
    "券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
)
WECHAT_COLUMNS = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,"
    "货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,"
    "商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)
WECHAT_SUMS = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"


@dataclass(frozen=True, slots=True)
class Booked:
    """A payment (`refund_no` empty) or a refund; fees are kept of the one and given back with the other."""

    trade: Trade
    refund_no: str
    amount_cents: int
    fee_cents: int
    at: datetime


def booked(books: Books, provider: str) -> Iterator[Booked]:
    """Everything that has moved at one service, trade by trade."""
    for trade in books:
        if trade.provider != provider or trade.state != "paid" or trade.paid_at is None:
            continue
        fee = share(trade.amount_cents, FEE_BPS)
        yield Booked(trade, "", trade.amount_cents, fee, trade.paid_at)
        before = 0
        for number, amount in trade.refunds.items():
            back = portion(fee, before + amount, trade.amount_cents) - portion(
                fee, before, trade.amount_cents
            )
            before += amount
            yield Booked(trade, number, amount, back, trade.refunded_at.get(number, trade.paid_at))


def _of_day(books: Books, provider: str, day: date) -> list[Booked]:
    return [one for one in booked(books, provider) if day_of(one.at) == day]


def alipay_file(books: Books, day: date) -> bytes:
    """A zip that holds one detail file in GBK."""
    lines = [_alipay_row(one) for one in _of_day(books, "alipay", day)]
    frame = "-" * 40
    text = "\r\n".join(
        [
            "#支付宝业务明细查询",
            f"#起始日期：[{day:%Y年%m月%d日} 00:00:00]",
            f"#{frame}业务明细列表{frame}",
            *_csv(ALIPAY_COLUMNS, lines, end="\t"),
            f"#{frame}业务明细列表结束{frame}",
            f"#合计：{len(lines)}笔",
        ]
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"20880000000000010156_{day:%Y%m%d}_业务明细.csv", text.encode("gb18030"))
    return out.getvalue()


def _alipay_row(one: Booked) -> dict[str, str]:
    sign, fee_sign = ("-", "") if one.refund_no else ("", "-")
    amount = f"{sign}{_yuan(one.amount_cents)}"
    return {
        "支付宝交易号": one.trade.trade_no,
        "商户订单号": one.trade.out_trade_no,
        "业务类型": "退款" if one.refund_no else "交易",
        "商品名称": one.trade.subject,
        "创建时间": _time(one.trade.created_at),
        "完成时间": _time(one.at),
        "订单金额（元）": amount,
        "商家实收（元）": amount,
        "退款批次号/请求号": one.refund_no,
        "服务费（元）": f"{fee_sign if one.fee_cents else ''}{_yuan(one.fee_cents)}",
        "分润（元）": "0.00",
    }


def wechat_file(books: Books, day: date) -> bytes:
    """Every value behind a backtick, then the sums."""
    lines = [_wechat_row(one) for one in _of_day(books, "wechat", day)]
    total = len(lines)
    return "\r\n".join(
        [*_csv(WECHAT_COLUMNS, lines, begin="`"), WECHAT_SUMS, f"`{total},`0,`0,`0,`0,`0,`0"]
    ).encode("utf-8-sig")


def _wechat_row(one: Booked) -> dict[str, str]:
    paid, back = (0, one.amount_cents) if one.refund_no else (one.amount_cents, 0)
    return {
        "交易时间": _time(one.at),
        "微信订单号": one.trade.trade_no,
        "商户订单号": one.trade.out_trade_no,
        "交易类型": "MWEB",
        "交易状态": "REFUND" if one.refund_no else "SUCCESS",
        "货币种类": one.trade.currency,
        "应结订单金额": _yuan(paid),
        "商户退款单号": one.refund_no,
        "退款金额": _yuan(back),
        "商品名称": one.trade.subject,
        "手续费": f"{'-' if one.refund_no else ''}{_yuan(one.fee_cents)}000",
        "费率": f"{FEE_BPS / 100:.2f}%",
        "订单金额": _yuan(paid),
        "申请退款金额": _yuan(back),
    }


def stripe_page(books: Books, query: Mapping[str, str]) -> dict[str, Any]:
    """A page of balance transactions."""
    begin, end = int(query["created[gte]"]), int(query["created[lt]"])
    limit, after = int(query.get("limit", "10")), query.get("starting_after")
    rows = [_stripe_row(one) for one in booked(books, "stripe") if begin <= int(one.at.timestamp()) < end]
    start = next((n + 1 for n, row in enumerate(rows) if row["id"] == after), 0)
    return {
        "object": "list",
        "data": rows[start : start + limit],
        "has_more": start + limit < len(rows),
    }


def _stripe_row(one: Booked) -> dict[str, Any]:
    number = one.trade.out_trade_no
    metadata = {"out_trade_no": number} | ({"refund_no": one.refund_no} if one.refund_no else {})
    sign = -1 if one.refund_no else 1
    return {
        "id": f"txn_{number}{one.refund_no}",
        "object": "balance_transaction",
        "type": "refund" if one.refund_no else "charge",
        "amount": sign * one.amount_cents,
        "fee": sign * one.fee_cents,
        "currency": one.trade.currency.lower(),
        "created": int(one.at.timestamp()),
        "source": {
            "id": f"{'re' if one.refund_no else 'ch'}_{number}{one.refund_no}",
            "object": "refund" if one.refund_no else "charge",
            "payment_intent": f"pi_{number}",
            "metadata": metadata,
        },
    }


def _csv(columns: str, rows: Iterable[Mapping[str, str]], *, begin: str = "", end: str = "") -> list[str]:
    names = columns.split(",")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow([f"{begin}{row.get(name, '').replace(',', ' ')}{end}" for name in names])
    return out.getvalue().splitlines()


def _yuan(cents: int) -> str:
    return format_minor(cents, "CNY")


def _time(moment: datetime) -> str:
    return moment.astimezone(CHINA).strftime(TIME_FORMAT)
