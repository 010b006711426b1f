"""What a picture shows: nudity (nudenet), text (rapidocr) through the text layers, QR codes (zxing-cpp), nothing."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..findings import Category, Finding, Surface
from ..text import Screen, default_screen

LARGEST_PIXELS = 40_000_000
SIDE_PX = 960
_BLACK_BELOW = 12.0
_FLAT_BELOW = 3.0
_NUDE = {
    "FEMALE_GENITALIA_EXPOSED": 0.5,
    "MALE_GENITALIA_EXPOSED": 0.5,
    "ANUS_EXPOSED": 0.5,
    "FEMALE_BREAST_EXPOSED": 0.55,
    "BUTTOCKS_EXPOSED": 0.65,
}
# One thread, for the process is kept to one core; pictures as they are, where the default enlarges them.
_READER = {
    "Global.log_level": "error",
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    "Det.limit_type": "max",
    "Det.limit_side_len": SIDE_PX,
}
_BGR = slice(None, None, -1)


class BadPicture(ValueError):
    """It is no picture, is broken, or would be too large when unpacked."""


@dataclass(frozen=True)
class Picture:
    """RGB, at most `SIDE_PX` on the longer side."""

    pixels: npt.NDArray[np.uint8]

    @cached_property
    def grey(self) -> npt.NDArray[np.float32]:
        """Luma by ITU-R BT.601."""
        weights = np.array([0.299, 0.587, 0.114], dtype=np.float32)
        return self.pixels.astype(np.float32) @ weights


def load_picture(data: bytes) -> Picture:
    """Decode and shrink; the size is read from the header first, so a bomb is never unpacked. Raises BadPicture."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > LARGEST_PIXELS:
                raise BadPicture(f"{image.width}x{image.height} pixels")
            image.draft("RGB", (SIDE_PX, SIDE_PX))
            shrunk = image.convert("RGB")
            shrunk.thumbnail((SIDE_PX, SIDE_PX))
            return Picture(np.asarray(shrunk))
    except BadPicture:
        raise
    except Exception as problem:
        raise BadPicture(str(problem)[:200]) from None


class Pictures:
    """The detectors of one process; models are loaded at their first use. Not safe to share between threads."""

    def __init__(self, screen: Screen | None = None) -> None:
        self._screen = screen

    def find(self, picture: Picture) -> list[Finding]:
        """All findings; `start` and `end` are 0, the evidence says what and where in pixels."""
        blank = blank_picture(picture)
        if blank:
            return [Finding(Category.UNSCREENED, 0.3, f"picture.{blank}", 0, 0, blank)]
        return [*self._nudity(picture), *self._text(picture), *self._codes(picture)]

    @cached_property
    def _nudenet(self) -> Any:
        from nudenet import NudeDetector

        return NudeDetector()

    @cached_property
    def _ocr(self) -> Callable[..., Any]:
        from rapidocr import RapidOCR

        reader: Callable[..., Any] = RapidOCR(params=_READER)
        return reader

    def _nudity(self, picture: Picture) -> list[Finding]:
        return [
            Finding(
                Category.SEXUAL,
                round(float(part["score"]), 3),
                "picture.nudity",
                0,
                0,
                f"{part['class'].lower()} {_box(part['box'])}",
            )
            for part in self._nudenet.detect(np.ascontiguousarray(picture.pixels[..., _BGR]))
            if part["score"] >= _NUDE.get(part["class"], 2.0)
        ]

    def _text(self, picture: Picture) -> list[Finding]:
        read = self._ocr(np.ascontiguousarray(picture.pixels[..., _BGR]))
        lines = [text for text in (read.txts or ()) if text.strip()]
        return self._said(lines, "ocr")

    def _codes(self, picture: Picture) -> list[Finding]:
        import zxingcpp

        found = []
        for code in zxingcpp.read_barcodes(
            picture.pixels, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
        ):
            corner = code.position.top_left
            found.append(
                Finding(
                    Category.DIVERSION, 0.7, "picture.qr", 0, 0, f"{code.text[:120]} ({corner.x},{corner.y})"
                )
            )
        return found

    def _said(self, lines: Sequence[str], source: str) -> list[Finding]:
        """What the text layers find in the words of a picture."""
        screen = self._screen or default_screen()
        findings = []
        for text in dict.fromkeys((*lines, " ".join(lines))):
            for finding in screen.find(text, Surface.PICTURE):
                findings.append(
                    Finding(
                        finding.category,
                        finding.score,
                        f"{finding.detector}.{source}",
                        0,
                        0,
                        finding.evidence,
                    )
                )
        return list({(f.category, f.evidence): f for f in findings}.values())


def blank_picture(picture: Picture) -> str | None:
    """`black` or `flat` where there is nothing to see."""
    grey = picture.grey
    if float(grey.mean()) < _BLACK_BELOW and float(grey.std()) < _BLACK_BELOW:
        return "black"
    return "flat" if float(grey.std()) < _FLAT_BELOW else None


def frozen(previous: Picture, picture: Picture) -> bool:
    """Whether two frames some seconds apart show exactly the same: a camera always has noise."""
    return previous.pixels.shape == picture.pixels.shape and bool(
        np.abs(previous.grey - picture.grey).mean() < 0.05
    )


def _box(box: Sequence[float]) -> str:
    x, y, width, height = (int(v) for v in box)
    return f"({x},{y} {width}x{height})"
