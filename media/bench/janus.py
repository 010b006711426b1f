"""Janus as a peer: its Streaming plugin, fed by RTP, on free ports, in a directory of its own."""

import asyncio
import secrets
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from media.bench.load import AUDIO_TYPE, VIDEO_TYPE
from media.bench.processes import stop

_MAIN = """
general: {{
  configs_folder = "{folder}"
  plugins_folder = "{plugins}"
  transports_folder = "{transports}"
  events_folder = "{folder}/none"
  loggers_folder = "{folder}/none"
  interface = "127.0.0.1"
  debug_level = 1
  session_timeout = 0
}}
nat: {{ ice_enforce_list = "127.0.0.1" }}
plugins: {{ disable = "{other_plugins}" }}
transports: {{ disable = "{other_transports}" }}
"""
_HTTP = """
general: {{ json = "compact" http = true port = {port} ip = "127.0.0.1" https = false }}
admin: {{ admin_http = false }}
"""
_STREAM = """
general: {{ }}
bench: {{
  type = "rtp"
  id = 1
  audio = true
  video = true
  audioport = {audio}
  audiopt = {audio_type}
  audiocodec = "opus"
  videoport = {video}
  videopt = {video_type}
  videocodec = "h264"
  videofmtp = "profile-level-id=42e01f;packetization-mode=1"
}}
"""


class JanusPeer:
    """A running Janus with one mountpoint."""

    def __init__(self, pid: int, url: str, video_port: int, audio_port: int) -> None:
        self.pid = pid
        self._url = url
        self._http = httpx.AsyncClient(timeout=20, trust_env=False)
        self._session = 0
        self._feed = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._video = ("127.0.0.1", video_port)
        self._audio = ("127.0.0.1", audio_port)

    def send_video(self, packets: list[bytes]) -> None:
        """Feed pictures."""
        for packet in packets:
            self._feed.sendto(packet, self._video)

    def send_audio(self, packets: list[bytes]) -> None:
        """Feed sound."""
        for packet in packets:
            self._feed.sendto(packet, self._audio)

    async def open(self) -> None:
        """Wait until it answers, then begin a session."""
        async with asyncio.timeout(20):
            while True:
                try:
                    answer = await self._post("", {"janus": "create"})
                except httpx.TransportError:
                    await asyncio.sleep(0.1)
                else:
                    self._session = answer["data"]["id"]
                    return

    async def watch(self) -> tuple[int, str]:
        """Ask for the stream; returns a handle and Janus's offer."""
        path = f"/{self._session}"
        handle = (await self._post(path, {"janus": "attach", "plugin": "janus.plugin.streaming"}))["data"][
            "id"
        ]
        await self._post(f"{path}/{handle}", {"janus": "message", "body": {"request": "watch", "id": 1}})
        event = await self._event(handle)
        return handle, event["jsep"]["sdp"]

    async def start(self, handle: int, answer: str) -> None:
        """Give the answer; media starts when the peer is connected."""
        await self._post(
            f"/{self._session}/{handle}",
            {"janus": "message", "body": {"request": "start"}, "jsep": {"type": "answer", "sdp": answer}},
        )

    async def close(self) -> None:
        """Leave."""
        await self._http.aclose()
        self._feed.close()

    async def _event(self, handle: int) -> dict[str, Any]:
        async with asyncio.timeout(20):
            while True:
                event = (await self._http.get(f"{self._url}/{self._session}")).json()
                if event.get("sender") == handle and "jsep" in event:
                    found: dict[str, Any] = event
                    return found

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self._http.post(self._url + path, json=body | {"transaction": secrets.token_hex(8)})
        found: dict[str, Any] = answer.json()
        if found["janus"] == "error":
            raise RuntimeError(f"Janus: {found['error']['reason']}")
        return found


def plugins_folder() -> Path | None:
    """Where the Debian package puts plugins; None where Janus is not installed."""
    found = sorted(Path("/usr/lib").glob("*/janus/plugins")) + sorted(Path("/usr/lib/janus").glob("plugins"))
    return found[0] if shutil.which("janus") and found else None


@asynccontextmanager
async def janus(plugins: Path) -> AsyncIterator[JanusPeer]:
    """Start Janus with nothing but its HTTP API and the Streaming plugin."""
    with TemporaryDirectory(prefix="shopcast-janus-") as name:
        folder = Path(name)
        http, video, audio = (free_port() for _ in range(3))
        transports = plugins.parent / "transports"
        disabled = ",".join(p.name for p in plugins.glob("*.so") if "streaming" not in p.name)
        closed = ",".join(p.name for p in transports.glob("*.so") if "http" not in p.name)
        (folder / "janus.jcfg").write_text(
            _MAIN.format(
                folder=folder,
                plugins=plugins,
                transports=transports,
                other_plugins=disabled,
                other_transports=closed,
            )
        )
        (folder / "janus.transport.http.jcfg").write_text(_HTTP.format(port=http))
        (folder / "janus.plugin.streaming.jcfg").write_text(
            _STREAM.format(video=video, audio=audio, video_type=VIDEO_TYPE, audio_type=AUDIO_TYPE)
        )
        process = await asyncio.create_subprocess_exec(
            "janus",
            "-F",
            str(folder),
            "-C",
            str(folder / "janus.jcfg"),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        peer = JanusPeer(process.pid, f"http://127.0.0.1:{http}/janus", video, audio)
        try:
            await peer.open()
            yield peer
        finally:
            await peer.close()
            await stop(process)


def free_port() -> int:
    """A port that is free for TCP and UDP at this moment."""
    while True:
        with (
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
        ):
            stream.bind(("127.0.0.1", 0))
            port: int = stream.getsockname()[1]
            try:
                datagrams.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
