"""Layers that take milliseconds or may hang, asked beside the event loop: one text at a time, bounded in time.

Few wait; what comes while they wait, or right after a slow answer, is not asked and counted, for chat must go on.
A layer that hangs or fails is told as an `unscreened` finding, about which policy decides, and is left alone for a
while. What was found in a text is remembered for a minute, for a chat repeats itself.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Protocol

from prometheus_client import Counter

from ..findings import Category, Finding, Surface

WAITING = 3
TIMEOUT_S = 0.5
REST_S = 30.0
SLOW_S = 0.1
BREATHER_S = 1.0
"""After an answer that took `SLOW_S` the machine has no time to spare: nothing is asked for so long."""
REMEMBERED_S = 60.0
REMEMBERED_TEXTS = 2_000

_ASKED = Counter(
    "shopcast_moderation_asked_total", "Texts that the slow layers of moderation were asked about"
)
_SKIPPED = Counter("shopcast_moderation_skipped_total", "Texts passed on without asking the slow layers")
_FAILED = Counter("shopcast_moderation_layer_failures_total", "Times that a slow layer hung or failed")

logger = logging.getLogger(__name__)


class SlowLayer(Protocol):
    """`meaning.MeaningLayer` and `classifier.Classifier` are such."""

    def suspects(self, text: str, surface: Surface) -> bool:
        """Whether it is worth asking; takes a fraction of a millisecond."""
        ...

    def find(self, text: str, surface: Surface) -> list[Finding]:
        """Findings over the text; may block."""
        ...


class Aside:
    """`await Aside([layer]).find(text, surface)`. `asked` counts texts, `skipped` those that were not asked about."""

    def __init__(
        self,
        layers: Sequence[SlowLayer],
        *,
        timeout_s: float = TIMEOUT_S,
        waiting: int = WAITING,
        rest_s: float = REST_S,
        slow_s: float = SLOW_S,
        breather_s: float = BREATHER_S,
    ) -> None:
        self._layers = layers
        self._timeout_s = timeout_s
        self._places = waiting
        self._rest_s = rest_s
        self._slow_s = slow_s
        self._breather_s = breather_s
        self._resting_until = 0.0
        self._turn = asyncio.Lock()
        self._known: dict[tuple[str, Surface], tuple[float, list[Finding]]] = {}
        self.asked = 0
        self.skipped = 0

    async def find(self, text: str, surface: Surface) -> list[Finding]:
        """What the layers that suspect the text find in it."""
        if (known := self._remembered(text, surface)) is not None:
            return known
        asked = [layer for layer in self._layers if layer.suspects(text, surface)]
        if not asked:
            return []
        if self._places == 0 or self._rests():
            return self._skip()
        self._places -= 1
        try:
            async with self._turn:
                if (known := self._remembered(text, surface)) is not None:
                    return known
                if self._rests():
                    return self._skip()
                found = await self._ask(asked, text, surface)
        except TimeoutError:
            return self._failed("timeout", text)
        except Exception:
            logger.exception("a layer of moderation failed")
            return self._failed("failure", text)
        finally:
            self._places += 1
        self._remember(text, surface, found)
        return list(found)

    async def _ask(self, layers: Sequence[SlowLayer], text: str, surface: Surface) -> list[Finding]:
        self.asked += 1
        _ASKED.inc()
        begun = monotonic()
        found = await asyncio.wait_for(
            _in_thread(lambda: [f for layer in layers for f in layer.find(text, surface)]), self._timeout_s
        )
        if monotonic() - begun > self._slow_s:
            self._resting_until = monotonic() + self._breather_s
        return found

    def _skip(self) -> list[Finding]:
        self.skipped += 1
        _SKIPPED.inc()
        return []

    def _rests(self) -> bool:
        return monotonic() < self._resting_until

    def _remembered(self, text: str, surface: Surface) -> list[Finding] | None:
        until, found = self._known.get((text, surface), (0.0, []))
        return list(found) if monotonic() < until else None

    def _remember(self, text: str, surface: Surface, found: list[Finding]) -> None:
        if len(self._known) >= REMEMBERED_TEXTS:
            self._known.clear()
        self._known[text, surface] = monotonic() + REMEMBERED_S, found

    def _failed(self, problem: str, text: str) -> list[Finding]:
        _FAILED.inc()
        logger.error("layers of moderation rest for %.0f s after a %s", self._rest_s, problem)
        self._resting_until = monotonic() + self._rest_s
        return [Finding(Category.UNSCREENED, 1.0, f"aside.{problem}", 0, len(text), "")]


async def _in_thread(work: Callable[[], list[Finding]]) -> list[Finding]:
    """`work` in a thread of its own that may be left behind: one that hangs must not hold up the end of the process."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[list[Finding]] = loop.create_future()

    def tell(outcome: list[Finding] | Exception) -> None:
        if done.done():
            return
        if isinstance(outcome, Exception):
            done.set_exception(outcome)
        else:
            done.set_result(outcome)

    def run() -> None:
        outcome: list[Finding] | Exception
        try:
            outcome = work()
        except Exception as problem:
            outcome = problem
        if not loop.is_closed():
            loop.call_soon_threadsafe(tell, outcome)

    threading.Thread(target=run, daemon=True, name="moderation-aside").start()
    return await done
