from fractions import Fraction

import av
import numpy as np

from media.engines.base import AudioPacket
from media.tap import CHUNK_BYTES, ChunkedDecoder


def tone(packets: int, hz: float = 440.0) -> list[bytes]:
    """A stereo tone as Opus packets of 20 ms."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate = 48_000
    encoder.layout = "stereo"
    encoder.format = "s16"
    encoder.time_base = Fraction(1, 48_000)
    times = np.arange(packets * 960) / 48_000
    wave = (12_000 * np.sin(2 * np.pi * hz * times)).astype(np.int16)
    coded = []
    for n in range(packets):
        samples = np.repeat(wave[n * 960 : (n + 1) * 960], 2).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="stereo")
        frame.sample_rate = 48_000
        frame.pts = n * 960
        coded += [bytes(packet) for packet in encoder.encode(frame)]
    return coded


def packet(number: int, payload: bytes, first_timestamp: int = 0) -> AudioPacket:
    return AudioPacket(number, first_timestamp + number * 960, payload, 0.0)


def loudness(pcm: bytes) -> float:
    return float(np.sqrt(np.mean(np.frombuffer(pcm, np.int16).astype(float) ** 2)))


def test_chunks_are_100_ms_of_16_khz_mono() -> None:
    decoder = ChunkedDecoder()
    chunks = [c for n, data in enumerate(tone(60)) for c in decoder.decode(packet(n, data, 48_000))]
    assert [chunk.at_ms for chunk in chunks] == list(range(1000, 1000 + 100 * len(chunks), 100))
    assert len(chunks) == 11  # 1.2 s less what encoder and resampler still hold
    assert {len(chunk.pcm) for chunk in chunks} == {CHUNK_BYTES}
    samples = np.frombuffer(chunks[5].pcm, np.int16)
    spectrum = np.abs(np.fft.rfft(samples))
    assert abs(int(np.argmax(spectrum)) * 10 - 440) <= 10


def test_lost_packets_become_silence_and_time_stays_true() -> None:
    decoder = ChunkedDecoder()
    coded = tone(100)
    kept = [(n, data) for n, data in enumerate(coded) if not 30 <= n < 60]
    chunks = [c for n, data in kept for c in decoder.decode(packet(n, data))]
    assert [chunk.at_ms for chunk in chunks] == list(range(0, 100 * len(chunks), 100))
    by_time = {chunk.at_ms: loudness(chunk.pcm) for chunk in chunks}
    assert by_time[300] > 5_000
    assert by_time[900] < 100
    assert by_time[1500] > 5_000


def test_a_long_gap_moves_time_on() -> None:
    decoder = ChunkedDecoder()
    coded = tone(20)
    before = [c for n in range(10) for c in decoder.decode(packet(n, coded[n]))]
    after = [c for n in range(10) for c in decoder.decode(packet(500 + n, coded[10 + n]))]
    assert before[-1].at_ms < 200
    assert after[0].at_ms == 10_000


def test_packets_out_of_order_do_not_turn_time_back() -> None:
    decoder = ChunkedDecoder()
    coded = tone(20)
    order = [0, 1, 3, 2, *range(4, 20)]
    chunks = [c for n in order for c in decoder.decode(packet(n, coded[n]))]
    assert [chunk.at_ms for chunk in chunks] == [0, 100, 200]
