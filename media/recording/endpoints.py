"""Replays, clips and downloads over HTTP."""

import asyncio
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel
from starlette.background import BackgroundTask

from app.core.auth import InvalidToken
from app.core.errors import Problem
from media.hls.endpoints import PLAYLIST, SEGMENT
from media.ports import TokenVerifier
from media.recording.library import Library, Recording
from media.recording.ports import ExplanationWindow, ExplanationWindows

_GROWING = "public, max-age=2"
_FOREVER = "public, max-age=31536000, immutable"


class RecordingNotFound(Problem):
    """Nothing of it was recorded, or it is kept no longer."""

    code = "recording_not_found"
    status = 404
    title = "No such recording"


class TimelineEntry(BaseModel):
    """A product's place in the replay, in seconds; `clip_url` is relative, None while there is no clip."""

    window_id: str
    product_id: str
    began_at: datetime
    position_s: float
    duration_s: float | None
    clip_url: str | None


class Timeline(BaseModel):
    """A room's replay and what was presented in it."""

    room_id: str
    began_at: datetime
    duration_s: float
    url: str
    products: list[TimelineEntry]


def recording_router(library: Library, windows: ExplanationWindows, tokens: TokenVerifier) -> APIRouter:
    """`/vod/{room_id}/…`: public but for the download, which takes the host's WHIP token."""
    router = APIRouter(prefix="/vod", tags=["vod"])
    exporting = asyncio.Lock()

    @router.get("/{room_id}/index.m3u8")
    async def index(room_id: str) -> Response:
        text = await asyncio.to_thread(library.playlist, room_id)
        if text is None:
            raise RecordingNotFound
        return Response(text, media_type=PLAYLIST, headers={"Cache-Control": _GROWING})

    @router.get("/{room_id}/timeline")
    async def timeline(room_id: str) -> Timeline:
        recordings = await asyncio.to_thread(library.recordings, room_id)
        if not recordings:
            raise RecordingNotFound
        found = [_entry(library, recordings, room_id, w) for w in await windows.of_room(room_id)]
        return Timeline(
            room_id=room_id,
            began_at=recordings[0].began_at,
            duration_s=sum(recording.duration_s for recording in recordings),
            url="index.m3u8",
            products=[entry for entry in found if entry is not None],
        )

    @router.get("/{room_id}/clips/{clip_id}.mp4")
    async def clip(room_id: str, clip_id: str) -> Response:
        path = library.clip_path(room_id, clip_id)
        if path is None:
            raise RecordingNotFound
        return FileResponse(path, media_type=SEGMENT, headers={"Cache-Control": _FOREVER})

    @router.get("/{room_id}/download.mp4")
    async def download(room_id: str, request: Request, token: Annotated[str, Query()] = "") -> Response:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ") or token
        if not bearer or str(tokens.verify(bearer, "whip").room_id) != room_id:
            raise InvalidToken
        with tempfile.NamedTemporaryFile(suffix=".mp4", delete=False) as file:
            target = Path(file.name)
        async with exporting:
            duration_s = await asyncio.to_thread(library.export, room_id, target)
        if duration_s is None:
            target.unlink()
            raise RecordingNotFound
        remove = BackgroundTask(target.unlink)
        return FileResponse(
            target,
            media_type=SEGMENT,
            filename=f"{room_id}.mp4",
            background=remove,
            headers={"Cache-Control": "private, no-store"},
        )

    @router.get("/{room_id}/{recording_id}/{name}")
    async def media(room_id: str, recording_id: str, name: str) -> Response:
        path = library.media_file(room_id, recording_id, name)
        if path is None:
            raise RecordingNotFound
        return FileResponse(path, media_type=SEGMENT, headers={"Cache-Control": _GROWING})

    return router


def _entry(
    library: Library, recordings: list[Recording], room_id: str, window: ExplanationWindow
) -> TimelineEntry | None:
    position_s = library.position_s(recordings, window.began_at)
    if position_s is None:
        return None
    lasted = (window.ended_at - window.began_at).total_seconds() if window.ended_at else None
    clip = library.clip_path(room_id, window.id)
    return TimelineEntry(
        window_id=window.id,
        product_id=window.product_id,
        began_at=window.began_at,
        position_s=round(position_s, 3),
        duration_s=lasted,
        clip_url=f"clips/{window.id}.mp4" if clip is not None else None,
    )
