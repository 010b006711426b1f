"""`shopcast eval cues`: the real chain on labelled sessions, in simulated real time."""

import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, astuple, dataclass, replace
from pathlib import Path
from typing import Any

from ai.cues import score_table
from ai.cues.decisions import Pin
from ai.cues.delays import caption_delays, warning_delays
from ai.cues.error_rates import ErrorRates, measure, normalized
from ai.cues.products import ListedProduct
from ai.cues.promise_scoring import LabelledPromise, PromiseScore, load_promises, score_promises
from ai.cues.scoring import (
    LabelledSegment,
    LabelledSession,
    MadePin,
    SessionScore,
    errors,
    percentile,
    score,
)
from ai.listening import ListeningEvent, RoomListener, RoomSettings
from ai.simulation import SimulatedRoom, simulate
from ai.transcription.audio import Samples
from ai.transcription.recognizer import Recognizer, WhisperRecognizer, WhisperSettings
from ai.transcription.segments import TranscriptSegment
from app.core.report import Report

QUICK_S = 33.0


@dataclass(frozen=True)
class SessionResult:
    score: SessionScore
    events: tuple[tuple[float, ListeningEvent], ...]
    character_errors: int
    characters: int
    compute_s: float
    cpu_s: float
    sound_s: float
    caption_delays_s: tuple[float, ...] = ()
    warning_delays_s: tuple[float, ...] = ()
    rates: ErrorRates | None = None
    promises: PromiseScore | None = None
    """None where the data does not label prices and stock."""

    @property
    def cer(self) -> float:
        return self.character_errors / max(1, self.characters)


def load(folder: Path) -> tuple[list[ListedProduct], list[LabelledSession]]:
    """`catalog.json` and `sessions.json` of `folder`. Raises FileNotFoundError and KeyError as they come."""
    catalog = json.loads((folder / "catalog.json").read_text(encoding="utf-8"))
    index = json.loads((folder / "sessions.json").read_text(encoding="utf-8"))
    return [product(entry) for entry in catalog], [_session(entry) for entry in index]


def product(entry: dict[str, Any]) -> ListedProduct:
    """A catalogue entry of the data's format."""
    return ListedProduct(
        entry["id"],
        entry["name"],
        entry.get("name_en") or "",
        tuple(entry.get("aliases") or ()),
        entry.get("price_cents"),
        entry.get("list_price_cents"),
        entry.get("position"),
        entry.get("stock"),
    )


def _session(entry: dict[str, Any]) -> LabelledSession:
    segments = tuple(
        LabelledSegment(s["start"], s["end"], s["text"], s["kind"], s["product"], s["mention_end"])
        for s in entry["segments"]
    )
    return LabelledSession(
        entry["id"], entry["language"], entry["noise"], entry["audio"], entry["duration"], segments
    )


def read_sound(path: Path) -> Samples:
    """Any file that FFmpeg reads, as 16 kHz mono."""
    from faster_whisper.audio import decode_audio

    samples: Samples = decode_audio(str(path))
    return samples


def listen_to(
    session: LabelledSession,
    folder: Path,
    products: Sequence[ListedProduct],
    recognizer: Recognizer,
    settings: RoomSettings | None = None,
    may_go_on: Callable[[], bool] = lambda: True,
    promises: Sequence[LabelledPromise] | None = None,
) -> SessionResult:
    """One session through the whole chain."""
    room = SimulatedRoom(RoomListener(products, settings), read_sound(folder / session.audio))
    effort = simulate([room], recognizer, may_go_on)
    if effort.stopped_s is not None:
        session = _until(session, effort.stopped_s)
    pins = [
        MadePin(event.product_id, at_s, event.evidence.text, event.evidence.rule)
        for at_s, event in room.events
        if isinstance(event, Pin)
    ]
    heard = "".join(event.text for _, event in room.events if isinstance(event, TranscriptSegment))
    reference = normalized("".join(segment.text + " " for segment in session.segments))
    return SessionResult(
        score(session, pins),
        tuple(room.events),
        errors(reference, normalized(heard)),
        len(reference),
        effort.compute_s,
        effort.cpu_s,
        effort.stopped_s or session.duration_s,
        tuple(caption_delays(session, room.events, products)),
        tuple(warning_delays(session, room.events)),
        promises=None if promises is None else score_promises(session, promises, room.events),
    )


