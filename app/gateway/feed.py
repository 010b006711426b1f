"""One topic on one gateway: who receives it, from where, and what of a flood."""

import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import orjson
from prometheus_client import Counter, Histogram

from app.core.bus import Entry
from app.gateway.group import Group, Write
from app.gateway.protocol import batch_frame

RING_LENGTH = 1_000
CATCH_UP_CHAT = 100
"""How many ordinary chat messages somebody who was away is sent at most."""
EVENTS_PER_FRAME = 200


EVENTS = Counter("shopcast_gateway_events_total", "Events taken from the logs.")
FRAMES = Counter("shopcast_gateway_frames_total", "Batches written, one for each connection that got it.")
LEFT_OUT = Counter("shopcast_gateway_chat_left_out_total", "Chat messages that a flooded room was not shown.")
DELIVERY = Histogram(
    "shopcast_gateway_delivery_seconds",
    "From the oldest event of a batch to the batch's last write.",
    buckets=(0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2, 5),
)


class Receiver(Protocol):
    """A connection, as a feed sees it."""

    @property
    def choked(self) -> bool:
        """True while its write buffer is over the limit."""
        ...

    @property
    def subscriptions(self) -> Sequence["Subscription"]: ...

    def send(self, frame: bytearray) -> None: ...

    def writer(self) -> Write:
        """What `send` does, as one bound function."""
        ...


class Subscription:
    """One receiver's place in one feed: everything up to `position` has been handed to it."""

    __slots__ = ("_position", "feed", "receiver", "slot")

    def __init__(self, receiver: Receiver, feed: "Feed", position: int) -> None:
        self.receiver = receiver
        self.feed = feed
        self._position = position
        self.slot = -1

    @property
    def live(self) -> bool:
        """True while it receives with the others."""
        return self.slot >= 0

    @property
    def position(self) -> int:
        return self.feed.handed_to(self.slot) if self.live else self._position

    @position.setter
    def position(self, position: int) -> None:
        self._position = position


@dataclass(frozen=True, slots=True)
class Kept:
    """An event in the ring. `ordinary`: chat that a flood may leave out, but not for `concerns`."""

    seq: int
    raw: bytes
    id: str
    ordinary: bool
    concerns: tuple[str, ...]
    deletes: str | None

    @classmethod
    def of(cls, entry: Entry) -> "Kept":
        event = orjson.loads(entry.raw)
        data = event["data"]
        if event["type"] == "chat.message":
            concerns = (data.get("author", {}).get("id"), *data.get("mentions", ()))
            return cls(entry.seq, entry.raw, event["id"], data.get("kind") == "viewer", concerns, None)
        deletes = data.get("message_id") if event["type"] == "chat.deleted" else None
        return cls(entry.seq, entry.raw, event["id"], False, (), deletes)


