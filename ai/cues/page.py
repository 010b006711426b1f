"""The timeline of an evaluation as one HTML page: what was spoken, what was expected, what was pinned."""

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from ai.cues.decisions import Offer, Pin, Suggest, Warn
from ai.cues.evaluation import SessionResult, by_product, failures
from ai.cues.products import ListedProduct
from ai.transcription.segments import TranscriptSegment

_PX_PER_S = 22
_STYLE = """
body{font:14px/1.4 system-ui,sans-serif;margin:24px;color:#1c1c22}
h2{margin:28px 0 4px} table{border-collapse:collapse} th,td{text-align:left;padding:3px 14px 3px 0;
border-bottom:1px solid #eee} .figures{color:#666}
.scroll{overflow-x:auto;border:1px solid #ddd;border-radius:8px}
.track{position:relative;height:64px;border-bottom:1px solid #eee}
.track:last-child{border:0}
.track>span{position:absolute;left:4px;top:2px;font-size:11px;color:#999}
.bar{position:absolute;top:18px;height:42px;overflow:hidden;border-radius:4px;padding:2px 4px;font-size:11px;
box-sizing:border-box;background:#f0f0f3}
.introduce{background:#d8efdc}.mention{background:#fde8cf}
.pin{position:absolute;top:16px;bottom:0;border-left:3px solid #1a8f3c;padding-left:4px;font-size:11px;
white-space:nowrap;background:#ffffffb0}
.false{border-color:#d33030;color:#d33030}.suggest{border-color:#7a6ff0;color:#5b50d6}
.warn{border-color:#d98e00;color:#a36b00}
"""


def write_page(path: Path, products: Sequence[ListedProduct], results: Sequence[SessionResult]) -> None:
    """Writes one self-contained file."""

    names = {product.id: product.name for product in products}
    failed = failures(results)
    summary = (
        _table("Per product", ("product", "expected", "pinned", "false"), by_product(results), names)
        + _table(
            "Per kind of failure", ("kind", "times"), sorted(Counter(f[1] for f in failed).items()), names
        )
        + _table("Failures", ("session", "kind", "product", "at s", "words", "rule"), failed, names)
    )
    sections = "".join(_section(result, names) for result in results)
    path.write_text(
        f'<!doctype html><meta charset="utf-8"><title>Product cues</title><style>{_STYLE}</style>'
        f"<h1>Product cues</h1>{summary}{sections}",
        encoding="utf-8",
    )


def _table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], names: dict[str, str]
) -> str:
    """Ids of products are shown as their names."""
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(names.get(str(cell), str(cell)))}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return f"<h2>{escape(title)}</h2><table><tr>{head}</tr>{body}</table>"


def _section(result: SessionResult, names: dict[str, str]) -> str:
    scored = result.score
    session = scored.session
    width = int(session.duration_s * _PX_PER_S) + 200
    spoken = (
        _bar(s.start_s, s.end_s, f"{names.get(s.product_id or '', '')} {s.text}", s.kind)
        for s in session.segments
    )
    heard = (
        _bar(event.start_s, event.end_s, event.text, "talk")
        for _, event in result.events
        if isinstance(event, TranscriptSegment)
    )
    wrong = {(false.pin.at_s, false.pin.product_id): false.kind for false in scored.false_pins}
    decided = _decisions(result, names, wrong)
    return (
        f"<h2>{escape(session.id)}</h2><div class=figures>{escape(session.language)}, "
        f"noise {escape(session.noise)}: "
        f"{len(scored.hits)} of {len(scored.expected)} pinned, {len(scored.false_pins)} false, "
        f"cer {result.cer:.3f}</div><div class=scroll><div style='width:{width}px'>"
        + _track("spoken and expected", spoken)
        + _track("heard", heard)
        + _track("decided", decided)
        + "</div></div>"
    )


def _decisions(
    result: SessionResult, names: dict[str, str], wrong: dict[tuple[float, str], str]
) -> Iterable[str]:
    for at_s, event in result.events:
        if isinstance(event, Pin):
            kind = wrong.get((at_s, event.product_id))
            label = f"{names[event.product_id]}{f' ({kind})' if kind else ''}"
            yield _mark(at_s, label, event.evidence.rule, "false" if kind else "")
        elif isinstance(event, Suggest):
            yield _mark(at_s, f"? {names[event.product_id]}", event.evidence.rule, "suggest")
        elif isinstance(event, Warn):
            yield _mark(at_s, f"! {event.promise} {event.said} / {event.held}", event.evidence.text, "warn")
        elif isinstance(event, Offer):
            yield _mark(at_s, f"→ {event.action}", event.evidence.text, "warn")


def _track(label: str, items: Iterable[str]) -> str:
    return f"<div class=track><span>{label}</span>{''.join(items)}</div>"


def _bar(start_s: float, end_s: float, text: str, kind: str) -> str:
    left, width = int(start_s * _PX_PER_S), max(8, int((end_s - start_s) * _PX_PER_S))
    return (
        f"<div class='bar {kind}' style='left:{left}px;width:{width}px' title='{escape(text, quote=True)}'>"
        f"{escape(text)}</div>"
    )


def _mark(at_s: float, label: str, title: str, kind: str) -> str:
    return (
        f"<div class='pin {kind}' style='left:{int(at_s * _PX_PER_S)}px' title='{escape(title, quote=True)}'>"
        f"{at_s:.1f} {escape(label)}</div>"
    )