def _until(session: LabelledSession, stopped_s: float) -> LabelledSession:
    """What of the session was heard out: sentences that a pin could still follow in time."""
    heard = tuple(segment for segment in session.segments if segment.end_s + 2.5 <= stopped_s)
    return LabelledSession(session.id, session.language, session.noise, session.audio, stopped_s, heard)


def run(
    folder: Path,
    data_dir: Path,
    *,
    quick: bool,
    model: str = "base",
    cpu_threads: int = 1,
    page: Path | None = None,
    scores: Path | None = None,
) -> None:
    """The command. Prints progress, tables and the closing line of figures.

    Unless `quick`, utterances are recognized again with and without hotwords. `page` and `scores` are written.
    """
    report = Report("eval cues")
    started = time.monotonic()
    products, sessions = load(folder)
    promises = load_promises(folder)
    report.progress(f"{len(sessions)} sessions, {len(products)} products; loading {model}")
    recognizer = WhisperRecognizer(WhisperSettings(model, cpu_threads=cpu_threads), data_dir)

    def in_time() -> bool:
        return not quick or time.monotonic() - started < QUICK_S

    results = []
    for session in _alternating(sessions) if quick else sessions:
        if not in_time():
            break
        result = listen_to(session, folder, products, recognizer, may_go_on=in_time, promises=promises)
        if not quick:
            result = _with_error_rates(result, folder, products, recognizer)
        results.append(result)
        report.progress(_line(result))
    _tables(report, results)
    if page is not None:
        from ai.cues.page import write_page

        write_page(page, products, results)
        report.progress(f"timeline: {page}")
    if scores is not None:
        score_table.write(scores, [row for r in results for row in score_table.rows(*_heard(r), products)])
        report.progress(f"scores: {scores}")
    report.finish(figures(results))


def _with_error_rates(
    result: SessionResult, folder: Path, products: Sequence[ListedProduct], recognizer: WhisperRecognizer
) -> SessionResult:
    session, events = _heard(result)
    finals = [event for _, event in events if isinstance(event, TranscriptSegment)]
    vocabulary = RoomListener(products).vocabulary()
    sound = read_sound(folder / session.audio)
    return replace(result, rates=measure(session, sound, finals, recognizer, vocabulary))


def _heard(result: SessionResult) -> tuple[LabelledSession, tuple[tuple[float, ListeningEvent], ...]]:
    return result.score.session, result.events


def _alternating(sessions: Sequence[LabelledSession]) -> list[LabelledSession]:
    """One of each language in turn, so that a quick run hears all of them."""
    seen: Counter[str] = Counter()
    ranked = []
    for session in sessions:
        ranked.append((seen[session.language], session))
        seen[session.language] += 1
    return [session for _, session in sorted(ranked, key=lambda entry: entry[0])]


def figures(results: Sequence[SessionResult]) -> dict[str, Any]:
    """The plain numbers of a whole run."""
    expected = sum(len(result.score.expected) for result in results)
    hits = sum(len(result.score.hits) for result in results)
    false_pins = sum(len(result.score.false_pins) for result in results)
    latencies = [latency for result in results for latency in result.score.latencies_s]
    sound_s = sum(result.sound_s for result in results)
    return {
        "sessions": len(results),
        "expected": expected,
        "recall": _rounded(hits / expected if expected else None),
        "precision": _rounded(hits / (hits + false_pins) if hits + false_pins else None),
        "false_pins": false_pins,
        "latency_p50_s": _rounded(percentile(latencies, 0.5)),
        "latency_p95_s": _rounded(percentile(latencies, 0.95)),
        "partial_p95_s": _rounded(percentile([s for r in results for s in r.caption_delays_s], 0.95)),
        "warning_p95_s": _rounded(percentile([s for r in results for s in r.warning_delays_s], 0.95)),
        **_warning_figures([r.promises for r in results if r.promises is not None]),
        "cer": _rounded(
            sum(r.character_errors for r in results) / max(1, sum(r.characters for r in results))
        ),
        "cer_by_session": {
            r.score.session.id: {k: _rounded(v) for k, v in asdict(r.rates).items()}
            for r in results
            if r.rates
        },
        "rtf": _rounded(sum(r.compute_s for r in results) / sound_s if sound_s else None),
        "cpu_rtf": _rounded(sum(r.cpu_s for r in results) / sound_s if sound_s else None),
    }


