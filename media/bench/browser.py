"""What a viewer in a real Chromium gets: time to the first picture, delay, freezes, HLS."""

import asyncio
import shutil
import statistics
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Page, async_playwright

from media.bench.processes import BenchNode
from media.bench.relay import Relay
from media.sample import Programme, SampleHost
from media.sample_video import Slide

WIDTH, HEIGHT = 720, 1280
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
)

WATCH = """
async function watch(url, token, port) {
  const began = performance.now();
  const pc = new RTCPeerConnection();
  const video = document.createElement('video');
  video.muted = video.autoplay = video.playsInline = true;
  document.body.append(video);
  for (const kind of ['video', 'audio']) pc.addTransceiver(kind, {direction: 'recvonly'});
  const stream = video.srcObject = new MediaStream();
  pc.ontrack = event => stream.addTrack(event.track);
  const first = new Promise(resolve => video.requestVideoFrameCallback(resolve));
  await pc.setLocalDescription(await pc.createOffer());
  const answer = await fetch(url, {method: 'POST', body: pc.localDescription.sdp,
    headers: {Authorization: `Bearer ${token}`, 'Content-Type': 'application/sdp'}});
  let sdp = await answer.text();
  if (answer.status !== 201) throw new Error(`${answer.status} ${sdp}`);
  if (port) sdp = sdp.replace(/(a=candidate:\\S+ 1 udp \\d+ \\S+) \\d+ typ/g, `$1 ${port} typ`);
  await pc.setRemoteDescription({type: 'answer', sdp});
  await first;
  return {pc, video, ms: performance.now() - began};
}
async function inbound(pc) {
  return [...(await pc.getStats()).values()].find(s => s.type === 'inbound-rtp' && s.kind === 'video');
}
"""

_JOIN = (
    "async ([url, token]) => {"
    + WATCH
    + """
  const {pc, video, ms} = await watch(url, token);
  pc.close();
  video.remove();
  return ms;
}"""
)

_FREEZES = (
    "async ([url, token, seconds, port]) => {"
    + WATCH
    + """
  const {pc, video} = await watch(url, token, port);
  await new Promise(resolve => setTimeout(resolve, 3000));
  const before = await inbound(pc);
  await new Promise(resolve => setTimeout(resolve, seconds * 1000));
  const after = await inbound(pc);
  pc.close();
  video.remove();
  return {
    frozen_s: after.totalFreezesDuration - before.totalFreezesDuration,
    freezes: after.freezeCount - before.freezeCount,
    frames: after.framesDecoded - before.framesDecoded,
    lost: after.packetsLost - before.packetsLost,
    nacks: after.nackCount - before.nackCount,
    plis: after.pliCount - before.pliCount,
    seconds: (after.timestamp - before.timestamp) / 1000,
  };
}"""
)

_HLS = """async ([url, seconds]) => {
  const video = document.createElement('video');
  video.muted = video.autoplay = true;
  document.body.append(video);
  const hls = new Hls({lowLatencyMode: true, maxLiveSyncPlaybackRate: 1.5});
  hls.loadSource(url);
  hls.attachMedia(video);
  await new Promise(resolve => video.requestVideoFrameCallback(resolve));
  await new Promise(resolve => setTimeout(resolve, 3000));
  const delays = [];
  for (let n = 0; n < seconds * 2; n++) {
    await new Promise(resolve => setTimeout(resolve, 500));
    delays.push(hls.latency);
  }
  hls.destroy();
  video.remove();
  return delays;
}"""


@asynccontextmanager
async def live_page(node: BenchNode) -> AsyncIterator[Page]:
    """A Chromium page of the node's origin while a host is live.

    Raises `FileNotFoundError` where there is no Chromium.
    """
    path = next(
        (
            found
            for name in ("chromium", "chromium-browser", "google-chrome")
            if (found := shutil.which(name))
        ),
        None,
    )
    if path is None:
        raise FileNotFoundError("no Chromium")

    async def token() -> str:
        return node.token("whip")

    live = asyncio.Event()
    programme = Programme(None, [Slide(0, 30)], width=WIDTH, height=HEIGHT)
    host = SampleHost(
        node.endpoint("whip"), token, programme, on_state=lambda s: live.set() if s == "live" else None
    )
    playing = asyncio.create_task(host.run())
    try:
        await asyncio.wait_for(live.wait(), 30)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=path, args=list(FLAGS))
            try:
                page = await browser.new_page()
                await page.goto(f"{node.url}/healthz")
                yield page
            finally:
                await browser.close()
    finally:
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)


async def joins(page: Page, node: BenchNode, count: int) -> list[float]:
    """Milliseconds from the WHEP request to the first decoded frame, `count` times; the first warms up."""
    found = []
    for _ in range(count + 1):
        found.append(float(await page.evaluate(_JOIN, [node.endpoint("whep"), node.token("whep")])))
    return found[1:]


async def freezes(page: Page, node: BenchNode, seconds: float) -> dict[str, float]:
    """How a viewer fares behind 5% loss and 50 ms jitter; `frozen_s` of `seconds`, and counters."""
    relay = Relay(("127.0.0.1", node.udp_port), loss=0.05, delay_s=0.0, jitter_s=0.05)
    port = relay.open()
    try:
        found: dict[str, float] = await page.evaluate(
            _FREEZES, [node.endpoint("whep"), node.token("whep"), seconds, port]
        )
    finally:
        relay.close()
    return found | {"lost_by_relay": float(relay.lost)}


async def hls_latency(page: Page, node: BenchNode, room: str, script: Path, seconds: float) -> list[float]:
    """Seconds behind live in hls.js, twice a second."""
    await page.add_script_tag(path=str(script))
    delays: list[float] = await page.evaluate(_HLS, [f"{node.url}/hls/{room}/index.m3u8", seconds])
    return delays


def percentile(values: Sequence[float], share: float) -> float:
    """By linear interpolation."""
    if len(values) == 1:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[round(share * 100) - 1]
