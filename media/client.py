"""WHIP and WHEP clients for programs: the sample host, tests and benches use them."""

import logging
from datetime import UTC, datetime
from urllib.parse import urljoin

import httpx
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)

logger = logging.getLogger(__name__)

_TIMEOUT_S = 10.0


class WebRtcClient:
    """One WHIP or WHEP session over HTTP: `connect`, then media until `close`."""

    def __init__(self, url: str, token: str, http: httpx.AsyncClient | None = None) -> None:
        """`url` is the endpoint; `http` is used and left open where it is given."""
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}
        self._http = http
        self._session_url: str | None = None
        self.etag: str | None = None
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._senders: list[RTCRtpSender] = []

    @property
    def session_url(self) -> str | None:
        """The session's address, once opened."""
        return self._session_url

    def send(self, track: MediaStreamTrack) -> None:
        """Add a track to publish; its packets (`av.Packet`) go out unencoded."""
        transceiver = self.connection.addTransceiver(track, direction="sendonly")
        if track.kind == "video":
            prefer_h264(transceiver)
        self._senders.append(transceiver.sender)

    def receive(self, kind: str) -> None:
        """Ask for a kind of media; tracks arrive by the connection's `track` event."""
        transceiver = self.connection.addTransceiver(kind, direction="recvonly")
        if kind == "video":
            prefer_h264(transceiver)

    async def connect(self) -> None:
        """Offer, take the answer; `httpx.HTTPStatusError` when refused."""
        await self.connection.setLocalDescription(await self.connection.createOffer())
        response = await self._request(
            "POST",
            self._url,
            content=self.connection.localDescription.sdp,
            headers={"Content-Type": "application/sdp"},
        )
        response.raise_for_status()
        self._session_url = urljoin(self._url, response.headers["location"])
        self.etag = response.headers.get("etag")
        await self.connection.setRemoteDescription(RTCSessionDescription(response.text, "answer"))

    async def heard_s_ago(self) -> float | None:
        """Seconds since the server last reported on what it receives; None before the first report."""
        newest: datetime | None = None
        for sender in self._senders:
            for stats in (await sender.getStats()).values():
                if stats.type == "remote-inbound-rtp" and (newest is None or stats.timestamp > newest):
                    newest = stats.timestamp
        return None if newest is None else (datetime.now(UTC) - newest).total_seconds()

    async def close(self) -> None:
        """End the session at the server where it still answers, then locally."""
        try:
            if self._session_url is not None:
                await self._request("DELETE", self._session_url)
        except httpx.HTTPError as error:
            logger.debug("session was not deleted: %s", error)
        await self.connection.close()

    async def _request(self, method: str, url: str, **arguments: object) -> httpx.Response:
        headers = self._headers | dict(arguments.pop("headers", {}))  # type: ignore[call-overload]
        if self._http is not None:
            return await self._http.request(method, url, headers=headers, **arguments)  # type: ignore[arg-type]
        async with httpx.AsyncClient(timeout=_TIMEOUT_S) as http:
            return await http.request(method, url, headers=headers, **arguments)  # type: ignore[arg-type]


def prefer_h264(transceiver: object) -> None:
    """Offer only H.264 (and its retransmissions); must precede any description."""
    codecs = RTCRtpSender.getCapabilities("video").codecs
    wanted = [c for c in codecs if c.mimeType.lower() in ("video/h264", "video/rtx")]
    transceiver.setCodecPreferences(wanted)  # type: ignore[attr-defined]
