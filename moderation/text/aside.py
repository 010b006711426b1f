"""Layers that take milliseconds or may hang, asked beside the event loop: one text at a time, bounded in time.

What a layer can tell at once it tells at once; for the rest a message waits a few milliseconds where nothing else
waits, and goes out without otherwise: what is found later is told later (`Read.later`). Few hundred wait; what comes
then is counted and not asked. A layer that hangs or fails is told as an `unscreened` finding, about which policy
decides, and is left alone for a while. What was found is remembered for a minute, for a chat repeats itself.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

from prometheus_client import Counter

from app.core.background import stop

from ..findings import Category, Finding, Surface

WAITING = 500
PATIENCE_S = 0.008
TIMEOUT_S = 2.0
REST_S = 30.0
REMEMBERED_S = 60.0
REMEMBERED_TEXTS = 2_000

_ASKED = Counter(
    "shopcast_moderation_asked_total", "Texts that the slow layers of moderation were asked about"
)
_SKIPPED = Counter("shopcast_moderation_skipped_total", "Texts passed on without asking the slow layers")
_LATE = Counter(
    "shopcast_moderation_late_total", "Texts passed on while the slow layers were still reading them"
)
_FAILED = Counter("shopcast_moderation_layer_failures_total", "Times that a slow layer hung or failed")

logger = logging.getLogger(__name__)


class SlowLayer(Protocol):
    """`meaning.MeaningLayer` and `classifier.Classifier` are such."""

    def at_once(self, text: str, surface: Surface) -> list[Finding]:
        """Findings that need no waiting for; takes a fraction of a millisecond."""
        ...

    def suspects(self, text: str, surface: Surface) -> bool:
        """Whether it is worth asking for more; takes a fraction of a millisecond."""
        ...

    def find(self, text: str, surface: Surface) -> list[Finding]:
        """All findings over the text; may block."""
        ...


@dataclass(frozen=True, slots=True)
class Read:
    """What is found so far; `later`, where the layers are still reading, becomes all of it."""

    findings: list[Finding]
    later: asyncio.Task[list[Finding]] | None = None


class Aside:
    """`await Aside([layer]).read(text, surface)`, and `aclose` at the end.

    `asked` counts the texts that slow layers read, `late` those of them that were passed on before, `skipped` those
    that were not read.
    """

    def __init__(
        self,
        layers: Sequence[SlowLayer],
        *,
        timeout_s: float = TIMEOUT_S,
        patience_s: float = PATIENCE_S,
        waiting: int = WAITING,
        rest_s: float = REST_S,
    ) -> None:
        self._layers = layers
        self._timeout_s = timeout_s
        self._patience_s = patience_s
        self._places = waiting
        self._rest_s = rest_s
        self._resting_until = 0.0
        self._turn = asyncio.Lock()
        self._known: dict[tuple[str, Surface], tuple[float, list[Finding]]] = {}
        self._tasks: set[asyncio.Task[list[Finding]]] = set()
        self.asked = 0
        self.late = 0
        self.skipped = 0

    async def aclose(self) -> None:
        """Give up what is still being read."""
        await stop(self._tasks)

    async def find(self, text: str, surface: Surface) -> list[Finding]:
        """All that the layers find, however long it takes."""
        begun = self._begin(text, surface)
        return begun.findings if begun.later is None else await begun.later

    async def read(self, text: str, surface: Surface) -> Read:
        """What they find within `patience_s`."""
        idle = not self._tasks
        begun = self._begin(text, surface)
        if begun.later is None:
            return begun
        if idle:
            await asyncio.wait([begun.later], timeout=self._patience_s)
            if begun.later.done():
                return Read(begun.later.result())
        self.late += 1
        _LATE.inc()
        return begun

    def _begin(self, text: str, surface: Surface) -> Read:
        if (known := self._remembered(text, surface)) is not None:
            return Read(known)
        found = [f for layer in self._layers for f in layer.at_once(text, surface)]
        asked = [layer for layer in self._layers if layer.suspects(text, surface)]
        if not asked:
            return Read(found)
        if self._places == 0 or self._rests():
            return Read(self._skip(found))
        self._places -= 1
        task = asyncio.create_task(self._wait_for(asked, text, surface, found))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return Read(found, task)

    async def _wait_for(
        self, asked: Sequence[SlowLayer], text: str, surface: Surface, found: list[Finding]
    ) -> list[Finding]:
        try:
            async with self._turn:
                if (known := self._remembered(text, surface)) is not None:
                    return known
                if self._rests():
                    return self._skip(found)
                more = await self._ask(asked, text, surface)
        except TimeoutError:
            return [*found, self._failed("timeout", text)]
        except Exception:
            logger.exception("a layer of moderation failed")
            return [*found, self._failed("failure", text)]
        finally:
            self._places += 1
        everything = list(dict.fromkeys([*found, *more]))
        self._remember(text, surface, everything)
        return everything

    async def _ask(self, layers: Sequence[SlowLayer], text: str, surface: Surface) -> list[Finding]:
        self.asked += 1
        _ASKED.inc()
        return await asyncio.wait_for(
            _in_thread(lambda: [f for layer in layers for f in layer.find(text, surface)]), self._timeout_s
        )

    def _skip(self, found: list[Finding]) -> list[Finding]:
        self.skipped += 1
        _SKIPPED.inc()
        return found

    def _rests(self) -> bool:
        return monotonic() < self._resting_until

    def _remembered(self, text: str, surface: Surface) -> list[Finding] | None:
        until, found = self._known.get((text, surface), (0.0, []))
        return list(found) if monotonic() < until else None

    def _remember(self, text: str, surface: Surface, found: list[Finding]) -> None:
        if len(self._known) >= REMEMBERED_TEXTS:
            self._known.clear()
        self._known[text, surface] = monotonic() + REMEMBERED_S, found

    def _failed(self, problem: str, text: str) -> Finding:
        _FAILED.inc()
        logger.error("layers of moderation rest for %.0f s after a %s", self._rest_s, problem)
        self._resting_until = monotonic() + self._rest_s
        return Finding(Category.UNSCREENED, 1.0, f"aside.{problem}", 0, len(text), "")


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
