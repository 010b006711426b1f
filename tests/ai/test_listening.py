"""The whole chain with the real model, on recordings of this project and on sound that is none of them."""

from pathlib import Path

import numpy as np
import pytest

from ai.cues.decisions import Pin
from ai.cues.evaluation import figures, listen_to, load, read_sound
from ai.cues.products import ListedProduct
from ai.listening import Listener, ListeningEvent, RecognitionPool, RoomListener
from ai.simulation import SimulatedRoom, simulate
from ai.transcription.audio import SAMPLE_RATE_HZ, Samples
from ai.transcription.recognizer import (
    Effort,
    Hypothesis,
    Recognizer,
    ScriptedRecognizer,
    WhisperRecognizer,
    WhisperSettings,
)
from ai.transcription.segments import TranscriptSegment
from ai.transcription.vad import LoudnessActivity
from tests.ai.sound import arriving, loud, quiet, saying

DATA = Path(__file__).parent.parent / "data" / "host_speech"


@pytest.fixture(scope="module")
def recognizer(tmp_path_factory: pytest.TempPathFactory) -> WhisperRecognizer:
    """Joined from its wheels once, in a directory that outlives the run."""
    return WhisperRecognizer(WhisperSettings(), tmp_path_factory.getbasetemp().parent / "shopcast-models")


def events_of(sound: Samples, recognizer: Recognizer) -> list[ListeningEvent]:
    products, _ = load(DATA)
    room = SimulatedRoom(RoomListener(products), sound)
    simulate([room], recognizer)
    return [event for _, event in room.events]


@pytest.mark.parametrize("session_id", ["zh_fast", "en_calm"])
def test_recorded_hosts_pin_what_they_present_and_nothing_else(
    session_id: str, recognizer: WhisperRecognizer
) -> None:
    products, sessions = load(DATA)
    [session] = [session for session in sessions if session.id == session_id]

    result = listen_to(session, DATA, products, recognizer)

    assert [false.pin for false in result.score.false_pins] == []
    assert result.score.missed == ()
    assert result.cer < 0.35
    assert figures([result])["recall"] == 1.0


@pytest.mark.parametrize("kind", ["silence", "hum", "music"])
def test_sound_without_speech_says_and_pins_nothing(kind: str, recognizer: WhisperRecognizer) -> None:
    times = np.arange(8 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    chord = sum(np.sin(2 * np.pi * hz * times) for hz in (220.0, 277.2, 329.6))
    beat = np.random.default_rng(1).standard_normal(len(times)) * ((times * 2) % 1 < 0.05)
    sound = {
        "silence": np.zeros_like(times),
        "hum": 0.3 * np.sin(2 * np.pi * 50 * times),
        "music": 0.15 * np.asarray(chord) * (0.6 + 0.4 * np.cos(4 * np.pi * times)) + 0.1 * beat,
    }[kind]

    assert events_of(sound.astype(np.float32), recognizer) == []


def test_two_people_at_once_pin_at_most_what_one_of_them_presents(recognizer: WhisperRecognizer) -> None:
    first, second = read_sound(DATA / "zh_fast.opus"), read_sound(DATA / "en_calm.opus")
    length = min(len(first), len(second), 8 * SAMPLE_RATE_HZ)

    events = events_of(0.5 * first[:length] + 0.5 * second[:length], recognizer)

    assert {event.product_id for event in events if isinstance(event, Pin)} <= {"brush"}


def telephone(sound: Samples) -> Samples:
    """300 to 3,400 Hz at 8 kHz, and an overdriven microphone."""
    spectrum = np.fft.rfft(sound)
    hertz = np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE_HZ)
    spectrum[(hertz < 300) | (hertz > 3400)] = 0
    narrow = np.fft.irfft(spectrum, len(sound))
    return np.clip(narrow * 2.5, -0.7, 0.7).astype(np.float32)


def test_clipped_telephone_sound_in_a_catalogue_of_500_pins_the_right_one(
    recognizer: WhisperRecognizer,
) -> None:
    products, _ = load(DATA)
    syllables = "安博川达恩方光海佳康乐美宁欧朋青荣思泰维"
    others = [
        ListedProduct(f"other{n}", f"{syllables[n % 20]}{syllables[n // 20 % 20]}牌收纳盒{n}号")
        for n in range(484)
    ]
    sound = read_sound(DATA / "zh_fast.opus")[int(5.6 * SAMPLE_RATE_HZ) : int(11.7 * SAMPLE_RATE_HZ)]
    room = SimulatedRoom(RoomListener([*products, *others]), telephone(sound))

    simulate([room], recognizer)

    assert [event.product_id for _, event in room.events if isinstance(event, Pin)] == ["brush"]


def test_a_stream_that_stops_in_the_middle_of_a_name_says_what_was_said(
    recognizer: WhisperRecognizer,
) -> None:
    sound = read_sound(DATA / "zh_fast.opus")[int(5.6 * SAMPLE_RATE_HZ) : int(8.9 * SAMPLE_RATE_HZ)]

    events = events_of(sound, recognizer)

    [said] = [event for event in events if isinstance(event, TranscriptSegment)]
    assert "链接" in said.text
    assert {event.product_id for event in events if isinstance(event, Pin)} <= {"brush"}


def test_a_host_who_changes_the_language_without_a_pause_is_heard(recognizer: WhisperRecognizer) -> None:
    chinese, english = read_sound(DATA / "zh_fast.opus"), read_sound(DATA / "en_calm.opus")
    first = chinese[int(6.0 * SAMPLE_RATE_HZ) : int(8.0 * SAMPLE_RATE_HZ)]
    second = english[int(6.6 * SAMPLE_RATE_HZ) : int(12.8 * SAMPLE_RATE_HZ)]

    events = events_of(np.concatenate([first, second, quiet(0.8)]), recognizer)

    assert any(isinstance(event, TranscriptSegment) for event in events)
    assert {event.product_id for event in events if isinstance(event, Pin)} <= {"brush"}


async def test_a_listener_ends_with_its_sound_and_tells_everything() -> None:
    sentences = {0.5: "接下来看声波电动牙刷,充一次电用三个月", 0.8: "谢谢大家"}
    products, _ = load(DATA)
    async with RecognitionPool(saying(sentences)) as pool:
        listener = Listener(pool, products, voice=LoudnessActivity)
        sound = arriving(quiet(0.5), loud(2.0), quiet(0.8), loud(1.0, 0.8))
        events = [event async for event in listener.run(sound)]

    assert [event.text for event in events if isinstance(event, TranscriptSegment)] == list(
        sentences.values()
    )
    assert [event.product_id for event in events if isinstance(event, Pin)] == ["brush"]


async def test_a_recognizer_that_fails_is_not_hidden() -> None:
    def broken(samples: Samples, effort: Effort) -> Hypothesis:
        raise MemoryError("no room for the model")

    async with RecognitionPool(ScriptedRecognizer(broken)) as pool:
        listener = Listener(pool, [], voice=LoudnessActivity)
        with pytest.raises(MemoryError):
            async for _ in listener.run(arriving(quiet(0.5), loud(2.0), quiet(0.8))):
                pass
