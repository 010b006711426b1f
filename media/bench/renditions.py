"""What smaller pictures and pictures for screening cost: processor time a second of a room's video."""

import time
from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np

from media.frames import key_frame_jpeg
from media.h264 import nal_units, packetize
from media.renditions.ladder import ladder
from media.renditions.wire import SOURCE, Picture
from media.renditions.worker import Worker

FPS = 30
WIDTH, HEIGHT = 720, 1280
RUNGS = (480, 360)
_SCREENED_EVERY_S = 3


def moving_pictures(seconds: int) -> Iterator[tuple[bool, bytes]]:
    """(key, Annex B): a soft texture that pans like a hand-held camera, 1.5 Mbit/s, a key frame a second."""
    noise = np.random.default_rng(1).integers(0, 255, (HEIGHT // 16 + 40, WIDTH // 16 + 40), np.uint8)
    texture = av.VideoFrame.from_ndarray(noise, format="gray").reformat(
        WIDTH + 640, HEIGHT + 640, "yuv420p", interpolation="BICUBIC"
    )
    luma = texture.to_ndarray()[: HEIGHT + 640, : WIDTH + 640]
    codec = av.CodecContext.create("libx264", "w")
    codec.width, codec.height, codec.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    codec.time_base, codec.framerate, codec.bit_rate = Fraction(1, FPS), Fraction(FPS), 1_500_000
    codec.options = {"preset": "ultrafast", "tune": "zerolatency", "x264-params": f"keyint={FPS}:scenecut=0"}
    picture = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
    for number in range(seconds * FPS):
        x, y = (round(300 + 300 * np.sin(number / n)) for n in (40, 55))
        picture[:HEIGHT] = luma[y : y + HEIGHT, x : x + WIDTH]
        frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
        frame.pts = number
        for packet in codec.encode(frame):
            yield packet.is_keyframe, bytes(packet)


def rendition_cores(seconds: int) -> float:
    """Cores that decoding once and encoding 480p and 360p take for one room at 720x1280, 30 frames/s."""
    worker = Worker([(rung.short_edge_px, rung.bitrate_bps) for rung in ladder(RUNGS)])
    pictures = list(moving_pictures(seconds))
    began = time.process_time()
    made = 0
    for number, (key, data) in enumerate(pictures):
        made += sum(1 for _ in worker.feed(Picture(SOURCE, key, number * 90_000 // FPS, data)))
    assert made == len(RUNGS) * len(pictures)
    return (time.process_time() - began) / seconds


def screening_cores(seconds: int) -> float:
    """Cores that a JPEG every three seconds takes for one room at 720x1280."""
    keys = [data for key, data in moving_pictures(seconds) if key]
    nals = [
        list(nal_units(packetize(part for part in data.split(b"\x00\x00\x00\x01") if part))) for data in keys
    ]
    began = time.process_time()
    for picture in nals:
        assert key_frame_jpeg(picture, 640) is not None
    return (time.process_time() - began) / len(keys) / _SCREENED_EVERY_S
