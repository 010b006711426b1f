"""Claims in speech and catalogue text that advertising law forbids; what is denied is not claimed."""

import re
from collections.abc import Iterator

from ...findings import Category, Finding, Surface
from ..evidence import Evidence, between
from ..lexicon import Hit

KINDS = ("absolute", "endorsement", "medical", "guarantee", "scarcity")
_SURFACES = frozenset({Surface.SPEECH, Surface.PRODUCT, Surface.PICTURE, Surface.PROFILE})
_DENIED = re.compile(
    r"(?:不是|并非|不敢(?:说|讲|保证|承诺)|不(?:说|讲|提|能说|保证|承诺|宣称|宣传)|没(?:有)?(?:说|讲|宣称)|别说|谈不上|算不上|不一定(?:是|能)?|不见得|未必|不能保证|无法保证)[^，。！？,!?]{0,6}$"
)
_UNABLE = re.compile(
    r"(?:不能|不敢|不可以?|不会|不具有?|没有|没法|无法|能不能|可不可以|是不是|是否|不|没|非|别指望|不要指望)(?:够|用来|用于|当|直接|是|任何|说|作为|用|有){0,2}$"
)
_DENIED_EN = re.compile(
    r"\b(?:not|no|never|cannot|can't|cant|isn't|isnt|doesn't|doesnt|don't|dont|won't|wont|nor|without|neither|hardly)\b"
    r"(?! miss| wait| only| sleep)[^,.;!?]{0,40}$"
)
_CLAUSE = re.compile(r"[，。！？,.!?;；\n]")
_CURE_NEAR, _CURE_NEAR_EN = 6, 24


def find(evidence: Evidence) -> list[Finding]:
    """Claims of all kinds; the detector names the kind: `ad_law.absolute`, `ad_law.medical` and so on."""
    if evidence.surface not in _SURFACES:
        return []
    found = []
    for kind, start, end in _claims(evidence):
        if not _denied(evidence.text.plain, kind, start, end):
            found.append(evidence.finding(Category.AD_LAW, 0.8, f"ad_law.{kind}", start, end))
    return found


def _claims(evidence: Evidence) -> Iterator[tuple[str, int, int]]:
    for kind in KINDS:
        for hit in evidence.of(f"ad_law.{kind}"):
            yield kind, hit.start, hit.end
    for cure in evidence.of("ad_law.cure"):
        for disease in evidence.of("ad_law.disease"):
            if _about(cure, disease, evidence.text.plain):
                yield "medical", min(cure.start, disease.start), max(cure.end, disease.end)
    for kind, start, end in evidence.matches("ad_law"):
        yield kind, start, end


def _about(cure: Hit, disease: Hit, plain: str) -> bool:
    """Whether a word of curing speaks of the disease: near, in the same clause, not inside each other."""
    if cure.start < disease.end and disease.start < cure.end:
        return False
    near = _CURE_NEAR_EN if cure.term.text.isascii() else 3 if len(cure.term.text) == 1 else _CURE_NEAR
    if cure.term.text in ("降", "降低", "控制") and not any(
        w in disease.term.text for w in ("血", "尿酸", "三高", "糖")
    ):
        return False
    gap = plain[min(cure.end, disease.end) : max(cure.start, disease.start)]
    return between(cure, disease) <= near and not _CLAUSE.search(gap)


def _denied(plain: str, kind: str, start: int, end: int) -> bool:
    before = _CLAUSE.split(plain[max(0, start - 48) : start])[-1]
    if _DENIED.search(before) or (before.isascii() and _DENIED_EN.search(before)):
        return True
    return kind in ("medical", "guarantee") and (
        _UNABLE.search(before) is not None
        or re.search(r"不能(?:治|代替|替代|当药)|不治|不具有", plain[start:end]) is not None
    )
