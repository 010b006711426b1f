"""`shopcast bench media`: everything in one run, peers beside it."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Page

from app.core.report import Report
from media.bench.browser import freezes, hls_latency, joins, live_page, percentile
from media.bench.capacity import Capacity, embedded_capacity, janus_capacity
from media.bench.glass import camera_to_screen
from media.bench.nginx import hls_viewers, nginx
from media.bench.node import ROOM
from media.bench.processes import BenchNode, bench_node
from media.bench.renditions import rendition_cores, screening_cores
from media.bench.soak import soak


async def run(
    redis_url: str, *, quick: bool, viewers: int | None, hls_js: Path | None, soak_minutes: float
) -> None:
    """Measure and print; figures that lack a program on this machine are null.

    `hls_js`: the built hls.js; without it the delay of HLS in a browser is not measured.
    """
    report = Report("bench media")
    figures: dict[str, Any] = {}
    crowd = viewers or (40 if quick else 100)
    seconds = 3.0 if quick else 10.0
    rows = []
    own = await embedded_capacity(redis_url, crowd, seconds, report)
    rows.append(_row("embedded", own))
    other = await janus_capacity(crowd, seconds, report)
    if other is not None:
        rows.append(_row("Janus (Streaming)", other))
    report.table(
        f"{crowd} viewers at 1.5 Mbit/s, 30 frames/s",
        ("engine", "viewers/core", "packets/core-second", "cores", "packets/s", "Mbit/s"),
        rows,
    )
    figures |= {
        "viewers_per_core": round(own.viewers_per_core),
        "janus_viewers_per_core": round(other.viewers_per_core) if other else None,
        "packets_per_core_s": round(own.packets_per_core_s),
        "janus_packets_per_core_s": round(other.packets_per_core_s) if other else None,
    }
    async with bench_node(redis_url, extras=True) as node:
        try:
            async with live_page(node) as page:
                figures |= await _in_browser(page, node, hls_js, quick, report)
                figures |= await _behind_nginx(node, quick, report)
        except FileNotFoundError as missing:
            report.progress(f"{missing}: no figures from a browser")
    report.progress("smaller pictures and pictures for screening")
    figures["rendition_cores"] = round(rendition_cores(2 if quick else 10), 3)
    figures["screening_cores"] = round(screening_cores(3 if quick else 10), 4)
    if soak_minutes > 0:
        result = await soak(redis_url, soak_minutes, 20, report)
        figures |= {
            "soak_sessions": result.sessions,
            "soak_memory_before_mb": round(result.memory_before_mb, 1),
            "soak_memory_after_mb": round(result.memory_after_mb, 1),
            "soak_minutes": result.minutes,
            "soak_sessions_left": result.left,
            "soak_tasks_left": result.tasks_left,
            "soak_sockets_left": result.sockets_left,
        }
    report.finish(figures)


async def _in_browser(
    page: Page, node: BenchNode, hls_js: Path | None, quick: bool, report: Report
) -> dict[str, Any]:
    report.progress("Chromium joins")
    join = await joins(page, node, 5 if quick else 30)
    report.progress("a clock from a camera in Chromium to a screen in Chromium")
    glass = await camera_to_screen(page, node, 4 if quick else 20)
    report.progress("5% loss and 50 ms jitter")
    bad = await freezes(page, node, 8 if quick else 60)
    report.progress(f"{bad['lost_by_relay']:.0f} packets lost on the way, {bad['nacks']:.0f} asked for again")
    figures: dict[str, Any] = {
        "join_p50_ms": round(percentile(join, 0.5)),
        "join_p95_ms": round(percentile(join, 0.95)),
        "glass_p50_ms": round(percentile(glass, 0.5)),
        "glass_p95_ms": round(percentile(glass, 0.95)),
        "freeze_share": round(bad["frozen_s"] / bad["seconds"], 4),
        "hls_latency_s": None,
    }
    if hls_js is not None and hls_js.is_file():
        report.progress("hls.js follows the live edge")
        delays = await hls_latency(page, node, str(ROOM), hls_js, 3 if quick else 20)
        figures["hls_latency_s"] = round(percentile(delays, 0.5), 2)
    else:
        report.progress("hls.js is not built (make setup): no delay of HLS")
    report.table("In Chromium", ("figure", "value"), figures.items())
    return figures


async def _behind_nginx(node: BenchNode, quick: bool, report: Report) -> dict[str, Any]:
    """Origin requests with many viewers, per second, over those with a tenth of them."""
    many = 1000
    seconds = 5.0 if quick else 15.0
    port = urlsplit(node.url).port
    assert port is not None
    try:
        async with nginx(port) as (front, log):
            report.progress(f"HLS through nginx: {many // 10}, then {many} viewers")
            few = await hls_viewers(front, log, str(ROOM), many // 10, seconds)
            load = await hls_viewers(front, log, str(ROOM), many, seconds)
    except FileNotFoundError:
        report.progress("nginx is not installed (apt install nginx): its figure is missing")
        return {"hls_origin_ratio": None}
    report.table(
        "HLS behind nginx",
        ("viewers", "requests/s", "origin requests/s", "errors"),
        [
            (r.viewers, round(r.requests / r.seconds), round(r.origin / r.seconds, 1), r.errors)
            for r in (few, load)
        ],
    )
    return {
        "hls_origin_ratio": round(load.origin / few.origin, 2) if few.origin else None,
        "hls_viewers": many,
    }


def _row(name: str, measured: Capacity) -> tuple[str, int, int, float, int, int]:
    return (
        name,
        round(measured.viewers_per_core),
        round(measured.packets_per_core_s),
        round(measured.cores, 3),
        round(measured.packets_per_s),
        round(measured.mbit_per_s),
    )
