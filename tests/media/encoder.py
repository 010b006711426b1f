"""An RTMP encoder as a process: `python -m tests.media.encoder URL BFRAMES`; 30 s of noise and silence."""

import sys
import time
from fractions import Fraction

import av
import numpy as np


def encode(url: str, bframes: int) -> None:
    with av.open(url, "w", format="flv") as output:
        options = {"preset": "ultrafast", "bf": str(bframes), "g": "30", "b-adapt": "0"}
        if not bframes:
            options["tune"] = "zerolatency"
        video = output.add_stream("libx264", rate=30, options=options)
        video.width, video.height, video.pix_fmt = 320, 240, "yuv420p"
        audio = output.add_stream("aac", rate=48_000, layout="stereo")
        samples = 0
        noise = np.random.default_rng(1)
        for n in range(900):
            time.sleep(1 / 60)
            pixels = noise.integers(0, 255, (360, 320), dtype=np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, format="yuv420p")
            frame.pts, frame.time_base = n, Fraction(1, 30)
            output.mux(video.encode(frame))
            while samples < n * 1600:
                silence = np.zeros((2, 1024), np.float32)
                piece = av.AudioFrame.from_ndarray(silence, format="fltp", layout="stereo")
                piece.sample_rate, piece.pts, piece.time_base = 48_000, samples, Fraction(1, 48_000)
                samples += 1024
                output.mux(audio.encode(piece))


if __name__ == "__main__":
    encode(sys.argv[1], int(sys.argv[2]))