def _warning_figures(scores: Sequence[PromiseScore]) -> dict[str, Any]:
    """Of the wrong prices and stock that were said the share that was warned of; warnings of nothing wrong."""
    expected = sum(score.expected for score in scores)
    return {
        "warned": _rounded(sum(score.warned for score in scores) / expected if expected else None),
        "false_warnings": sum(len(score.false_warnings) for score in scores) if scores else None,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _line(result: SessionResult) -> str:
    scored = result.score
    return (
        f"{scored.session.id}: {len(scored.hits)} of {len(scored.expected)} pinned, "
        f"{len(scored.false_pins)} false, cer {result.cer:.3f}, "
        f"computed {result.compute_s:.1f} s for {result.sound_s:.0f} s"
    )


def _tables(report: Report, results: Sequence[SessionResult]) -> None:
    report.table(
        "Sessions",
        ("session", "language", "noise", "expected", "pinned", "false", "p50 s", "p95 s", "cer", "rtf"),
        [_row(result) for result in results],
    )
    rates = [(r.score.session.id, *(f"{rate:.3f}" for rate in astuple(r.rates))) for r in results if r.rates]
    if rates:
        columns = ("session", "hotwords", "no hotwords", "hotwords, as written", "no hotwords, as written")
        report.table("Character error rates", columns, rates)
    report.table("Products", ("product", "expected", "pinned", "false"), by_product(results))
    report.table(
        "Failures by kind", ("kind", "times"), sorted(Counter(f[1] for f in failures(results)).items())
    )
    found = failures(results)
    if found:
        report.table("Failures", ("session", "kind", "product", "at s", "words", "rule"), found)


def _row(result: SessionResult) -> tuple[Any, ...]:
    scored = result.score
    latencies = scored.latencies_s
    return (
        scored.session.id,
        scored.session.language,
        scored.session.noise,
        len(scored.expected),
        len(scored.hits),
        len(scored.false_pins),
        _rounded(percentile(latencies, 0.5)),
        _rounded(percentile(latencies, 0.95)),
        f"{result.cer:.3f}",
        f"{result.compute_s / result.sound_s:.2f}",
    )


def by_product(results: Sequence[SessionResult]) -> list[tuple[Any, ...]]:
    """Product, expected, pinned, false pins."""
    expected = Counter(intro.product_id for r in results for intro in r.score.expected)
    pinned = Counter(intro.product_id for r in results for intro, _ in r.score.hits)
    false_pins = Counter(false.pin.product_id for r in results for false in r.score.false_pins)
    return [
        (product_id, expected[product_id], pinned[product_id], false_pins[product_id])
        for product_id in sorted({*expected, *false_pins})
    ]


def failures(results: Sequence[SessionResult]) -> list[tuple[Any, ...]]:
    """Session, kind, product, time, words and rule of each missed introduction, false pin and failed warning."""
    found: list[tuple[Any, ...]] = []
    for result in results:
        session = result.score.session.id
        for intro in result.score.missed:
            first = intro.segments[0]
            found.append((session, "missed", intro.product_id, f"{first.start_s:.1f}", first.text, ""))
        for false in result.score.false_pins:
            pin = false.pin
            found.append((session, false.kind, pin.product_id, f"{pin.at_s:.1f}", pin.text, pin.rule))
        found += _failed_warnings(session, result.promises)
    return found


def _failed_warnings(session: str, scored: PromiseScore | None) -> list[tuple[Any, ...]]:
    if scored is None:
        return []
    missed = [(session, "not warned", p.product_id, "", p.text, f"said {p.promise}") for p in scored.missed]
    false_warnings = [
        (
            session,
            "false warning",
            w.product_id,
            f"{at_s:.1f}",
            w.evidence.text,
            f"{w.promise} {w.said}, {w.held}",
        )
        for at_s, w in scored.false_warnings
    ]
    return [*missed, *false_warnings]
