"""What a media node is started with."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from media.engines.embedded.engine import EmbeddedConfig
from media.engines.janus.engine import JanusConfig
from media.hls.live import Limits
from media.hls.playlist import Timing
from media.hls.segmenter import Cutting
from media.recording.clips import ClipMargins
from media.recording.ports import ExplanationWindows, RecordingEvents, Retention
from media.renditions.ladder import Rung
from media.signalling import IceServer


@dataclass(frozen=True, slots=True)
class HlsConfig:
    """How HLS is cut and kept. `bandwidth_bps` is what the entry playlist promises."""

    cutting: Cutting = field(default_factory=Cutting)
    timing: Timing = field(default_factory=Timing)
    limits: Limits = field(default_factory=Limits)
    linger_s: float = 60.0
    bandwidth_bps: int = 3_000_000


@dataclass(frozen=True, slots=True)
class MediaConfig:
    """The role's settings. `ice_servers` is empty by default: clients reach the node directly.

    `rtmp` is the (host, port) of the RTMP listener, None for none; it needs the embedded engine.
    `renditions` are made of every stream, for HLS and for WebRTC viewers with a weak path.
    `hls` None switches HLS off; `frame_interval_s` None the frames for screening. `node_url` is where
    other media nodes reach this one's HTTP; None: there are no others.
    """

    engine: EmbeddedConfig | JanusConfig = field(default_factory=EmbeddedConfig)
    ice_servers: Sequence[IceServer] = ()
    hls: HlsConfig | None = field(default_factory=HlsConfig)
    frame_interval_s: float | None = 3.0
    renditions: Sequence[Rung] = ()
    rtmp: tuple[str, int] | None = None
    node: str = field(default_factory=socket.gethostname)
    node_url: str | None = None


@dataclass(frozen=True, slots=True)
class RecordingConfig:
    """Where streams are recorded, and what recording asks of and tells the outside.

    Needs HLS: a recording is what HLS was cut into.
    """

    root: Path
    windows: ExplanationWindows
    events: RecordingEvents
    retention: Retention
    margins: ClipMargins = field(default_factory=ClipMargins)
