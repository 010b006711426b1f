"""Pictures with a burnt-in clock as H.264, drawn cheaply: only what changes is drawn again."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.packet import Packet
from av.video.stream import VideoStream
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

TIME_BASE = Fraction(1, 90_000)
CLOCK_SIZE = (180, 44)
_BACKGROUND = (34, 28, 40)

Yuv = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Slide:
    """`picture` is shown from `start_s` to `end_s` of the loop, with an optional caption."""

    start_s: float
    end_s: float
    picture: Path | None = None
    caption: str = ""


class SlideShow:
    """Draws frames as planar YUV 4:2:0 arrays of shape (height * 3 / 2, width)."""

    def __init__(
        self,
        slides: Sequence[Slide],
        *,
        width: int = 720,
        height: int = 1280,
        font: Path | None = None,
        now: Callable[[], datetime],
    ) -> None:
        """`font`: a file with the captions' script; without one captions are left out."""
        if width % 16 or height % 16:
            raise ValueError("width and height must be multiples of 16")
        self._slides = sorted(slides, key=lambda slide: slide.start_s)
        self._width, self._height = width, height
        self._font = font
        self._clock_font = ImageFont.load_default(size=30)
        self._now = now
        self._drawn: dict[Slide | None, Yuv] = {}
        self._clock_text = ""
        self._clock_patch: Yuv | None = None

    def frame(self, position_s: float) -> Yuv:
        """The picture at a position in the loop, with the time of this moment."""
        slide = next((s for s in self._slides if s.start_s <= position_s < s.end_s), None)
        base = self._drawn.get(slide)
        if base is None:
            base = self._drawn[slide] = self._draw(slide)
        moment = self._now()
        width, height = CLOCK_SIZE
        x, y = (self._width - width) // 2, self._height // 10
        base[y : y + height, x : x + width] = self._clock(moment)
        return base

    def _clock(self, moment: datetime) -> Yuv:
        text = f"{moment:%H:%M:%S}.{moment.microsecond // 100_000}"
        if text != self._clock_text or self._clock_patch is None:
            patch = Image.new("L", CLOCK_SIZE, 24)
            ImageDraw.Draw(patch).text((14, 4), text, font=self._clock_font, fill=230)
            self._clock_text, self._clock_patch = text, np.asarray(patch)
        return self._clock_patch

    def _draw(self, slide: Slide | None) -> Yuv:
        canvas = Image.new("RGB", (self._width, self._height), _BACKGROUND)
        if slide is not None and slide.picture is not None:
            with Image.open(slide.picture) as opened:
                picture = opened.convert("RGB")
            canvas = _backdrop(picture, canvas.size)
            self._paste(canvas, picture)
        if slide is not None and slide.caption and self._font is not None:
            _caption(canvas, slide.caption, self._font)
        frame = av.VideoFrame.from_ndarray(np.asarray(canvas), format="rgb24").reformat(format="yuv420p")
        array: Yuv = frame.to_ndarray().astype(np.uint8)
        return array

    def _paste(self, canvas: Image.Image, picture: Image.Image) -> None:
        room = (round(self._width * 0.86), round(self._height * 0.62))
        scale = min(room[0] / picture.width, room[1] / picture.height)
        fitted = picture.resize((round(picture.width * scale), round(picture.height * scale)))
        left = (self._width - fitted.width) // 2
        top = round(self._height * 0.4) - fitted.height // 2
        mask = Image.new("L", fitted.size, 0)
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, *fitted.size), radius=28, fill=255)
        canvas.paste(fitted, (left, max(184, top)), mask)


class SlideEncoder:
    """Constrained baseline H.264 without delay, a key frame every second."""

    def __init__(self, show: SlideShow, width: int, height: int, fps: int, bitrate_bps: int) -> None:
        self._show = show
        codec = av.CodecContext.create("libx264", "w")
        codec.width, codec.height = width, height
        codec.pix_fmt = "yuv420p"
        codec.time_base = TIME_BASE
        codec.framerate = Fraction(fps)
        codec.profile = "Baseline"
        rate = bitrate_bps // 1000
        codec.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "crf": "24",
            "x264-params": (
                f"keyint={fps}:min-keyint=1:scenecut=0:threads=1:vbv-maxrate={rate}:vbv-bufsize={rate}"
            ),
        }
        self._codec = codec

    def encode(self, time_s: float, position_s: float) -> "Iterator[Packet[VideoStream]]":
        """The picture for a position in the loop, to be shown at `time_s`, which must grow."""
        frame = av.VideoFrame.from_ndarray(self._show.frame(position_s), format="yuv420p")
        frame.pts = round(time_s * 90_000)
        frame.time_base = TIME_BASE
        yield from self._codec.encode(frame)


def _backdrop(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    scale = max(size[0] / picture.width, size[1] / picture.height)
    wide = picture.resize((round(picture.width * scale), round(picture.height * scale)))
    left, top = (wide.width - size[0]) // 2, (wide.height - size[1]) // 2
    cut = wide.crop((left, top, left + size[0], top + size[1]))
    blurred = cut.filter(ImageFilter.GaussianBlur(40))
    return Image.blend(blurred, Image.new("RGB", size, _BACKGROUND), 0.45)


def _caption(canvas: Image.Image, text: str, font: Path) -> None:
    drawing = ImageDraw.Draw(canvas)
    face = ImageFont.truetype(str(font), size=44)
    width = drawing.textlength(text, font=face)
    left = max(24, (canvas.width - width) / 2)
    drawing.text((left, canvas.height * 0.65), text, font=face, fill=(255, 255, 255))
