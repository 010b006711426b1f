"""`shopcast bench warnings`: how long after a forbidden sentence its cue stands in the host's studio."""

import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from ai.cues.evaluation import load, read_sound
from ai.cues.products import ListedProduct
from ai.cues.scoring import LabelledSegment, LabelledSession, percentile
from ai.listening import RoomListener
from ai.simulation import SimulatedRoom, simulate
from ai.transcription.recognizer import Recognizer, WhisperRecognizer, WhisperSettings
from ai.transcription.segments import TranscriptSegment
from app.adapters.meaning import meaning
from app.adapters.speech_screening import speech_watch
from app.benches.shop import bench_platform
from app.core.auth import Principal, Role
from app.core.http import Services
from app.core.ids import new_id
from app.core.report import Report
from app.identity import repository as identity_rows
from app.identity import service as identity
from app.identity.schemas import Registration
from app.rooms import service as rooms
from app.rooms.schemas import NewRoom
from app.runtime import open_services
from moderation.speech import SpeechWatch, SpokenSegment
from moderation.speech.claims import claims
from moderation.text import default_screen
from moderation.text.aside import Aside

_AROUND_S = 0.5


@dataclass(frozen=True, slots=True)
class Sentence:
    """A labelled sentence that makes a claim, and when its cue stood, in seconds after its end; None: never."""

    session: str
    text: str
    delay_s: float | None
    heard: str = ""


async def run(data: Path, *, model: str, data_dir: Path) -> None:
    """Hear every session at its own pace, screen what is heard as the ai role does, and print the delays.

    Recognition counts by its processor time on one thread, so that what else the machine does stays out of it;
    screening and storing by the wall clock.
    """
    report = Report("bench warnings")
    products, sessions = load(data)
    report.progress(f"{len(sessions)} sessions; loading {model}")
    recognizer = WhisperRecognizer(WhisperSettings(model), data_dir)
    layer = meaning()
    found: list[Sentence] = []
    async with (
        bench_platform(()) as bench,
        open_services(bench.settings) as services,
        aclosing(Aside([layer] if layer is not None else [])) as aside,
    ):
        watch = speech_watch(services, aside)
        room_id, host_id = await _room(services)
        for session in sessions:
            report.progress(f"{session.id}: {session.duration_s:.0f} s")
            heard = _hear(session, data, products, recognizer)
            found += await _screened(session, heard, watch, room_id, host_id)
    _tell(report, found)


async def _room(services: Services) -> tuple[UUID, UUID]:
    form = Registration(email="host@bench.example", password="a voice on air", display_name="Mei")
    await identity.register(services.db, services.clock, form, roles=[Role.VIEWER, Role.HOST])
    async with services.db.transaction() as tx:
        host = await identity_rows.user_by_email(tx, form.email)
    assert host is not None
    principal = Principal(host["id"], form.display_name, frozenset({Role.VIEWER, Role.HOST}))
    room = await rooms.create(services.db, services.clock, principal, NewRoom(title="bench"))
    return room["id"], host["id"]


def _hear(
    session: LabelledSession, folder: Path, products: Sequence[ListedProduct], recognizer: Recognizer
) -> list[tuple[float, TranscriptSegment]]:
    """The final sentences with the time at which each was there."""
    room = SimulatedRoom(RoomListener(products), read_sound(folder / session.audio))
    simulate([room], recognizer, stopwatch=time.process_time)
    return [(at_s, event) for at_s, event in room.events if isinstance(event, TranscriptSegment)]


async def _screened(
    session: LabelledSession,
    heard: Sequence[tuple[float, TranscriptSegment]],
    watch: SpeechWatch,
    room_id: UUID,
    host_id: UUID,
) -> list[Sentence]:
    warned: list[tuple[float, TranscriptSegment]] = []
    for at_s, segment in heard:
        begun = time.perf_counter()
        said = SpokenSegment(
            new_id(), room_id, host_id, segment.text, session.language, segment.start_s, segment.end_s
        )
        if await watch.heard(said):
            warned.append((at_s + time.perf_counter() - begun, segment))
    watch.forget(room_id)
    screen = default_screen()
    return [_sentence(session, one, heard, warned) for one in session.segments if claims(screen, one.text)]


def _sentence(
    session: LabelledSession,
    labelled: LabelledSegment,
    heard: Sequence[tuple[float, TranscriptSegment]],
    warned: Sequence[tuple[float, TranscriptSegment]],
) -> Sentence:
    times = [at_s for at_s, segment in warned if _overlap(labelled, segment)]
    text = " ".join(segment.text for _, segment in heard if _overlap(labelled, segment))
    delay = round(max(0.0, min(times) - labelled.end_s), 3) if times else None
    return Sentence(session.id, labelled.text, delay, text)


def _overlap(labelled: LabelledSegment, segment: TranscriptSegment) -> bool:
    return segment.start_s < labelled.end_s - _AROUND_S and labelled.start_s + _AROUND_S < segment.end_s


def _tell(report: Report, found: Sequence[Sentence]) -> None:
    report.table(
        "Forbidden sentences",
        ("session", "s after its end", "said", "heard"),
        [
            (one.session, "never" if one.delay_s is None else one.delay_s, one.text, one.heard)
            for one in found
        ],
    )
    delays = sorted(one.delay_s for one in found if one.delay_s is not None)
    report.finish(
        {
            "sentences": len(found),
            "warned": len(delays),
            "p50_s": percentile(delays, 0.5),
            "p95_s": percentile(delays, 0.95),
            "slowest_s": max(delays, default=None),
        }
    )
