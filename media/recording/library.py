"""Finds recordings again: replays, what was presented when, clips, downloads. Blocking, for a thread."""

import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from media.hls.playlist import VodEntry, vod_playlist
from media.recording.files import RecordedSegment, is_safe_name, read_index, read_range
from media.recording.remux import remux

CLIPS = "clips"
_ABANDONED_S = 300.0


@dataclass(frozen=True, slots=True)
class Recording:
    """One run of a room's stream."""

    id: str
    directory: Path
    segments: Sequence[RecordedSegment]

    @property
    def began_at(self) -> datetime:
        return self.segments[0].began_at

    @property
    def ended_at(self) -> datetime:
        return self.segments[-1].ended_at

    @property
    def duration_s(self) -> float:
        return sum(segment.duration_s for segment in self.segments)


class Library:
    """All recordings below `root`, a directory a room."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def rooms(self) -> list[str]:
        """Rooms that have a directory."""
        if not self._root.is_dir():
            return []
        return sorted(entry.name for entry in self._root.iterdir() if entry.is_dir())

    def recordings(self, room_id: str) -> list[Recording]:
        """A room's recordings, oldest first; empty ones are left out."""
        if not is_safe_name(room_id) or not (self._root / room_id).is_dir():
            return []
        found = []
        for directory in sorted((self._root / room_id).iterdir()):
            if directory.is_dir() and directory.name != CLIPS:
                segments = read_index(directory)
                if segments:
                    found.append(Recording(directory.name, directory, segments))
        return found

    def media_file(self, room_id: str, recording_id: str, name: str) -> Path | None:
        """A recording's file by the names in a playlist; None where there is none."""
        stem = name.removesuffix(".mp4")
        if not all(map(is_safe_name, (room_id, recording_id, stem))) or stem == name:
            return None
        path = self._root / room_id / recording_id / name
        return path if path.is_file() else None

    def playlist(self, room_id: str) -> str | None:
        """The replay of everything so far as an HLS playlist of byte ranges; None without any."""
        entries = [
            VodEntry(
                uri=f"{recording.id}/{segment.file.path.name}",
                init_length=segment.file.init_length,
                offset=segment.offset,
                length=segment.length,
                duration_s=segment.duration_s,
                discontinuity=segment.discontinuity or index == 0,
                began_at=segment.began_at,
            )
            for recording in self.recordings(room_id)
            for index, segment in enumerate(recording.segments)
        ]
        return vod_playlist(entries) if entries else None

    def position_s(self, recordings: Sequence[Recording], moment: datetime) -> float | None:
        """Where a moment lies in the replay; None before the first and behind the last picture."""
        position = 0.0
        for recording in recordings:
            for segment in recording.segments:
                if moment < segment.began_at:
                    return position if position else None
                if moment < segment.ended_at:
                    return position + (moment - segment.began_at).total_seconds()
                position += segment.duration_s
        return None

    def covers(self, room_id: str, moment: datetime) -> bool:
        """Whether the disk already holds what was live at `moment`."""
        recordings = self.recordings(room_id)
        return bool(recordings) and recordings[-1].ended_at >= moment

    def clip_path(self, room_id: str, clip_id: str) -> Path | None:
        """A finished clip; None where there is none."""
        if not is_safe_name(room_id) or not is_safe_name(clip_id):
            return None
        path = self._root / room_id / CLIPS / f"{clip_id}.mp4"
        return path if path.is_file() else None

    def cut_clip(self, room_id: str, clip_id: str, began_at: datetime, ended_at: datetime) -> float | None:
        """Cut what was live between two moments, from key frame to key frame, without encoding.

        Returns the clip's length in seconds, None where nothing of it was recorded.
        `FileExistsError` while another process cuts the same clip, or when it has.
        """
        segments = list(self._between(room_id, began_at, ended_at))
        if not segments or not is_safe_name(clip_id):
            return None
        target = self._root / room_id / CLIPS / f"{clip_id}.mp4"
        target.parent.mkdir(parents=True, exist_ok=True)
        self._write(segments, target, replace=False)
        return sum(segment.duration_s for segment in segments)

    def export(self, room_id: str, target: Path) -> float | None:
        """Everything of a room as one MP4 file for download; its length, None without any."""
        segments = [s for recording in self.recordings(room_id) for s in recording.segments]
        if not segments:
            return None
        self._write(segments, target, replace=True)
        return sum(segment.duration_s for segment in segments)

    def delete(self, room_id: str) -> None:
        """Remove a room's recordings and clips."""
        if is_safe_name(room_id):
            shutil.rmtree(self._root / room_id, ignore_errors=True)

    def _between(self, room_id: str, start: datetime, end: datetime) -> Iterator[RecordedSegment]:
        for recording in self.recordings(room_id):
            for segment in recording.segments:
                if segment.began_at < end and segment.ended_at > start:
                    yield segment

    @staticmethod
    def _write(segments: Sequence[RecordedSegment], target: Path, *, replace: bool) -> None:
        partial = target.with_suffix(".partial")
        _claim(partial)
        try:
            if target.exists() and not replace:
                raise FileExistsError(target)
            remux(_runs(segments), partial)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)


def _claim(path: Path) -> None:
    """Make a file that nobody else has made lately; who left it longer ago has crashed."""
    if path.exists() and time.time() - path.stat().st_mtime > _ABANDONED_S:
        path.unlink(missing_ok=True)
    path.touch(exist_ok=False)


def _runs(segments: Iterable[RecordedSegment]) -> Iterator[Iterator[bytes]]:
    """Consecutive segments of one file as chunks that begin with the file's initialization."""
    run: list[RecordedSegment] = []
    for segment in segments:
        if run and (segment.file != run[-1].file or segment.discontinuity):
            yield _chunks(run)
            run = []
        run.append(segment)
    if run:
        yield _chunks(run)


def _chunks(run: Sequence[RecordedSegment]) -> Iterator[bytes]:
    file = run[0].file
    yield read_range(file.path, 0, file.init_length)
    for segment in run:
        yield read_range(file.path, segment.offset, segment.length)
