"""What keeps a failing or costly model from slowing the assistant down."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable

import structlog

from app.core.clock import Clock

log = structlog.get_logger()


class BreakerState(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass
class ModelHealth:
    """For the operator: what became of the calls."""

    outcomes: Counter[str] = field(default_factory=Counter)
    state: BreakerState = BreakerState.CLOSED


@runtime_checkable
class HasHealth(Protocol):
    """A writer that calls a model."""

    @property
    def health(self) -> ModelHealth: ...


@dataclass
class CircuitBreaker:
    """Opens after `failures` in a row; after `rest_s` lets one call try, which closes or reopens it."""

    clock: Clock
    failures: int = 3
    rest_s: float = 30.0
    _failed: int = 0
    _opened_at: float | None = None
    _trying: bool = False

    @property
    def state(self) -> BreakerState:
        if self._opened_at is None:
            return BreakerState.CLOSED
        rested = self.clock.monotonic() - self._opened_at >= self.rest_s
        return BreakerState.HALF_OPEN if rested else BreakerState.OPEN

    def allows(self) -> bool:
        """Whether a call may be made now; while half open, one at a time."""
        state = self.state
        if state is BreakerState.HALF_OPEN and not self._trying:
            self._trying = True
            return True
        return state is BreakerState.CLOSED

    def succeeded(self) -> None:
        if self._opened_at is not None:
            log.info("assistant_model_back")
        self._failed, self._opened_at, self._trying = 0, None, False

    def failed(self, why: str) -> None:
        self._failed += 1
        if self._trying or (self._failed >= self.failures and self._opened_at is None):
            self._opened_at, self._trying = self.clock.monotonic(), False
            log.warning("assistant_model_circuit_opened", why=why, rest_s=self.rest_s)


@dataclass
class TokenBudget:
    """At most `tokens` in any window of `window_s`."""

    clock: Clock
    tokens: int = 60_000
    window_s: float = 60.0
    _spent: list[tuple[float, int]] = field(default_factory=list)

    def allows(self, wanted: int) -> bool:
        since = self.clock.monotonic() - self.window_s
        self._spent = [(at, used) for at, used in self._spent if at > since]
        return sum(used for _, used in self._spent) + wanted <= self.tokens

    def spend(self, used: int) -> None:
        self._spent.append((self.clock.monotonic(), used))
