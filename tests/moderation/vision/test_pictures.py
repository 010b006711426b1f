"""Pictures: codes, words, nothing, bombs; and detectors that crash or hang."""

import asyncio
import io
import os
import struct
import time
import zlib

import numpy as np
import pytest
from PIL import Image, ImageDraw

from moderation.findings import Category, Finding
from moderation.vision.detectors import BadPicture, Picture, Pictures, blank_picture, frozen, load_picture
from moderation.vision.worker import PictureWorker, Screened

zxingcpp = pytest.importorskip("zxingcpp")


def encoded(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def noise(seed: int = 0) -> Image.Image:
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 255, (120, 160, 3), dtype=np.uint8))


def test_a_qr_code_is_found_with_what_it_says() -> None:
    code = zxingcpp.create_barcode("https://weixin.qq.com/r/abc", zxingcpp.BarcodeFormat.QRCode)
    square = np.asarray(code.to_image(scale=6))
    canvas = np.full((480, 640, 3), 200, dtype=np.uint8)
    canvas[40 : 40 + square.shape[0], 60 : 60 + square.shape[1]] = square[..., None]
    found = Pictures()._codes(Picture(canvas))
    assert [(f.category, f.detector) for f in found] == [("diversion", "picture.qr")]
    assert found[0].evidence.startswith("https://weixin.qq.com/r/abc (")


def test_words_in_a_picture_go_through_the_text_layers() -> None:
    found = Pictures()._said(["新品上市", "加微信 mimi_8866"], "ocr")
    assert {(f.category, f.detector) for f in found} >= {("diversion", "diversion.terms.ocr")}
    assert Pictures()._said(["新品上市", "满两百减三十"], "ocr") == []


def test_black_flat_and_frozen_pictures_are_told() -> None:
    assert blank_picture(load_picture(encoded(Image.new("RGB", (64, 64), "black")))) == "black"
    assert blank_picture(load_picture(encoded(Image.new("RGB", (64, 64), "teal")))) == "flat"
    first, second = (load_picture(encoded(noise(seed))) for seed in (1, 2))
    assert blank_picture(first) is None
    assert frozen(first, first)
    assert not frozen(first, second)


def test_a_large_picture_is_shrunk() -> None:
    drawn = Image.new("RGB", (3000, 1500), "white")
    ImageDraw.Draw(drawn).rectangle((0, 0, 100, 100), fill="red")
    assert load_picture(encoded(drawn)).pixels.shape == (480, 960, 3)


def bomb() -> bytes:
    """A PNG of a few hundred bytes whose header promises 60,000 x 60,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000))


@pytest.mark.parametrize("data", [b"", b"not a picture", bomb(), encoded(noise())[:200]])
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_bombs_and_broken_pictures_are_refused(data: bytes) -> None:
    with pytest.raises(BadPicture):
        load_picture(data)


def told(data: bytes) -> list[Finding]:
    return [Finding("spam", 0.5, "fake", 0, 0, data.decode())]


def crashes(data: bytes) -> list[Finding]:
    if data == b"crash":
        os._exit(1)
    if data == b"hang":
        time.sleep(3600)
    if data == b"raise":
        raise ValueError("broken")
    return told(data)


@pytest.mark.parametrize(("data", "detector"), [(b"crash", "picture.crash"), (b"raise", "picture.failure")])
async def test_a_detector_that_fails_is_replaced(data: bytes, detector: str) -> None:
    async with PictureWorker(crashes) as worker:
        failed = await worker.screen(data)
        assert [(f.category, f.detector) for f in failed.findings] == [(Category.UNSCREENED, detector)]
        assert (await worker.screen(b"fine")).findings == told(b"fine")


async def test_a_detector_that_hangs_is_ended() -> None:
    async with PictureWorker(crashes, timeout_s=0.2) as worker:
        hung = await worker.screen(b"hang")
        assert [f.detector for f in hung.findings] == ["picture.timeout"]


async def test_what_does_not_fit_is_dropped_and_counted() -> None:
    async with PictureWorker(crashes, waiting=2) as worker:
        results = await asyncio.gather(*(worker.screen(b"%d" % n) for n in range(4)))
        assert [r.dropped for r in results] == [False, False, True, True]
        assert results[2] == Screened([], dropped=True)
        assert worker.dropped == 2
