"""A host's Opus as AAC, for HLS and recordings."""

from collections.abc import Iterator
from fractions import Fraction

import av
from av.audio.resampler import AudioResampler

from media.engines.base import AUDIO_CLOCK_HZ, AudioPacket
from media.mp4 import Sample

FRAME_SAMPLES = 1024
BITRATE_BPS = 128_000
MAX_FILLED_GAP_S = 10.0


class OpusToAac:
    """Stereo AAC-LC at 48 kHz. Lost packets become silence; a gap beyond 10 s moves time on."""

    def __init__(self) -> None:
        self._decoder = av.CodecContext.create("libopus", "r")
        self._resampler = AudioResampler(format="fltp", layout="stereo", rate=AUDIO_CLOCK_HZ)
        self._expected: int | None = None
        self._base = 0
        self._fed = 0
        self._encoder = _encoder()
        self.config: bytes = bytes(self._encoder.extradata or b"")

    def convert(self, packet: AudioPacket) -> Iterator[Sample]:
        """All AAC frames that this packet completes; their time is the packets' own."""
        if self._expected is None:
            self._restart(packet.timestamp)
        assert self._expected is not None
        gap = packet.timestamp - self._expected
        if gap < 0:
            return
        if gap > MAX_FILLED_GAP_S * AUDIO_CLOCK_HZ:
            self._restart(packet.timestamp)
        elif gap > 0:
            yield from self._fill(gap)
        samples = 0
        for frame in self._decoder.decode(av.Packet(packet.payload)):
            frame.pts = None
            for converted in self._resampler.resample(frame):
                samples += converted.samples
                yield from self._encode(converted)
        self._expected = packet.timestamp + samples

    def _restart(self, timestamp: int) -> None:
        self._encoder = _encoder()
        self._base = self._expected = timestamp
        self._fed = 0

    def _fill(self, samples: int) -> Iterator[Sample]:
        while samples > 0:
            count = min(samples, AUDIO_CLOCK_HZ)
            frame = av.AudioFrame("fltp", "stereo", count)
            frame.sample_rate = AUDIO_CLOCK_HZ
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            yield from self._encode(frame)
            samples -= count

    def _encode(self, frame: av.AudioFrame) -> Iterator[Sample]:
        frame.pts = self._fed
        frame.time_base = Fraction(1, AUDIO_CLOCK_HZ)
        self._fed += frame.samples
        for packet in self._encoder.encode(frame):
            # The first frame only primes the decoder (pts -1024).
            if packet.pts is not None and packet.pts >= 0:
                yield Sample(self._base + packet.pts, FRAME_SAMPLES, bytes(packet))


def _encoder() -> av.AudioCodecContext:
    encoder = av.CodecContext.create("aac", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate = AUDIO_CLOCK_HZ
    encoder.layout = "stereo"
    encoder.format = "fltp"
    encoder.bit_rate = BITRATE_BPS
    encoder.time_base = Fraction(1, AUDIO_CLOCK_HZ)
    encoder.flags |= 1 << 22  # AV_CODEC_FLAG_GLOBAL_HEADER: the configuration goes into `esds`
    encoder.open()
    return encoder
