"""A recording on disk: `N.mp4` (fragmented) and `index.jsonl`; blocking, for a thread.

The index has one line a file ({"file", "init", "codecs", "width", "height"}) and one a segment
({"file", "offset", "length", "number", "at", "duration_s", "discontinuity"}). A line is written
after its data, so that whatever the index names is whole, also after a crash.
"""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import FileIO
from pathlib import Path
from typing import Any

import orjson

from media.hls.segments import Segment

INDEX = "index.jsonl"
_NAME = re.compile(r"^[0-9A-Za-z_-]+$")


@dataclass(frozen=True, slots=True)
class RecordedFile:
    """One fragmented MP4 file with one initialization of `init_length` bytes at its start."""

    path: Path
    init_length: int
    codecs: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class RecordedSegment:
    """Where a segment lies and when it was live."""

    file: RecordedFile
    offset: int
    length: int
    began_at: datetime
    duration_s: float
    discontinuity: bool

    @property
    def ended_at(self) -> datetime:
        """When its last picture ended."""
        return self.began_at + timedelta(seconds=self.duration_s)


class RecordingWriter:
    """Appends segments to a directory. An `OSError` leaves what was there before whole."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._init_number: int | None = None
        self._media: FileIO | None = None
        self._path: Path | None = None
        self._files = 0
        self.bytes_written = 0

    def append(self, segment: Segment, data: bytes) -> Callable[[], bytes]:
        """Write a complete segment; returns what reads it again."""
        if self._media is None or segment.init.number != self._init_number:
            self._begin_file(segment)
        assert self._media is not None
        assert self._path is not None
        offset = self._media.tell()
        try:
            _write(self._media, data)
            self._note(
                {
                    "file": self._path.name,
                    "offset": offset,
                    "length": len(data),
                    "number": segment.number,
                    "at": segment.began_at.isoformat(),
                    "duration_s": segment.duration_s,
                    "discontinuity": segment.discontinuity,
                }
            )
        except OSError:
            self._undo(offset)
            raise
        self.bytes_written += len(data)
        path, length = self._path, len(data)
        return lambda: read_range(path, offset, length)

    def close(self) -> None:
        """Flush to the disk."""
        if self._media is not None:
            media, self._media = self._media, None
            try:
                os.fsync(media.fileno())
            finally:
                media.close()

    def _begin_file(self, segment: Segment) -> None:
        self.close()
        self._directory.mkdir(parents=True, exist_ok=True)
        path = self._directory / f"{self._files}.mp4"
        # Unbuffered: what fails fails here, and not at the next write.
        media = FileIO(path, "wb")
        try:
            init = segment.init
            _write(media, init.data)
            self._note(
                {
                    "file": path.name,
                    "init": len(init.data),
                    "codecs": init.codecs,
                    "width": init.width,
                    "height": init.height,
                }
            )
        except OSError:
            media.close()
            path.unlink(missing_ok=True)
            raise
        self._media, self._path, self._init_number = media, path, segment.init.number
        self._files += 1

    def _note(self, entry: dict[str, Any]) -> None:
        line = orjson.dumps(entry) + b"\n"
        with FileIO(self._directory / INDEX, "ab") as index:
            start = index.seek(0, os.SEEK_END)
            try:
                _write(index, line)
            except OSError:
                index.truncate(start)
                raise

    def _undo(self, offset: int) -> None:
        if self._media is not None:
            self._media.seek(offset)
            self._media.truncate(offset)


def _write(file: FileIO, data: bytes) -> None:
    """Write all of it, however many calls it takes; `OSError` where the disk ends."""
    view = memoryview(data)
    while view:
        view = view[file.write(view) or 0 :]


def read_range(path: Path, offset: int, length: int) -> bytes:
    """Bytes of a file."""
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(length)


def read_index(directory: Path) -> list[RecordedSegment]:
    """The segments of a recording in order; a line that was cut off by a crash ends it."""
    files: dict[str, RecordedFile] = {}
    segments: list[RecordedSegment] = []
    path = directory / INDEX
    if not path.exists():
        return []
    for line in path.read_bytes().splitlines():
        try:
            entry = orjson.loads(line)
        except orjson.JSONDecodeError:
            break
        name = entry["file"]
        if "init" in entry:
            files[name] = RecordedFile(
                directory / name, entry["init"], entry["codecs"], entry["width"], entry["height"]
            )
        else:
            segments.append(
                RecordedSegment(
                    file=files[name],
                    offset=entry["offset"],
                    length=entry["length"],
                    began_at=datetime.fromisoformat(entry["at"]),
                    duration_s=entry["duration_s"],
                    discontinuity=entry["discontinuity"],
                )
            )
    return segments


def is_safe_name(name: str) -> bool:
    """Whether a name from outside may be a file's or directory's name."""
    return _NAME.match(name) is not None
