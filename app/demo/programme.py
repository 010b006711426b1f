"""What the demo host plays: recorded shows one after the other, with the presented product in view."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import av

from app.demo import DATA
from media.sample import Programme
from media.sample_video import Slide

CJK_FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/System/Library/Fonts/PingFang.ttc",
    "/System/Library/Fonts/STHeiti Medium.ttc",
)
OPENING = {"zh": "欢迎来到小美的直播间", "en": "Welcome to Mei's show"}


@dataclass(frozen=True, slots=True)
class Listed:
    """A product as the host holds it up."""

    name: str
    name_en: str
    picture: Path | None


def compose(directory: Path, listed: Callable[[str], Listed]) -> Programme:
    """The programme, its sound in `directory`; `listed` finds a product by the recordings' name for it."""
    sessions = json.loads((DATA / "sessions.json").read_text(encoding="utf-8"))
    slides: list[Slide] = []
    offset_s = 0.0
    for session in sessions:
        slides += _slides(session, offset_s, listed)
        offset_s += session["duration"]
    directory.mkdir(parents=True, exist_ok=True)
    audio = join([DATA / session["audio"] for session in sessions], directory / "programme.ogg")
    font = next((Path(path) for path in CJK_FONTS if Path(path).exists()), None)
    return Programme(audio=audio, slides=slides, font=font)


def _slides(session: dict[str, object], offset_s: float, listed: Callable[[str], Listed]) -> list[Slide]:
    """A picture lasts until the next product is introduced; the show opens with a greeting."""
    english = session["language"] == "en"
    segments = session["segments"]
    duration = session["duration"]
    assert isinstance(segments, list)
    assert isinstance(duration, float | int)
    first = next(segment["product"] for segment in segments if segment["kind"] == "introduce")
    shown = [(0.0, listed(first).picture, OPENING["en" if english else "zh"])]
    for segment in segments:
        if segment["kind"] == "introduce":
            product = listed(segment["product"])
            caption = product.name_en if english else product.name
            if caption != shown[-1][2]:
                shown.append((segment["start"], product.picture, caption))
    ends = [start for start, _, _ in shown[1:]] + [float(duration)]
    return [
        Slide(offset_s + start, offset_s + end, picture, caption)
        for (start, picture, caption), end in zip(shown, ends, strict=True)
    ]


def join(recordings: Sequence[Path], target: Path) -> Path:
    """One Ogg Opus file out of several, packet by packet, without encoding anything again."""
    with av.open(str(target), "w", format="ogg") as output:
        stream = None
        position = 0
        for recording in recordings:
            with av.open(str(recording)) as source:
                if stream is None:
                    stream = output.add_stream_from_template(source.streams.audio[0])
                for packet in source.demux(audio=0):
                    if not packet.duration:
                        continue
                    packet.pts = packet.dts = position
                    position += packet.duration
                    packet.stream = stream
                    output.mux(packet)
    return target
