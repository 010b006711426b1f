"""The embedded engine: brings sessions and rooms together, and keeps time."""

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from media.engines.base import (
    AlreadyPublishing,
    Answer,
    EngineListener,
    MediaSink,
    NodeFull,
    PublishingStopped,
    RoomState,
    SessionNotFound,
    SinkFactory,
    StreamOffline,
    StreamOrder,
    VideoFrame,
)
from media.engines.embedded.dtls import Certificate
from media.engines.embedded.keyframes import KeyFrameRequests
from media.engines.embedded.local import LocalPublisher
from media.engines.embedded.mux import DualPort
from media.engines.embedded.negotiation import (
    LocalTransport,
    Offer,
    credentials_of_fragment,
    parse_offer,
    write_answer,
)
from media.engines.embedded.peer import Peer
from media.engines.embedded.peers import Peers
from media.engines.embedded.publisher import Publisher, RoomPublisher
from media.engines.embedded.room import Room
from media.engines.embedded.viewer import Viewer
from media.engines.embedded.wiring import Forgetting, RoomOutput, interface_addresses

logger = logging.getLogger(__name__)

_TICK_S = 0.02
_HANDSHAKE_LIMIT = 2_000


@dataclass(frozen=True, slots=True)
class EmbeddedConfig:
    """Where the engine listens and what it allows itself.

    `advertised_hosts`: addresses put into answers; empty means those of this machine's
    interfaces and loopback. `udp_port` 0 takes any free one.
    """

    udp_host: str = "0.0.0.0"
    udp_port: int = 0
    advertised_hosts: Sequence[str] = field(default=())
    max_viewers: int = 2_000
    max_host_bitrate_bps: int = 4_000_000
    min_keyframe_request_interval_s: float = 1.0
    max_keyframe_gap_s: float = 2.0


