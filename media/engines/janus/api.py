"""Janus's HTTP API (https://janus.conf.meetecho.com/docs/rest): one session, its handles, its events."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from app.core.errors import Problem

logger = logging.getLogger(__name__)

_EVENTS_PER_POLL = 20
_POLL_TIMEOUT_S = 40.0
_ANSWER_TIMEOUT_S = 10.0
_RETRY_S = 1.0

Listener = Callable[[dict[str, Any]], None]


class JanusUnavailable(Problem):
    """Janus does not answer, or not in time."""

    code = "engine_unavailable"
    status = 503
    title = "The media server does not answer"


class JanusRefused(Problem):
    """Janus or one of its plugins answered with an error; `reason` is its own wording."""

    code = "engine_refused"
    status = 502
    title = "The media server refused"

    def __init__(self, number: int, reason: str) -> None:
        super().__init__(reason)
        self.number = number


@dataclass(frozen=True, slots=True)
class PluginEvent:
    """A plugin's answer: its data, and a session description where it came with one."""

    data: dict[str, Any]
    sdp: str | None


class JanusApi:
    """One Janus session. `open` begins it, `close` ends it; between them events are polled for.

    `on_lost` is called when the session is gone (Janus was restarted); a new one is then begun
    by itself, without any handles.
    """

    def __init__(
        self, url: str, *, secret: str | None = None, on_lost: Callable[[], None] = lambda: None
    ) -> None:
        self._url = url.rstrip("/")
        self._secret = {"apisecret": secret} if secret else {}
        self._on_lost = on_lost
        self._http = httpx.AsyncClient(timeout=_POLL_TIMEOUT_S, trust_env=False)
        self._session: int | None = None
        self._listeners: dict[int, Listener] = {}
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._polling: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        """Whether there is a session now."""
        return self._session is not None

    async def open(self) -> None:
        """Begin the session, or leave that to the polling where Janus is not there yet."""
        with contextlib.suppress(JanusUnavailable):
            await self._begin()
        self._polling = asyncio.create_task(self._poll(), name="janus-events")

    async def close(self) -> None:
        """End the session and everything in it."""
        if self._polling is not None:
            self._polling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._polling
        if self._session is not None:
            with contextlib.suppress(JanusUnavailable, JanusRefused):
                await self._post(f"/{self._session}", {"janus": "destroy"})
        await self._http.aclose()

    async def attach(self, plugin: str, listener: Listener) -> int:
        """A handle on `janus.plugin.{plugin}`; `listener` hears its events, also `detached`."""
        answer = await self._post(self._path(), {"janus": "attach", "plugin": f"janus.plugin.{plugin}"})
        handle = int(answer["data"]["id"])
        self._listeners[handle] = listener
        return handle

    async def detach(self, handle: int) -> None:
        """Let go of a handle; its peer connection ends."""
        self._listeners.pop(handle, None)
        with contextlib.suppress(JanusUnavailable, JanusRefused):
            await self._post(f"{self._path()}/{handle}", {"janus": "detach"})

    async def request(self, handle: int, body: dict[str, Any]) -> dict[str, Any]:
        """A request that the plugin answers at once."""
        answer = await self._post(f"{self._path()}/{handle}", {"janus": "message", "body": body})
        return _plugin_data(answer)

    async def message(
        self, handle: int, body: dict[str, Any], jsep: dict[str, str] | None = None
    ) -> PluginEvent:
        """A request that the plugin answers with an event."""
        transaction = secrets.token_hex(8)
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[transaction] = future
        sent: dict[str, Any] = {"janus": "message", "body": body}
        if jsep is not None:
            sent["jsep"] = jsep
        try:
            await self._post(f"{self._path()}/{handle}", sent, transaction)
            async with asyncio.timeout(_ANSWER_TIMEOUT_S):
                event = await future
        except TimeoutError as error:
            raise JanusUnavailable("No answer in time.") from error
        finally:
            self._waiting.pop(transaction, None)
        return PluginEvent(_plugin_data(event), event.get("jsep", {}).get("sdp"))

    def _path(self) -> str:
        if self._session is None:
            raise JanusUnavailable
        return f"/{self._session}"

    async def _begin(self) -> None:
        answer = await self._post("", {"janus": "create"})
        self._session = int(answer["data"]["id"])

    async def _post(self, path: str, body: dict[str, Any], transaction: str | None = None) -> dict[str, Any]:
        sent = body | self._secret | {"transaction": transaction or secrets.token_hex(8)}
        try:
            response = await self._http.post(self._url + path, json=sent, timeout=_ANSWER_TIMEOUT_S)
            answer: dict[str, Any] = response.json()
        except (httpx.TransportError, ValueError) as error:
            raise JanusUnavailable(str(error)) from error
        if answer.get("janus") == "error":
            raise JanusRefused(int(answer["error"]["code"]), str(answer["error"]["reason"]))
        return answer

    async def _poll(self) -> None:
        while True:
            try:
                if self._session is None:
                    await self._begin()
                await self._take_events()
            except (JanusUnavailable, httpx.TransportError, ValueError) as error:
                logger.warning("janus: %s", error or type(error).__name__)
                self._lose()
                await asyncio.sleep(_RETRY_S)

    async def _take_events(self) -> None:
        parameters = {"maxev": str(_EVENTS_PER_POLL)} | self._secret
        answer = await self._http.get(f"{self._url}/{self._session}", params=parameters)
        events = answer.json()
        for event in events if isinstance(events, list) else [events]:
            self._take(event)

    def _take(self, event: dict[str, Any]) -> None:
        kind = event.get("janus")
        if kind == "error":
            raise JanusUnavailable(str(event["error"]["reason"]))
        if kind == "timeout":
            raise JanusUnavailable("The session has timed out.")
        waiting = self._waiting.get(event.get("transaction", ""))
        if waiting is not None and kind == "event":
            if not waiting.done():
                waiting.set_result(event)
            return
        listener = self._listeners.get(event.get("sender", 0))
        if listener is not None:
            listener(event)

    def _lose(self) -> None:
        if self._session is None:
            return
        self._session = None
        self._listeners.clear()
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(JanusUnavailable())
        self._on_lost()


def _plugin_data(answer: dict[str, Any]) -> dict[str, Any]:
    data: dict[str, Any] = answer.get("plugindata", {}).get("data", {})
    if "error" in data:
        raise JanusRefused(int(data.get("error_code", 0)), str(data["error"]))
    return data
