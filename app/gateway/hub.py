"""All feeds of one gateway: opened when somebody asks for a topic, filled from the log when it wakes."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

import structlog
from redis.exceptions import RedisError

from app.core.background import stop
from app.core.bus import Bus, Entry
from app.core.wakes import Wakes
from app.gateway.feed import Feed, Kept, Receiver, Sampler, Subscription
from app.gateway.protocol import frame

BATCH_EVERY_S = 0.1
EARLY_S = 0.06
"""A batch that was late does not delay the next ones: these may come so much early."""
QUIET_S = 0.005
GATHER_S = 0.03
"""A batch waits until no event has come for QUIET_S, but for GATHER_S at most."""
LINGER_S = 30.0
"""A feed that nobody receives is kept this long for those who come back."""
READ_LIMIT = 1_000
OPEN_LIMIT = 500
RETRY_AFTER_S = 0.5

log = structlog.get_logger()


class Due:
    """When a topic's next batch goes out: not before its turn, then as soon as it is quiet or has to go."""

    __slots__ = ("latest_s", "quiet_s", "turn_s")

    def __init__(self, turn_s: float, quiet_s: float, latest_s: float) -> None:
        self.turn_s = turn_s
        self.quiet_s = quiet_s
        self.latest_s = latest_s

    @property
    def at_s(self) -> float:
        return max(self.turn_s, min(self.quiet_s, self.latest_s))