class EmbeddedEngine:
    """`MediaEngine` in this process. `start` and `close` own its socket and tasks."""

    name: ClassVar[str] = "embedded"

    def __init__(
        self,
        config: EmbeddedConfig,
        listener: EngineListener,
        sink_factories: Sequence[SinkFactory] = (),
    ) -> None:
        self._config = config
        self._listener = listener
        self._sink_factories = sink_factories
        self._certificate = Certificate()
        self._peers = Peers()
        self._port = DualPort(self._peers.on_datagram)
        self._rooms: dict[str, Room] = {}
        self._sessions: dict[str, tuple[Peer, Room, Publisher | Viewer]] = {}
        self._ingests: dict[str, tuple[LocalPublisher, Room]] = {}
        self._orders: dict[str, StreamOrder] = {}
        self._ticker: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def udp_port(self) -> int:
        """The bound port."""
        return self._port.port

    @property
    def transport(self) -> DualPort:
        """The node's socket, for its counters."""
        return self._port

    @property
    def session_count(self) -> int:
        """Publishers and viewers, connected or on their way."""
        return len(self._sessions)

    @property
    def known_addresses(self) -> int:
        """Addresses that datagrams are taken from."""
        return self._peers.known_addresses

    @property
    def datagrams_refused(self) -> int:
        """Datagrams that came from nobody we know."""
        return self._peers.datagrams_refused

    def is_fresh(self, room_id: str) -> bool:
        """Whether media came to a room within the last 2 s."""
        room = self._rooms.get(room_id)
        return room is not None and room.is_fresh(time.monotonic())

    async def start(self) -> None:
        """Bind and begin to tick."""
        self._port.open(self._config.udp_host, self._config.udp_port)
        self._ticker = asyncio.create_task(self._tick(), name="media-engine-tick")

    async def close(self) -> None:
        """End every session, close every sink, unbind."""
        for session_id in list(self._sessions):
            self._sessions[session_id][0].close()
        for publisher, _ in list(self._ingests.values()):
            publisher.close()
        if self._ticker is not None:
            self._ticker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticker
        if self._closing:
            await asyncio.gather(*self._closing, return_exceptions=True)
        self._port.close()

    async def publish(self, room_id: str, offer: str) -> Answer:
        """Open a publisher's session."""
        parsed = parse_offer(offer, role="publisher")
        room = self._room_to_publish(room_id)
        peer = self._new_peer(parsed)
        session_id = secrets.token_urlsafe(16)
        publisher = Publisher(
            session_id,
            peer,
            parsed,
            RoomOutput(room, self._publisher_closed),
            keyframes=room.keyframes,
            max_bitrate_bps=self._config.max_host_bitrate_bps,
        )
        peer.handler = publisher
        self._sessions[session_id] = (peer, room, publisher)
        self._close_sinks(room.begin(publisher))
        return Answer(session_id, write_answer(parsed, self._local(peer, {})))

    def ingest(
        self, room_id: str, profile: str | None, on_close: Callable[[], None] = lambda: None
    ) -> LocalPublisher:
        """Open a publisher that is fed here instead of by WebRTC; `AlreadyPublishing` as for others."""
        room = self._room_to_publish(room_id)
        session_id = secrets.token_urlsafe(16)
        publisher = LocalPublisher(
            session_id, RoomOutput(room, self._publisher_closed), profile=profile, on_close=on_close
        )
        self._ingests[session_id] = publisher, room
        self._close_sinks(room.begin(publisher))
        return publisher

    async def subscribe(self, room_id: str, offer: str) -> Answer:
        """Open a viewer's session."""
        room = self._rooms.get(room_id)
        publisher = room.publisher if room is not None else None
        parsed = parse_offer(
            offer, role="viewer", profile=publisher.profile if publisher is not None else None
        )
        if room is None or not room.live:
            raise StreamOffline("Nobody publishes to this room now.")
        if len(self._sessions) >= self._config.max_viewers:
            raise NodeFull("Watch by HLS instead.")
        peer = self._new_peer(parsed)
        session_id = secrets.token_urlsafe(16)
        video, audio = parsed.section("video"), parsed.section("audio")
        viewer = Viewer(
            session_id,
            peer,
            room,
            video=video.codec if video else None,
            audio=audio.codec if audio else None,
            sources=room.sources,
            cname=room_id,
            call_later=asyncio.get_running_loop().call_later,
        )
        peer.handler = Forgetting(viewer, lambda: self._forget(session_id))
        self._sessions[session_id] = (peer, room, viewer)
        return Answer(session_id, write_answer(parsed, self._local(peer, dict(room.sources), cname=room_id)))

    async def trickle(self, session_id: str, fragment: str) -> str | None:
        """Candidates need no action of an ICE-lite server; new credentials restart ICE."""
        peer = self._session(session_id)[0]
        credentials = credentials_of_fragment(fragment)
        if credentials is None or credentials[0] == peer.remote_ufrag:
            return None
        ufrag, password = self._peers.restart_ice(peer, credentials[0])
        candidates = "".join(
            f"a=candidate:{n} 1 udp {2130706431 - n} {host} {port} typ host\r\n"
            for n, (host, port) in enumerate(self._candidates(), 1)
        )
        return f"a=ice-lite\r\na=ice-ufrag:{ufrag}\r\na=ice-pwd:{password}\r\n{candidates}"

    def ice_tag(self, session_id: str) -> str:
        """The session's current ICE user name."""
        return self._session(session_id)[0].local_ufrag

    def session_room(self, session_id: str) -> tuple[str, str] | None:
        """Which kind of session it is, and of which room."""
        found = self._sessions.get(session_id)
        if found is None:
            return None
        return ("whip" if isinstance(found[2], Publisher) else "whep"), found[1].room_id

    async def hang_up(self, session_id: str) -> None:
        """End a session."""
        self._session(session_id)[0].close()

    async def evict(self, room_id: str) -> None:
        """End the room's publisher and viewers; they come back where the room is now."""
        room = self._rooms.get(room_id)
        if room is None:
            return
        if room.publisher is not None:
            room.publisher.close()
        for viewer in list(room.viewers.values()):
            viewer.peer.close()

    def obey(self, room_id: str, order: StreamOrder) -> None:
        """Mute or unmute the room, or end its publisher; remembered for those who come."""
        if order.stopped or order.muted:
            self._orders[room_id] = order
        else:
            self._orders.pop(room_id, None)
        room = self._rooms.get(room_id)
        if room is None:
            return
        room.muted = order.muted
        if order.stopped and room.publisher is not None:
            logger.warning("room %s is stopped: %s", room_id, order.reason)
            room.publisher.close()

    def on_rendition(self, room_id: str, rendition: int, frame: VideoFrame) -> None:
        """Hand a smaller picture to its room."""
        room = self._rooms.get(room_id)
        if room is not None:
            room.on_rendition(rendition, frame)

    def rooms(self) -> Sequence[RoomState]:
        """All rooms that have a publisher or viewers."""
        now = time.monotonic()
        return [room.state(now) for room in self._rooms.values()]

    def room(self, room_id: str) -> RoomState | None:
        """One room, None where it is unknown here."""
        room = self._rooms.get(room_id)
        return room.state(time.monotonic()) if room is not None else None

    def viewer(self, session_id: str) -> Viewer:
        """A viewer's session, for its counters; `SessionNotFound`."""
        found = self._session(session_id)[2]
        if not isinstance(found, Viewer):
            raise SessionNotFound
        return found

    def _publisher_closed(self, room: Room, publisher: RoomPublisher) -> None:
        """A publisher is gone."""
        self._close_sinks(room.end(publisher))
        if self._ingests.pop(publisher.session_id, None) is not None:
            self._drop_if_empty(room)
        self._forget(publisher.session_id)

    def _session(self, session_id: str) -> tuple[Peer, Room, Publisher | Viewer]:
        found = self._sessions.get(session_id)
        if found is None:
            raise SessionNotFound
        return found

    def _room_to_publish(self, room_id: str) -> Room:
        order = self._orders.get(room_id, StreamOrder())
        if order.stopped:
            raise PublishingStopped(order.reason)
        room = self._rooms.get(room_id)
        if room is not None and room.is_fresh(time.monotonic()):
            raise AlreadyPublishing("End the other session, or wait 2 s after its last packet.")
        if room is None:
            room = self._rooms[room_id] = self._new_room(room_id)
            room.muted = order.muted
        return room

    def _new_room(self, room_id: str) -> Room:
        return Room(
            room_id,
            listener=self._listener,
            sink_factories=self._sink_factories,
            keyframes=KeyFrameRequests(
                self._config.min_keyframe_request_interval_s, self._config.max_keyframe_gap_s
            ),
        )

    def _new_peer(self, offer: Offer) -> Peer:
        if self._peers.handshakes > _HANDSHAKE_LIMIT:
            raise NodeFull("Too many sessions are being set up.")
        peer = Peer(
            self._port,
            self._certificate,
            dtls_server=offer.dtls_server,
            fingerprints=offer.fingerprints,
            remote_ufrag=offer.ufrag,
            bind=self._peers.bind,
        )
        self._peers.add(peer)
        return peer

    def _local(self, peer: Peer, sources: dict[str, Any], cname: str = "shopcast") -> LocalTransport:
        return LocalTransport(
            ufrag=peer.local_ufrag,
            password=peer.local_password,
            fingerprint=self._certificate.fingerprint,
            candidates=self._candidates(),
            cname=cname,
            sources=sources,
        )

    def _candidates(self) -> list[tuple[str, int]]:
        hosts = list(self._config.advertised_hosts)
        if not hosts and self._config.udp_host not in ("0.0.0.0", ""):
            hosts = [self._config.udp_host]
        return [(host, self._port.port) for host in hosts or interface_addresses(v6=self._port.has_v6)]

    def _forget(self, session_id: str) -> None:
        session = self._sessions.pop(session_id, None)
        if session is None:
            return
        peer, room, _ = session
        self._peers.forget(peer)
        self._drop_if_empty(room)

    def _drop_if_empty(self, room: Room) -> None:
        used = any(other is room for _, other, _ in self._sessions.values())
        if not used and not any(other is room for _, other in self._ingests.values()):
            self._rooms.pop(room.room_id, None)

    def _close_sinks(self, sinks: list[MediaSink]) -> None:
        for sink in sinks:
            task = asyncio.create_task(_closed(sink.close()))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            now = time.monotonic()
            for peer, _, session in list(self._sessions.values()):
                try:
                    peer.poll(now)
                    session.poll(now)
                except Exception:
                    logger.exception("session failed, closing it")
                    peer.close()


async def _closed(closing: Coroutine[Any, Any, None]) -> None:
    try:
        await closing
    except Exception:
        logger.exception("a media sink failed to close")
