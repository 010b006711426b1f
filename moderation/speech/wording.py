"""A better wording for a claim: a replacement of its words where the lists know one, else advice by kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..findings import Category, Finding

LISTS = Path(__file__).parent / "lists"
LANGUAGES = ("zh", "en")

_ADVICE: Mapping[str, tuple[str, str]] = {
    "ad_law.absolute": (
        "不要用极限词，请说具体的特点，例如材质、容量、续航。",
        "No superlatives: name a feature instead, such as material, size or battery life.",
    ),
    "ad_law.endorsement": (
        "不要借国家机关、专家或明星的名义，请说产品本身。",
        "No authority, expert or celebrity as proof: speak about the product itself.",
    ),
    "ad_law.medical": (
        "普通商品不能说治疗或保健功效，请说使用感受。",
        "Not a medicine: say how it feels or what it is made of, not what it heals.",
    ),
    "ad_law.guarantee": (
        "不要保证效果或收益，请说“效果因人而异”。",
        "No promised result or return: say that results differ from person to person.",
    ),
    "ad_law.scarcity": (
        "不要制造虚假紧迫感，请说真实的库存和活动时间。",
        "No false urgency: name the real stock and when the offer ends.",
    ),
    Category.DIVERSION: (
        "请让大家在直播间里下单，不要引导到站外联系或付款。",
        "Let people order here; do not send them elsewhere to talk or pay.",
    ),
    Category.ABUSE: (
        "请文明用语，可以说“谢谢您的意见”。",
        "Keep it civil: thank them for the feedback and go on.",
    ),
    Category.SEXUAL: ("请避免低俗内容，回到商品介绍。", "Keep it clean and go back to the product."),
    Category.GAMBLING: ("不能宣传赌博或博彩，请停止。", "Gambling must not be promoted here; please stop."),
    Category.ILLEGAL: ("这类商品或服务禁止宣传，请停止。", "This may not be offered here; please stop."),
    Category.PRIVACY: ("不要在直播中念出个人信息。", "Do not read personal data out on air."),
}
_GENERAL = ("请换一种说法。", "Please put it another way.")


@dataclass(frozen=True, slots=True)
class Wording:
    """`instead`: the claim's words replaced, or empty; `advice_zh`, `advice_en`: what to do, one sentence."""

    instead: str
    advice_zh: str
    advice_en: str


def wording(finding: Finding, text: str) -> Wording:
    """What the host may say instead of `finding.evidence` within `text`."""
    zh, en = _ADVICE.get(finding.detector, _ADVICE.get(finding.category, _GENERAL))
    return Wording(_instead(finding, text), zh, en)


def _instead(finding: Finding, text: str) -> str:
    """The clause with the claim's words replaced; empty where no replacement is known."""
    if finding.category != Category.AD_LAW:
        return ""
    claim = text[finding.start : finding.end]
    folded = claim.casefold()
    for forbidden, allowed in _replacements():
        at = folded.find(forbidden)
        if at >= 0 and len(folded) == len(claim):
            replaced = claim[:at] + allowed + claim[at + len(forbidden) :]
            return (text[: finding.start] + replaced + text[finding.end :]).strip()
    return ""


@lru_cache(maxsize=1)
def _replacements() -> list[tuple[str, str]]:
    """Forbidden and allowed words, the longest forbidden first."""
    pairs = []
    for language in LANGUAGES:
        for line in (LISTS / f"{language}.txt").read_text("utf-8").splitlines():
            forbidden, separator, allowed = line.partition(" = ")
            if separator and not line.startswith("#"):
                pairs.append((forbidden.strip(), allowed.strip()))
    return sorted(pairs, key=lambda pair: -len(pair[0]))
