"""What hls.js and a plain video element in Chromium make of live HLS, renditions, replays and clips."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page
from redis.asyncio import Redis

from media.config import MediaConfig, RecordingConfig
from media.recording.clips import ClipMargins
from media.recording.ports import ExplanationWindow, FixedExplanationWindows, RecordedRecordingEvents
from media.recording.retention import KeepDays
from media.renditions.ladder import ladder
from media.sample import Programme, SampleHost
from media.sample_video import Slide
from tests.media.browser import MISSING, chromium, page_at
from tests.media.node import LOCAL, Node, running_node, until

HLS_JS = Path(__file__).parents[2] / "web/node_modules/hls.js/dist/hls.min.js"
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(MISSING, reason="needs chromium (apt install chromium)"),
    pytest.mark.skipif(not HLS_JS.exists(), reason="needs the client's packages (make setup)"),
]

PLAY_HLS = """async ([url, live]) => {
  const video = window.video = document.createElement('video');
  video.muted = video.autoplay = true;
  document.body.append(video);
  const hls = window.hls = new Hls({lowLatencyMode: live, testBandwidth: false});
  hls.loadSource(url);
  hls.attachMedia(video);
  await new Promise(resolve => video.requestVideoFrameCallback(resolve));
  return [video.videoWidth, video.videoHeight, hls.levels.length];
}"""
PLAY_FILE = """async ([url]) => {
  window.hls.destroy();
  const video = window.video;
  video.src = url;
  video.playbackRate = 4;
  await video.play();
  await new Promise(resolve => video.addEventListener('ended', resolve));
  return [video.videoWidth, video.duration, video.currentTime];
}"""
HEIGHT_AFTER_SWITCH = """async level => {
  window.hls.nextLevel = level;
  const before = window.video.videoHeight;
  while (window.video.videoHeight === before) await new Promise(resolve => setTimeout(resolve, 50));
  return window.video.videoHeight;
}"""
TO_THE_END = """async () => {
  window.video.currentTime = window.video.duration - 1;
  await new Promise(resolve => window.video.addEventListener('ended', resolve));
  return window.video.duration;
}"""


async def behind(page: Page) -> float:
    return float(await page.evaluate("() => window.hls.latency"))


async def test_live_renditions_replay_and_clip_play_in_chromium(redis: Redis, tmp_path: Path) -> None:
    windows = FixedExplanationWindows()
    recording = RecordingConfig(
        tmp_path, windows, RecordedRecordingEvents(), KeepDays(1), ClipMargins(lead_s=1.0, shortest_s=1.0)
    )
    config = MediaConfig(engine=LOCAL, renditions=ladder([240]))
    async with running_node(redis, config, recording) as node, chromium() as browser:
        playing = asyncio.create_task(host(node).run())
        try:
            await until(lambda: node.events.started)
            began = datetime.now(UTC)
            windows.windows[str(node.room)] = [
                ExplanationWindow("w1", "p1", began + timedelta(seconds=1), began + timedelta(seconds=3))
            ]
            await until(lambda: node.streams.renditions.get(str(node.room)))
            page = await page_at(browser, node.url)
            await page.add_script_tag(path=str(HLS_JS))
            live = f"{node.url}/hls/{node.room}/index.m3u8"
            assert (await page.evaluate(PLAY_HLS, [live, True]))[2] == 2
            async with asyncio.timeout(30):
                while not 0 < await behind(page) < 3:
                    await asyncio.sleep(0.2)
            smaller = await page.evaluate("() => window.hls.levels.findIndex(l => l.height === 240)")
            await page.evaluate("level => { window.hls.nextLevel = level }", 1 - smaller)
            await page.wait_for_function("() => window.video.videoHeight === 320")
            assert await page.evaluate(HEIGHT_AFTER_SWITCH, smaller) == 240
            assert (await node.http.get(f"/vod/{node.room}/timeline")).json()["products"][0][
                "window_id"
            ] == "w1"
        finally:
            playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)
        clip = f"{node.url}/vod/{node.room}/clips/w1.mp4"
        async with asyncio.timeout(30):
            while (await node.http.get(clip)).status_code != 200:
                await asyncio.sleep(0.2)
        width, duration_s, played_s = await page.evaluate(PLAY_FILE, [clip])
        assert (width, played_s) == (320, duration_s)
        assert 3 <= duration_s < 10  # the window with its lead, out to key frames
        replay = f"{node.url}/vod/{node.room}/index.m3u8"
        assert await page.evaluate(PLAY_HLS, [replay, False]) == [320, 320, 1]
        assert await page.evaluate(TO_THE_END) > 3


def host(node: Node) -> SampleHost:
    async def token() -> str:
        return node.token("whip")

    programme = Programme(None, [Slide(0, 30)], width=320, height=320)
    return SampleHost(f"{node.url}/whip/{node.room}", token, programme)
