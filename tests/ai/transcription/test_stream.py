"""Sound becomes utterances, and these become text that grows, settles and ends."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from ai.cues.evaluation import load, read_sound
from ai.listening import RoomListener, RoomSettings
from ai.simulation import SimulatedRoom, simulate
from ai.transcription.agreement import LocalAgreement
from ai.transcription.audio import SAMPLE_RATE_HZ, AudioChunk, Samples, to_pcm, to_samples
from ai.transcription.inventions import recites, said_once, without_inventions
from ai.transcription.recognizer import Effort, Hypothesis, ScriptedRecognizer, Vocabulary
from ai.transcription.schedule import Schedule
from ai.transcription.segments import PartialSegment, Segment, TranscriptSegment
from ai.transcription.stream import RecognitionJob, StreamSettings, TranscriptionStream
from ai.transcription.vad import WINDOW_S, LoudnessActivity, SileroVoiceActivity
from tests.ai.sound import chunks, loud, quiet

DATA = Path(__file__).parents[2] / "data"
WORDS = "接下来给大家带来的这一款特别好用大家可以看一下"


def growing(samples: Samples, effort: Effort) -> Hypothesis:
    """Hears three words a second of loud sound."""
    seconds = float((np.abs(samples) > 0.1).sum()) / SAMPLE_RATE_HZ
    return Hypothesis(WORDS[: int(seconds * 3 + 0.5)], "zh")


def stream(**settings: float) -> TranscriptionStream:
    return TranscriptionStream(LoudnessActivity, StreamSettings(**settings), Vocabulary)  # type: ignore[arg-type]


def hear(
    stream: TranscriptionStream, *parts: Samples, name: str = "first"
) -> tuple[list[Segment], list[RecognitionJob]]:
    """Feeds sound; every job is answered at once."""
    segments: list[Segment] = []
    jobs: list[RecognitionJob] = []
    for chunk in chunks(*parts, stream=name):
        segments += stream.feed(chunk)
        while (job := stream.due()) is not None:
            stream.start(job)
            jobs.append(job)
            segments += stream.accept(job, growing(job.samples, job.effort))
    return segments, jobs


def test_words_are_shown_as_they_are_spoken_and_settle() -> None:
    segments, jobs = hear(stream(), quiet(1), loud(3), quiet(1))

    partials = [segment for segment in segments if isinstance(segment, PartialSegment)]
    [final] = [segment for segment in segments if isinstance(segment, TranscriptSegment)]
    assert len(partials) >= 4
    assert {segment.id for segment in segments} == {final.id}
    assert all(segment.text.startswith(segment.stable_text) for segment in partials)
    assert len(partials[-1].stable_text) >= 6
    assert final.text == WORDS[:9]
    assert final.start_s == pytest.approx(0.7, abs=0.15)
    assert final.end_s == pytest.approx(4.0, abs=0.15)
    assert [job.effort for job in jobs].count(Effort.FINAL) == 1, (
        "the closing recognition serves as the final one"
    )


def test_a_pause_parts_utterances_and_a_short_one_does_not() -> None:
    two, _ = hear(stream(), loud(1), quiet(0.8), loud(1), quiet(0.8))
    one, _ = hear(stream(), loud(1), quiet(0.3), loud(1), quiet(0.8))

    assert len([segment for segment in two if isinstance(segment, TranscriptSegment)]) == 2
    assert [segment.text for segment in one if isinstance(segment, TranscriptSegment)] == [WORDS[:6]]


def test_silence_and_a_click_make_no_work() -> None:
    segments, jobs = hear(stream(), quiet(3), loud(0.05), quiet(3))

    assert (segments, jobs) == ([], [])


def test_a_host_who_never_pauses_is_cut_and_nothing_is_lost() -> None:
    segments, _ = hear(stream(hard_limit_s=4.0), quiet(0.5), loud(9), quiet(1))

    finals = [segment for segment in segments if isinstance(segment, TranscriptSegment)]
    assert len(finals) == 3
    spans = [(segment.start_s, segment.end_s) for segment in finals]
    assert all(later[0] == pytest.approx(earlier[1], abs=0.1) for earlier, later in pairwise(spans))
    assert spans[-1][1] == pytest.approx(9.5, abs=0.15)


def test_sound_that_stops_in_a_word_is_finished() -> None:
    listening = stream()
    hear(listening, quiet(0.5), loud(1.1))
    assert listening.flush() == []

    job = listening.due()
    assert job is not None
    assert job.effort is Effort.FINAL
    listening.start(job)
    [segment] = listening.accept(job, growing(job.samples, job.effort))
    assert isinstance(segment, TranscriptSegment)
    assert segment.text == WORDS[:3]


def test_another_publishing_begins_another_utterance() -> None:
    listening = stream()
    hear(listening, quiet(0.5), loud(1.1))
    segments, _ = hear(listening, quiet(0.5), loud(2), quiet(1), name="second")

    finals = [segment for segment in segments if isinstance(segment, TranscriptSegment)]
    assert [(segment.stream, segment.text) for segment in finals] == [
        ("first", WORDS[:3]),
        ("second", WORDS[:6]),
    ]


def test_finished_utterances_that_wait_ask_for_no_more_sound() -> None:
    listening = stream(backlog=2)
    for chunk in chunks(quiet(0.5), loud(1), quiet(0.8)):
        listening.feed(chunk)
    assert not listening.saturated
    for chunk in chunks(loud(1), quiet(0.8), start_s=2.3):
        listening.feed(chunk)
    assert listening.saturated


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bit"):
        stream().feed(AudioChunk(b"odd", 0.0))


def test_pcm_survives_both_ways() -> None:
    samples = np.array([0.0, 0.5, -0.5, 1.0, -1.0], dtype=np.float32)
    assert to_samples(to_pcm(samples)) == pytest.approx(samples, abs=1e-4)


def test_a_stable_word_stays_stable() -> None:
    agreement = LocalAgreement()

    assert agreement.update("接下来看") == ""
    assert agreement.update("接下来,看这款") == "接下来,看"
    assert agreement.update("接着看这款口红") == "接着看这"


def test_finals_go_before_partials_and_rooms_take_turns() -> None:
    class Room:
        def __init__(self) -> None:
            self.stream = stream()

    first, second, third = Room(), Room(), Room()
    schedule = Schedule[Room]()
    for room in (first, second, third):
        schedule.join(room)
    for room, parts in ((first, (loud(1.5),)), (second, (loud(1.5),)), (third, (loud(1.0), quiet(0.8)))):
        for chunk in chunks(*parts):
            room.stream.feed(chunk)

    served = []
    while (picked := schedule.next()) is not None:
        room, job = picked
        served.append((room, job.effort))
        room.stream.accept(job, growing(job.samples, job.effort))

    assert served == [(third, Effort.FINAL), (first, Effort.PARTIAL), (second, Effort.PARTIAL)]


def test_under_load_partials_thin_out_and_every_final_comes() -> None:
    """Four rooms on a recognizer that takes a third of a second, by the simulation's virtual clock."""
    sound = np.concatenate([quiet(0.5), *[loud(2.0), quiet(0.8)] * 4])

    def simulated(rooms: int) -> tuple[int, int]:
        recognizer = ScriptedRecognizer(growing)
        listening = [
            SimulatedRoom(RoomListener([], RoomSettings(), LoudnessActivity), sound, starts_s=0.3 * n)
            for n in range(rooms)
        ]
        simulate(listening, recognizer, pace=lambda took_s: 0.33)
        events = [event for room in listening for _, event in room.events]
        finals = [event for event in events if isinstance(event, TranscriptSegment)]
        return len([event for event in events if isinstance(event, PartialSegment)]) // rooms, len(
            finals
        ) // rooms

    (alone_partials, alone_finals), (shared_partials, shared_finals) = simulated(1), simulated(4)
    assert alone_finals == shared_finals == 4
    assert shared_partials < alone_partials


