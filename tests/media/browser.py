"""A real Chromium that publishes and watches."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Page

from tests.e2e import browser as system

try:
    MISSING = not system.chromium_path()
except FileNotFoundError:
    MISSING = True
CAMERA = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")

SESSION = """
async function session(pc, url, token) {
  await pc.setLocalDescription(await pc.createOffer());
  const answer = await fetch(url, {method: 'POST', body: pc.localDescription.sdp,
    headers: {Authorization: `Bearer ${token}`, 'Content-Type': 'application/sdp'}});
  if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
  await pc.setRemoteDescription({type: 'answer', sdp: await answer.text()});
}
async function statistics(pc, type, kind) {
  return [...(await pc.getStats()).values()].find(s => s.type === type && s.kind === kind);
}
"""

PUBLISH = (
    "async ([url, token]) => {"
    + SESSION
    + """
  const stream = await navigator.mediaDevices.getUserMedia({video: {width: 640, height: 480}, audio: true});
  const pc = window.host = new RTCPeerConnection();
  for (const track of stream.getTracks()) pc.addTransceiver(track, {direction: 'sendonly'});
  await session(pc, url, token);
}"""
)

WATCH = (
    "async ([url, token]) => {"
    + SESSION
    + """
  const began = performance.now();
  const pc = window.viewer = new RTCPeerConnection();
  const video = document.createElement('video');
  video.muted = video.autoplay = video.playsInline = true;
  document.body.append(video);
  pc.addTransceiver('video', {direction: 'recvonly'});
  pc.addTransceiver('audio', {direction: 'recvonly'});
  const stream = video.srcObject = new MediaStream();
  pc.ontrack = event => stream.addTrack(event.track);
  const first = new Promise(resolve => video.requestVideoFrameCallback(resolve));
  await session(pc, url, token);
  await first;
  return performance.now() - began;
}"""
)

STATISTICS = """async () => {
  const found = {};
  for (const s of (await (window.viewer || window.host).getStats()).values())
    if (s.type === 'inbound-rtp' || s.type === 'outbound-rtp') found[s.kind] = s;
    else if (s.type === 'codec') found[s.mimeType] = s;
  return found;
}"""


@asynccontextmanager
async def chromium(*flags: str) -> AsyncIterator[Browser]:
    """The system's Chromium with a fake camera and microphone."""
    async with system.chromium(*CAMERA, *flags) as browser:
        yield browser


async def page_at(browser: Browser, url: str) -> Page:
    """An empty page of that origin, in a context of its own."""
    page = await (await browser.new_context()).new_page()
    await page.goto(f"{url}/healthz")
    return page


async def publish(page: Page, url: str, token: str) -> None:
    """Go live with the fake camera and microphone."""
    await page.evaluate(PUBLISH, [url, token])


async def watch(page: Page, url: str, token: str) -> float:
    """Watch; returns ms from the request to the first decoded frame."""
    milliseconds: float = await page.evaluate(WATCH, [url, token])
    return milliseconds


async def statistics(page: Page) -> dict[str, Any]:
    """RTP statistics by kind, codecs by their MIME type."""
    found: dict[str, Any] = await page.evaluate(STATISTICS)
    return found