class Sampler:
    """Allows `per_s` ordinary chat messages a second, with two seconds' worth at once."""

    def __init__(self, per_s: float) -> None:
        self._per_s = per_s
        self._tokens = 2 * per_s
        self._at_s = 0.0

    def sample(self, events: Sequence[Kept], now_s: float) -> list[Kept]:
        """`events` without what is too much, spread evenly over them."""
        self._tokens = min(2 * self._per_s, self._tokens + (now_s - self._at_s) * self._per_s)
        self._at_s = now_s
        ordinary = [event for event in events if event.ordinary]
        allowed = min(len(ordinary), int(self._tokens))
        self._tokens -= allowed
        if allowed == len(ordinary):
            return list(events)
        chosen = {ordinary[i * len(ordinary) // allowed].seq for i in range(allowed)}
        return [event for event in events if not event.ordinary or event.seq in chosen]


class Feed:
    """Delivers a topic's events to its receivers, each exactly once and in order.

    `head` is the number of the newest event that was taken from the log; the ring holds everything
    above `floor` up to it.
    """

    __slots__ = (
        *("_before", "_live", "count", "floor", "head", "idle_since_s", "ring", "sampler", "stats", "topic"),
    )

    def __init__(self, topic: str, head: int, sampler: Sampler | None) -> None:
        """`sampler`: what thins out floods of chat; None for topics that carry none."""
        self.topic = topic
        self.head = head
        self.floor = head
        self._live: Group[Subscription] = Group()
        self._before = head
        self.ring: list[Kept] = []
        self.sampler = sampler
        self.stats: bytes | None = None
        self.count = 0
        self.idle_since_s = 0.0

    async def deliver(
        self,
        entries: Sequence[Entry],
        now_s: float,
        connections_of: Callable[[str], Iterable[Receiver]],
    ) -> None:
        """Hand new `entries` (above `head`, ascending; none: only the stats) to every live receiver.

        `connections_of` finds the receivers of a user; these get what a flood leaves out for others
        if it concerns them.
        """
        for subscription, slot in self._live.settle():
            subscription.slot = slot
        self._before = self.head
        events = self._keep(entries)
        chosen = self.sampler.sample(events, now_s) if self.sampler else events
        frame = self._frame(chosen, self.head, len(events) - len(chosen))
        own = self._own_frames(events, chosen, connections_of) if len(chosen) < len(events) else {}
        await self._live.send(frame, own)
        FRAMES.inc(len(self._live))
        LEFT_OUT.inc(len(events) - len(chosen))
        if events:
            EVENTS.inc(len(events))
            DELIVERY.observe(max(0.0, time.time() - _at_s(events[0])))

    def handed_to(self, slot: int) -> int:
        """The number up to which the live subscription in this slot has been handed everything."""
        return self._before if self._live.waits(slot) else self.head

    def covers(self, position: int) -> bool:
        """True where the ring holds everything after `position`."""
        return self.floor <= position <= self.head

    def catch_up(self, subscription: Subscription) -> None:
        """Send what came after the subscription's position, which the ring must cover; then it is live.

        Where its buffer fills on the way, it stays where it got to.
        """
        behind = self.ring[bisect_right(self.ring, subscription.position, key=_seq) :]
        self.replay(subscription, behind, self.head)
        if subscription.position == self.head and not subscription.receiver.choked:
            self.go_live(subscription)

    def replay(self, subscription: Subscription, events: Sequence[Kept], through: int) -> None:
        """Send `events`, the older of much ordinary chat left out, moving the position up to `through`."""
        ordinary = [event.seq for event in events if event.ordinary]
        from_seq = ordinary[-CATCH_UP_CHAT] if len(ordinary) > CATCH_UP_CHAT else 0
        chosen = [event for event in events if not event.ordinary or event.seq >= from_seq]
        skipped = len(events) - len(chosen)
        for start in range(0, len(chosen), EVENTS_PER_FRAME):
            if subscription.receiver.choked:
                return
            part = chosen[start : start + EVENTS_PER_FRAME]
            subscription.position = part[-1].seq
            subscription.receiver.send(self._frame(part, subscription.position, skipped))
            skipped = 0
        subscription.position = through

    def go_live(self, subscription: Subscription) -> None:
        """From the next delivery on the subscription receives with the others."""
        if not subscription.live:
            subscription.slot = self._live.add(subscription, subscription.receiver.writer())

    def hold(self, subscription: Subscription) -> None:
        """Deliver nothing more to the subscription; its position stands."""
        if subscription.live:
            subscription.position, slot = subscription.position, subscription.slot
            subscription.slot = -1
            self._live.remove(slot)

    def restart(self, head: int) -> list[Subscription]:
        """The log has lost events that were handed out: begin anew at `head`; who must be told."""
        self.head = self.floor = self._before = head
        self.ring.clear()
        return list(self._live)

    def _keep(self, entries: Sequence[Entry]) -> list[Kept]:
        events = [Kept.of(entry) for entry in entries]
        if not events:
            return events
        self.head = events[-1].seq
        self.ring += events
        deleted = {event.deletes for event in events if event.deletes}
        if deleted:
            self.ring = [event for event in self.ring if event.id not in deleted]
        if len(self.ring) > 2 * RING_LENGTH:
            self.floor = self.ring[-RING_LENGTH - 1].seq
            del self.ring[:-RING_LENGTH]
        return events

    def _frame(self, events: Sequence[Kept], through: int, skipped: int) -> bytearray:
        return batch_frame(
            self.topic, ((event.seq, event.raw) for event in events), through, skipped, self.stats
        )

    def _own_frames(
        self,
        events: Sequence[Kept],
        chosen: Sequence[Kept],
        connections_of: Callable[[str], Iterable[Receiver]],
    ) -> dict[int, bytearray]:
        """For each live receiver that left-out events concern, by its slot, a frame that holds them."""
        sent = {event.seq for event in chosen}
        owed: dict[Receiver, set[int]] = {}
        for event in events:
            if event.seq not in sent:
                for subject in event.concerns:
                    for receiver in connections_of(subject):
                        owed.setdefault(receiver, set()).add(event.seq)
        return {
            subscription.slot: self._frame(
                [event for event in events if event.seq in sent or event.seq in extra],
                self.head,
                len(events) - len(chosen) - len(extra),
            )
            for receiver, extra in owed.items()
            for subscription in receiver.subscriptions
            if subscription.feed is self and subscription.live
        }


def _at_s(event: Kept) -> float:
    """When it happened, in seconds since 1970, by the clock of who told of it."""
    return datetime.fromisoformat(orjson.loads(event.raw)["at"]).timestamp()


def _seq(event: Kept) -> int:
    return event.seq
