"""A real Chromium, headless, driven by Playwright."""

import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import av
from playwright.async_api import Browser, BrowserContext, async_playwright

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 900}


def chromium_path() -> str:
    """The system's Chromium or Chrome; `make test` has installed it or said how."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    mac = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
    if mac.exists():
        return str(mac)
    raise FileNotFoundError("no Chromium: run deploy/setup-tests.sh")


@asynccontextmanager
async def chromium(*flags: str) -> AsyncIterator[Browser]:
    """A browser process of its own with a fresh profile."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium_path(), args=[*FLAGS, *flags], headless=True
        )
        try:
            yield browser
        finally:
            await browser.close()


def with_voice(recording: Path) -> Sequence[str]:
    """Flags for a browser whose microphone hears the WAV file `recording`, its camera a test picture."""
    return (
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={recording}",
    )


async def page_context(browser: Browser, size: dict[str, int], locale: str = "zh-CN") -> BrowserContext:
    """A window of its own: its own cookies, a viewport of `size` pixels, a language."""
    return await browser.new_context(viewport=size, locale=locale)  # type: ignore[arg-type]


def to_wav(recording: Path, wav: Path) -> None:
    """Decode any audio file to 48 kHz mono 16-bit PCM."""
    with av.open(str(recording)) as source, av.open(str(wav), "w", format="wav") as target:
        stream = target.add_stream("pcm_s16le", rate=48_000, layout="mono")
        resampler = av.AudioResampler(format="s16", layout="mono", rate=48_000)
        for frame in source.decode(audio=0):
            for resampled in resampler.resample(frame):
                target.mux(stream.encode(resampled))
        target.mux(stream.encode(None))
