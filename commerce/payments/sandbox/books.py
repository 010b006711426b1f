"""The sandbox's own books: what it was asked to take, took and gave back. A journal outlives restarts."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import orjson

TradeState = Literal["waiting", "paid", "closed"]


@dataclass(slots=True)
class Trade:
    """One payment as the gateway knows it; `refunds` by their number, in minor units."""

    provider: str
    out_trade_no: str
    trade_no: str
    subject: str
    amount_cents: int
    currency: str
    notify_url: str
    return_url: str
    created_at: datetime
    expires_at: datetime | None
    state: TradeState = "waiting"
    paid_at: datetime | None = None
    refunds: dict[str, int] = field(default_factory=dict)
    refunded_at: dict[str, datetime] = field(default_factory=dict)

    @property
    def refunded_cents(self) -> int:
        return sum(self.refunds.values())


class Refused(Exception):
    """The gateway does not do this; `code` says why (TRADE_CLOSED, TRADE_HAS_SUCCESS, …)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Books:
    """Trades by provider and number. Every change is one line appended to the journal."""

    def __init__(self, journal: Path | None = None) -> None:
        """None: in memory alone."""
        self._trades: dict[tuple[str, str], Trade] = {}
        self._journal = journal
        if journal and journal.exists():
            for line in journal.read_bytes().splitlines():
                self._remember(_revived(orjson.loads(line)))

    def __iter__(self) -> Iterator[Trade]:
        return iter(self._trades.values())

    def clear(self) -> None:
        """Forget everything, except what the journal holds."""
        self._trades.clear()

    def find(self, provider: str, out_trade_no: str) -> Trade | None:
        return self._trades.get((provider, out_trade_no))

    def register(self, trade: Trade) -> Trade:
        """The trade of that number; the first request decides what it is."""
        known = self.find(trade.provider, trade.out_trade_no)
        if known is not None:
            if (known.amount_cents, known.currency) != (trade.amount_cents, trade.currency):
                raise Refused("CONTEXT_INCONSISTENT")
            return known
        self._write(trade)
        return trade

    def pay(self, trade: Trade, at: datetime, *, even_if_over: bool = False) -> None:
        """Refused where it is paid, or closed or expired and not `even_if_over`."""
        if trade.state == "paid":
            raise Refused("TRADE_HAS_SUCCESS")
        over = trade.state == "closed" or (trade.expires_at is not None and trade.expires_at <= at)
        if over and not even_if_over:
            raise Refused("TRADE_CLOSED")
        trade.state = "paid"
        trade.paid_at = at
        self._write(trade)

    def close(self, trade: Trade) -> None:
        if trade.state == "paid":
            raise Refused("TRADE_STATUS_ERROR")
        trade.state = "closed"
        self._write(trade)

    def refund(self, trade: Trade, refund_no: str, amount_cents: int, at: datetime) -> None:
        """The same number again refunds nothing more; another amount for it is refused."""
        if refund_no in trade.refunds:
            if trade.refunds[refund_no] != amount_cents:
                raise Refused("DISCORDANT_REPEAT_REQUEST")
            return
        if trade.state != "paid":
            raise Refused("TRADE_STATUS_ERROR")
        if not 0 < amount_cents <= trade.amount_cents - trade.refunded_cents:
            raise Refused("REFUND_AMT_NOT_EQUAL_TOTAL")
        trade.refunds[refund_no] = amount_cents
        trade.refunded_at[refund_no] = at
        self._write(trade)

    def _remember(self, trade: Trade) -> None:
        self._trades[trade.provider, trade.out_trade_no] = trade

    def _write(self, trade: Trade) -> None:
        self._remember(trade)
        if self._journal:
            self._journal.parent.mkdir(parents=True, exist_ok=True)
            with self._journal.open("ab") as file:
                file.write(orjson.dumps(asdict(trade)) + b"\n")


def _revived(record: dict[str, Any]) -> Trade:
    for name in ("created_at", "expires_at", "paid_at"):
        record[name] = datetime.fromisoformat(record[name]) if record[name] else None
    moments = {number: datetime.fromisoformat(at) for number, at in record.pop("refunded_at", {}).items()}
    return Trade(**record, refunded_at=moments)
