"""LL-HLS over HTTP, made so that any cache in front takes the load."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from app.core.errors import Problem
from media.hls.live import LiveStream
from media.hls.playlist import Timing, Variant, media_playlist, multivariant_playlist
from media.hls.sink import HlsStreams
from media.renditions.ladder import Rung

PLAYLIST = "application/vnd.apple.mpegurl"
SEGMENT = "video/mp4"
_FOREVER = "public, max-age=31536000, immutable"
_BRIEFLY = "public, max-age=1"
_WAIT_S = 18.0


class HlsNotFound(Problem):
    """There is no such stream, segment or part (any more)."""

    code = "hls_not_found"
    status = 404
    title = "No such stream or segment"


class HlsTooFarAhead(Problem):
    """A blocking reload asks for what lies more than two segments ahead."""

    code = "hls_too_far_ahead"
    status = 400
    title = "Too far ahead"


class HlsNotYet(Problem):
    """What was waited for did not come in time."""

    code = "hls_not_yet"
    status = 503
    title = "Nothing new in time"


def hls_router(
    streams: HlsStreams,
    timing: Timing,
    bandwidth_bps: int,
    rungs: Sequence[Rung] = (),
    *,
    alternatives: Sequence[str] = (),
    groups: str = "",
) -> APIRouter:
    """`/hls/{room_id}/index.m3u8` and what it leads to; a rendition's files lie below its name.

    `streams` is live: the rooms that stream now or streamed a moment ago. Everything is public:
    a room's id is what one needs to know, as for its page.
    """
    router = APIRouter(prefix="/hls", tags=["hls"])

    def stream_of(room_id: str) -> LiveStream:
        stream = streams.get(room_id)
        if stream is None or stream.newest is None:
            raise HlsNotFound
        return stream

    def rendition_of(room_id: str, rendition: str) -> LiveStream:
        stream = streams.renditions.get(room_id, {}).get(rendition)
        if stream is None or stream.newest is None:
            raise HlsNotFound
        return stream

    @router.get("/{room_id}/index.m3u8")
    async def index(room_id: str) -> Response:
        newest = stream_of(room_id).newest
        assert newest is not None
        variants = [Variant(newest.init, bandwidth_bps, "live.m3u8")]
        for rung in rungs:
            smaller = streams.renditions.get(room_id, {}).get(rung.name)
            if smaller is not None and smaller.newest is not None:
                uri = f"{rung.name}/live.m3u8"
                variants.append(Variant(smaller.newest.init, rung.bandwidth_bps, uri))
        return _playlist(multivariant_playlist(variants, alternatives, groups), _BRIEFLY)

    _add_stream(router, "/{room_id}", timing, stream_of)
    _add_stream(router, "/{room_id}/{rendition}", timing, rendition_of)
    return router


def _add_stream(router: APIRouter, prefix: str, timing: Timing, find: Callable[..., LiveStream]) -> None:
    """The routes of one stream; `find` takes what the prefix names."""
    Stream = Annotated[LiveStream, Depends(find)]

    @router.get(f"{prefix}/live.m3u8")
    async def live(
        stream: Stream,
        msn: Annotated[int | None, Query(alias="_HLS_msn", ge=0)] = None,
        part: Annotated[int | None, Query(alias="_HLS_part", ge=0)] = None,
        skip: Annotated[str, Query(alias="_HLS_skip")] = "",
    ) -> Response:
        if msn is not None:
            if not stream.is_near(msn):
                raise HlsTooFarAhead
            if not await stream.wait_for(msn, part, _WAIT_S) and not stream.ended:
                raise HlsNotYet
        elif part is not None:
            raise HlsTooFarAhead("_HLS_part needs _HLS_msn.")
        text = media_playlist(stream.window(), timing, skip=skip in ("YES", "v2"))
        # What was waited for holds for everyone who asks the same: a cache answers the rest.
        return _playlist(text, f"public, max-age={timing.target_s}" if msn is not None else _BRIEFLY)

    @router.get(f"{prefix}/plain.m3u8")
    async def plain(stream: Stream) -> Response:
        return _playlist(media_playlist(stream.window(), timing, parts=False), _BRIEFLY)

    @router.get(prefix + "/init-{number}.mp4")
    async def init(stream: Stream, number: int) -> Response:
        found = stream.init(number)
        if found is None:
            raise HlsNotFound
        return Response(found.data, media_type=SEGMENT, headers={"Cache-Control": _FOREVER})

    @router.get(prefix + "/{number}.{part}.m4s")
    async def part(stream: Stream, number: int, part: int) -> Response:
        if not stream.is_near(number):
            raise HlsTooFarAhead
        await stream.wait_for(number, part, _WAIT_S)
        found = stream.part(number, part)
        if found is None:
            raise HlsNotFound
        return Response(found.data, media_type=SEGMENT, headers={"Cache-Control": _FOREVER})

    @router.get(prefix + "/{number}.m4s")
    async def segment(stream: Stream, number: int) -> Response:
        reader = stream.segment_reader(number)
        if reader is None:
            raise HlsNotFound
        data = await asyncio.to_thread(reader)
        return Response(data, media_type=SEGMENT, headers={"Cache-Control": _FOREVER})


def _playlist(text: str, cache_control: str) -> Response:
    return Response(text, media_type=PLAYLIST, headers={"Cache-Control": cache_control})
