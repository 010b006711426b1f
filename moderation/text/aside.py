"""Layers that take milliseconds or may hang, asked beside the event loop: one text at a time, bounded in time.

Few wait; what comes while they wait is not asked and counted, for chat must go on. A layer that hangs or fails is
told as an `unscreened` finding, about which policy decides, and is left alone for a while.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Protocol

from ..findings import Category, Finding, Surface

WAITING = 3
TIMEOUT_S = 0.5
REST_S = 30.0

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
    ) -> None:
        self._layers = layers
        self._timeout_s = timeout_s
        self._places = waiting
        self._rest_s = rest_s
        self._resting_until = 0.0
        self._turn = asyncio.Lock()
        self.asked = 0
        self.skipped = 0

    async def find(self, text: str, surface: Surface) -> list[Finding]:
        """What the layers that suspect the text find in it."""
        asked = [layer for layer in self._layers if layer.suspects(text, surface)]
        if not asked:
            return []
        if self._places == 0 or monotonic() < self._resting_until:
            self.skipped += 1
            return []
        self.asked += 1
        self._places -= 1
        try:
            async with self._turn:
                return await asyncio.wait_for(
                    _in_thread(lambda: [f for layer in asked for f in layer.find(text, surface)]),
                    self._timeout_s,
                )
        except TimeoutError:
            return self._failed("timeout", text)
        except Exception:
            logger.exception("a layer of moderation failed")
            return self._failed("failure", text)
        finally:
            self._places += 1

    def _failed(self, problem: str, text: str) -> list[Finding]:
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