class Hub:
    """Opens feeds, reads logs, delivers batches at most every BATCH_EVERY_S per topic."""

    def __init__(self, bus: Bus, *, chat_per_s: float) -> None:
        """`chat_per_s`: how many ordinary chat messages a second each viewer of a room is shown."""
        self._bus = bus
        self._chat_per_s = chat_per_s
        self._wakes = Wakes(bus.redis, self._mark)
        self._feeds: dict[str, Feed] = {}
        self._due: dict[str, Due] = {}
        self._turn_s: dict[str, float] = {}
        self._grown = asyncio.Event()
        self._opening: dict[str, asyncio.Future[Feed]] = {}
        self._wanted = asyncio.Event()
        self._people: dict[str, list[Receiver]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Hub":
        for job, name in ((self._wakes.run(), "wakes"), (self._pump(), "pump"), (self._open(), "opener")):
            self._start(job, name)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await stop(self._tasks)

    def _start(self, job: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(job, name=f"hub-{name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- who is connected

    def arrive(self, subject: str, receiver: Receiver) -> None:
        self._people.setdefault(subject, []).append(receiver)

    def depart(self, subject: str, receiver: Receiver) -> None:
        receivers = self._people[subject]
        receivers.remove(receiver)
        if not receivers:
            del self._people[subject]

    def connections_of(self, subject: str) -> Sequence[Receiver]:
        return self._people.get(subject, ())

    # --- subscriptions

    async def subscribe(
        self, receiver: Receiver, cursors: dict[str, int | None]
    ) -> tuple[list[Subscription], list[str]]:
        """A subscription for each topic, standing at its cursor (None: now); and the topics that must
        begin anew because what follows the cursor cannot be read any more. `start` sets them going."""
        feeds = await asyncio.gather(*(self._feed(topic) for topic in cursors))
        subscriptions, lost = [], []
        for feed, cursor in zip(feeds, cursors.values(), strict=True):
            position = feed.head if cursor is None else cursor
            if not feed.covers(position) and not await self._readable(feed, position):
                lost.append(feed.topic)
                position = feed.head
            subscriptions.append(Subscription(receiver, feed, position))
            feed.count += 1
        return subscriptions, lost

    def subscribe_now(self, receiver: Receiver, cursors: dict[str, int | None]) -> list[Subscription] | None:
        """What `subscribe` gives, where nothing has to be asked for; else None. In a storm that is most."""
        subscriptions = []
        for topic, cursor in cursors.items():
            feed = self._feeds.get(topic)
            if feed is None or not feed.covers(position := feed.head if cursor is None else cursor):
                return None
            subscriptions.append(Subscription(receiver, feed, position))
        for subscription in subscriptions:
            subscription.feed.count += 1
        return subscriptions

    def start(self, subscription: Subscription) -> None:
        """Send what came after the subscription's position, then everything as it comes."""
        if subscription.receiver.choked:
            return
        if subscription.feed.covers(subscription.position):
            subscription.feed.catch_up(subscription)
        else:
            self._start(self._fill(subscription), "fill")

    def release(self, subscription: Subscription) -> None:
        feed = subscription.feed
        feed.hold(subscription)
        feed.count -= 1
        feed.idle_since_s = asyncio.get_running_loop().time()

    def set_stats(self, topic: str, stats: bytes) -> None:
        """Send `stats` (JSON) with the topic's next batch, which comes soon if they are new."""
        feed = self._feeds.get(topic)
        if feed and feed.stats != stats:
            feed.stats = stats
            self._mark(topic)

    async def sweep(self) -> None:
        """Forget the feeds that nobody has received for a while."""
        now_s = asyncio.get_running_loop().time()
        idle = [
            topic
            for topic, feed in self._feeds.items()
            if not feed.count and now_s - feed.idle_since_s > LINGER_S
        ]
        for topic in idle:
            del self._feeds[topic]
            self._due.pop(topic, None)
            self._turn_s.pop(topic, None)
        if idle:
            await self._wakes.unfollow(idle)

    # --- opening feeds: many at once in a storm of connections

    async def _feed(self, topic: str) -> Feed:
        feed = self._feeds.get(topic)
        if feed:
            return feed
        opening = self._opening.get(topic)
        if opening is None:
            opening = self._opening[topic] = asyncio.get_running_loop().create_future()
            self._wanted.set()
        return await asyncio.shield(opening)

    async def _open(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            while self._opening:
                topics = list(self._opening)[:OPEN_LIMIT]
                try:
                    await self._wakes.follow(topics)
                    heads = await self._bus.heads(topics)
                except (RedisError, OSError) as error:
                    log.warning("feeds not opened", error=str(error))
                    await asyncio.sleep(RETRY_AFTER_S)
                    continue
                for topic, head in heads.items():
                    sampler = Sampler(self._chat_per_s) if topic.startswith("room:") else None
                    feed = self._feeds[topic] = Feed(topic, head, sampler)
                    feed.idle_since_s = asyncio.get_running_loop().time()
                    self._opening.pop(topic).set_result(feed)

    # --- resuming from the log

    async def _readable(self, feed: Feed, position: int) -> bool:
        """True where the log still holds everything after `position`."""
        if position > feed.head:
            return False
        if position == 0:
            return True
        oldest = await self._bus.oldest(feed.topic)
        return bool(oldest) and oldest <= position + 1

    async def _fill(self, subscription: Subscription) -> None:
        """Send page after page of the log until the ring covers the rest."""
        feed = subscription.feed
        while not (subscription.live or subscription.receiver.choked):
            if feed.covers(subscription.position):
                feed.catch_up(subscription)
                return
            head, position = feed.head, subscription.position
            try:
                entries = await self._bus.read_after(feed.topic, position, READ_LIMIT)
            except (RedisError, OSError):
                await asyncio.sleep(RETRY_AFTER_S)
                continue
            if subscription.position != position:
                continue
            events = [Kept.of(entry) for entry in entries if entry.seq <= head]
            through = events[-1].seq if len(entries) == READ_LIMIT and events else head
            feed.replay(subscription, events, through)

    # --- delivering

    def _mark(self, topic: str) -> None:
        """The topic has grown: deliver when its batch is due."""
        if topic not in self._feeds:
            return
        now_s = asyncio.get_running_loop().time()
        due = self._due.get(topic)
        if due:
            due.quiet_s = now_s + QUIET_S
        else:
            turn_s = self._turn_s.get(topic, 0.0) - EARLY_S
            self._due[topic] = Due(turn_s, now_s + QUIET_S, now_s + GATHER_S)
            self._grown.set()

    def _take_due(self, now_s: float) -> list[str]:
        """The topics whose batch is due now; the next batch of each has its turn BATCH_EVERY_S later."""
        topics = [topic for topic, due in self._due.items() if due.at_s <= now_s]
        for topic in topics:
            del self._due[topic]
            self._turn_s[topic] = max(self._turn_s.get(topic, 0.0), now_s) + BATCH_EVERY_S
        return topics

    async def _pump(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            topics = self._take_due(loop.time())
            if not topics:
                await self._wait_for_due()
                continue
            try:
                await self._deliver([feed for topic in topics if (feed := self._feeds.get(topic))])
            except (RedisError, OSError) as error:
                log.warning("logs not read", error=str(error))
                await asyncio.sleep(RETRY_AFTER_S)
                for topic in topics:
                    self._mark(topic)
            except Exception:
                log.exception("a batch was not delivered", topics=topics)

    async def _wait_for_due(self) -> None:
        """Until the next batch is due or another topic has grown."""
        self._grown.clear()
        next_s = min((due.at_s for due in self._due.values()), default=None)
        if next_s is None:
            await self._grown.wait()
            return
        alarm = asyncio.get_running_loop().call_at(next_s, self._grown.set)
        await self._grown.wait()
        alarm.cancel()

    async def _deliver(self, feeds: Sequence[Feed]) -> None:
        logs = await self._bus.read_many({feed.topic: feed.head for feed in feeds}, READ_LIMIT)
        await self._tell_lost([feed for feed in feeds if not logs[feed.topic]])
        now_s = asyncio.get_running_loop().time()
        for feed in feeds:
            entries: list[Entry] = logs[feed.topic]
            await feed.deliver(entries, now_s, self.connections_of)
            if len(entries) == READ_LIMIT:
                self._mark(feed.topic)

    async def _tell_lost(self, feeds: Sequence[Feed]) -> None:
        """A log whose newest number is below ours was lost with Redis: its clients begin anew."""
        heads = await self._bus.heads([feed.topic for feed in feeds]) if feeds else {}
        for feed in feeds:
            if heads[feed.topic] < feed.head:
                reset = frame({"t": "reset", "topic": feed.topic})
                for subscription in feed.restart(heads[feed.topic]):
                    subscription.receiver.send(reset)
