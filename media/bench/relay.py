"""A bad network between a viewer and the node: a UDP relay that loses and delays."""

import asyncio
import random
from collections.abc import Callable

from media.engines.embedded.mux import Address, UdpPort


class Relay:
    """Forwards between clients and `target`; both ways lose `loss` of all datagrams.

    Each is held back for up to `jitter_s` more than `delay_s`; order is kept, as on one path.
    """

    def __init__(
        self, target: Address, *, loss: float, delay_s: float, jitter_s: float, seed: int = 7
    ) -> None:
        self._target = target
        self._loss = loss
        self._delay_s = delay_s
        self._jitter_s = jitter_s
        self._random = random.Random(seed)
        self._front = UdpPort(self._from_client)
        self._backs: dict[Address, UdpPort] = {}
        self._releases: dict[tuple[Address, bool], float] = {}
        self.lost = 0
        self.forwarded = 0

    def open(self) -> int:
        """Listen; returns the port to use in place of the node's."""
        self._front.open("0.0.0.0", 0)
        return self._front.port

    def close(self) -> None:
        """Stop forwarding."""
        self._front.close()
        for back in self._backs.values():
            back.close()

    def _from_client(self, data: bytes, client: Address) -> None:
        back = self._backs.get(client)
        if back is None:
            back = self._backs[client] = UdpPort(
                lambda answer, _: self._pass(client, False, lambda: self._front.send([answer], client))
            )
            back.open("0.0.0.0", 0)
        self._pass(client, True, lambda: back.send([data], self._target))

    def _pass(self, client: Address, upward: bool, send: Callable[[], object]) -> None:
        if self._random.random() < self._loss:
            self.lost += 1
            return
        self.forwarded += 1
        loop = asyncio.get_running_loop()
        due = loop.time() + self._delay_s + self._random.random() * self._jitter_s
        due = max(due, self._releases.get((client, upward), 0.0))
        self._releases[client, upward] = due
        loop.call_at(due, send)