@pytest.mark.parametrize(
    ("text", "language", "kept"),
    [
        ("谢谢观看", "zh", ""),
        ("字幕由志愿者提供", "zh", ""),
        ("这个面膜鱼鱼鱼鱼鱼鱼鱼鱼鱼鱼", "zh", "这个面膜"),
        ("Thank you for watching.", "en", ""),
        ("玻尿酸面膜,空气炸锅,台灯", "zh", ""),
        ("玻尿酸面膜,空气", "zh", ""),
        ("空气炸锅", "zh", "空气炸锅"),
    ],
)
def test_inventions_on_doubtful_sound_are_dropped(text: str, language: str, kept: str) -> None:
    doubtful = Hypothesis(text, language, log_probability=-1.2, no_speech_probability=0.4)
    names = ("玻尿酸面膜", "空气炸锅", "台灯")

    assert without_inventions(doubtful, 2.0, 3.0, names) == kept


def test_a_host_who_really_says_thanks_is_heard() -> None:
    clear = Hypothesis("Thank you so much for watching.", "en", -0.15, 0.06)

    assert without_inventions(clear, 1.9, 2.4, ()) == clear.text


def test_more_words_than_anybody_can_say_are_invented() -> None:
    hypothesis = Hypothesis(WORDS, "zh", -0.2, 0.0)

    assert without_inventions(hypothesis, 0.4, 0.9, ()) == ""
    assert without_inventions(hypothesis, 3.5, 4.0, ()) == WORDS


