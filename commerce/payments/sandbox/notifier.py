"""How the sandbox tells the shop: again and again until it is understood, or as badly as it was told to."""

import asyncio
import heapq
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Annotated, Protocol

import httpx
import structlog
from pydantic import BaseModel, Field

from app.core.clock import Clock
from commerce.payments.sandbox.books import Trade, TradeState

RETRIES_S = (2, 5, 15, 60, 300)

log = structlog.get_logger()


class Behaviour(BaseModel):
    """How the gateway treats the shop. The default is an honest gateway."""

    repeat: Annotated[int, Field(ge=0, le=20)] = 0
    """Further copies of each notification."""
    delay_s: Annotated[int, Field(ge=0, le=86_400)] = 0
    """How late notifications start."""
    reorder: bool = False
    """An earlier status (still waiting) is told after the later one (paid)."""
    forge: bool = False
    """Notifications are signed with a key that is not ours."""
    amount_delta_cents: Annotated[int, Field(ge=-(10**9), le=10**9)] = 0
    """Notifications name another amount."""
    pay_after_expiry: bool = False
    """Takes money for what is closed or expired."""
    fail: bool = False
    """Calls to the gateway end in an error of its system."""
    silent: bool = False
    """No notification at all."""


@dataclass(frozen=True, slots=True)
class Message:
    """One notification on the wire."""

    body: bytes
    headers: Mapping[str, str]


class Wire(Protocol):
    """A service's format of notifications."""

    def message(self, trade: Trade, state: TradeState, now: datetime, behaviour: Behaviour) -> Message: ...

    def understood(self, response: httpx.Response) -> bool: ...


@dataclass(order=True, slots=True)
class _Due:
    at: datetime
    number: int
    trade: Trade = field(compare=False)
    state: TradeState = field(compare=False)
    attempt: int = field(compare=False)


class Notifier:
    """Keeps what is to be told, by time: told by `running()`, or by `deliver_due()` at one's own pace."""

    def __init__(self, wires: Mapping[str, Wire], http: httpx.AsyncClient, clock: Clock) -> None:
        self.behaviour = Behaviour()
        self._wires = wires
        self._http = http
        self._clock = clock
        self._due: list[_Due] = []
        self._numbers = count()
        self._woken = asyncio.Event()

    def tell(self, trade: Trade) -> None:
        """The trade has changed."""
        if self.behaviour.silent:
            return
        at = self._clock.now() + timedelta(seconds=self.behaviour.delay_s)
        for _ in range(1 + self.behaviour.repeat):
            self._push(at, trade, trade.state, 0)
        if self.behaviour.reorder:
            self._push(at, trade, "waiting", 0)

    @property
    def waiting(self) -> int:
        return len(self._due)

    def clear(self) -> None:
        """Forget what was still to be told."""
        self._due.clear()

    async def deliver_due(self) -> int:
        """Send what is due now, one after the other; how many were sent."""
        sent = 0
        while self._due and self._due[0].at <= self._clock.now():
            await self._deliver(heapq.heappop(self._due))
            sent += 1
        return sent

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._run(), name="sandbox-notifier")
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        while True:
            await self.deliver_due()
            self._woken.clear()
            wait_s = (self._due[0].at - self._clock.now()).total_seconds() if self._due else None
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), wait_s)

    def _push(self, at: datetime, trade: Trade, state: TradeState, attempt: int) -> None:
        heapq.heappush(self._due, _Due(at, next(self._numbers), trade, state, attempt))
        self._woken.set()

    async def _deliver(self, due: _Due) -> None:
        wire = self._wires[due.trade.provider]
        message = wire.message(due.trade, due.state, self._clock.now(), self.behaviour)
        understood = False
        try:
            response = await self._http.post(
                due.trade.notify_url, content=message.body, headers=dict(message.headers)
            )
            understood = wire.understood(response)
        except httpx.HTTPError as error:
            log.info("notification not delivered", url=due.trade.notify_url, error=repr(error))
        if not understood and due.attempt < len(RETRIES_S):
            at = self._clock.now() + timedelta(seconds=RETRIES_S[due.attempt])
            self._push(at, due.trade, due.state, due.attempt + 1)
