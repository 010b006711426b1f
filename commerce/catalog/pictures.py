"""Product pictures: checked, resized, stored under the hash of what they show."""

import asyncio
import hashlib
import io
import warnings
from pathlib import Path
from typing import Protocol

from PIL import Image, ImageOps, UnidentifiedImageError

from commerce.errors import NotAPicture, PictureTooLarge

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
SIDE_PX = 1_200
FORMATS = ("JPEG", "PNG", "WEBP")
PREFIX = "/media-files/pictures"
QUALITY = 86


class PictureStore(Protocol):
    """Keeps pictures."""

    async def add(self, content: bytes) -> str:
        """The address that pages show it by; NotAPicture or PictureTooLarge, and nothing is stored."""
        ...

    async def read(self, name: str) -> bytes | None:
        """The picture of that name, which is its address's last part; None where there is none."""
        ...


class DiskPictures:
    """A `PictureStore` in a directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def add(self, content: bytes) -> str:
        webp = await asyncio.to_thread(checked, content)
        name = name_of(webp)
        await asyncio.to_thread(self._write, name, webp)
        return f"{PREFIX}/{name}"

    async def read(self, name: str) -> bytes | None:
        try:
            return await asyncio.to_thread((self._directory / name).read_bytes)
        except FileNotFoundError:
            return None

    def _write(self, name: str, content: bytes) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        draft = self._directory / f".{name}.part"
        draft.write_bytes(content)
        draft.replace(self._directory / name)


def name_of(webp: bytes) -> str:
    """The hash of what it shows: the same picture is stored once, and never changes under its name."""
    return f"{hashlib.sha256(webp).hexdigest()[:32]}.webp"


def checked(content: bytes) -> bytes:
    """The picture upright, at most `SIDE_PX` a side, as WebP without metadata."""
    if len(content) > MAX_BYTES:
        raise PictureTooLarge(f"at most {MAX_BYTES // 1024 // 1024} MB")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = _decode(content)
    except PictureTooLarge:
        raise
    except (
        UnidentifiedImageError,
        OSError,
        ValueError,
        SyntaxError,
        Warning,
        Image.DecompressionBombError,
    ) as error:
        raise NotAPicture("JPEG, PNG and WebP are read") from error
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=QUALITY, method=4)
    return out.getvalue()


def _decode(content: bytes) -> Image.Image:
    with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
        if opened.width * opened.height > MAX_PIXELS:
            raise PictureTooLarge(f"at most {MAX_PIXELS // 1_000_000} megapixels")
        upright = ImageOps.exif_transpose(opened)
        transparent = "A" in upright.getbands() or "transparency" in upright.info
        picture = upright.convert("RGBA" if transparent else "RGB")
    picture.thumbnail((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)
    return picture