@pytest.mark.parametrize(
    ("text", "once"),
    [
        ("一盒三十小包给家里人吃。一盒三十小包给家里人吃", "一盒三十小包给家里人吃"),
        ("下一个上链接,每日坚果礼盒下一个上链接每日", "下一个上链接,每日坚果礼盒"),
        ("鞋子来了鞋子来了", "鞋子来了鞋子来了"),
        ("so good, so good", "so good, so good"),
        ("It keeps you warm all night. It keeps you warm all night.", "It keeps you warm all night"),
    ],
)
def test_a_sentence_that_the_decoder_says_twice_is_said_once(text: str, once: str) -> None:
    assert said_once(text) == once


def test_two_names_alone_are_read_back_hotwords() -> None:
    assert recites("台灯,空气炸锅", ["空气炸锅", "台灯"])
    assert not recites("这个空气炸锅和台灯", ["空气炸锅", "台灯"])


@pytest.mark.parametrize("kind", ["silence", "hum", "noise"])
def test_the_real_voice_activity_takes_no_noise_for_speech(kind: str) -> None:
    rng = np.random.default_rng(1)
    times = np.arange(5 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    sound = {
        "silence": np.zeros_like(times),
        "hum": 0.3 * np.sin(2 * np.pi * 110 * times),
        "noise": 0.1 * rng.standard_normal(len(times)),
    }[kind].astype(np.float32)

    assert max(SileroVoiceActivity().probabilities(sound)) < 0.15


def test_the_real_voice_activity_hears_a_voice_in_an_echoing_room_over_the_telephone() -> None:
    folder = DATA / "speech_sets" / "first" / "hard"
    _, sessions = load(folder)
    session = next(session for session in sessions if session.id == "en03")
    sound = read_sound(folder / session.audio)[: 20 * SAMPLE_RATE_HZ]
    probabilities = np.array(SileroVoiceActivity().probabilities(sound))
    middles_s = (np.arange(len(probabilities)) + 0.5) * WINDOW_S

    spoken, pause = np.zeros_like(middles_s, dtype=bool), np.ones_like(middles_s, dtype=bool)
    for segment in session.segments:
        spoken |= (middles_s > segment.start_s + 0.1) & (middles_s < segment.end_s - 0.1)
        pause &= (middles_s < segment.start_s - 0.2) | (middles_s > segment.end_s + 0.3)
    assert np.mean(probabilities[spoken] > 0.15) > 0.5
    assert pause.sum() > 20
    assert np.mean(probabilities[pause] < 0.1) > 0.95
