"""Folds a text so that the same word reads the same however it was disguised, and keeps the way back.

Three views share one alignment: `plain` (folded characters, separators kept), `digits` (plain with spelled-out
numbers as digits, same length) and `compact` (letters and digits alone, with the kind of gap before each).
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property, lru_cache

GAP_NONE, GAP_SOFT, GAP_HARD = 0, 1, 2
_FEWEST_GAPS = 3

_HARD = frozenset("，。！？；,!?;\n、()（）")
_FILLERS = frozenset("のノ丶灬丿丨乄")
_HEARTS = frozenset("❤♥♡💗💕💖💓💘💝💞💟🧡💛💚💙💜🖤🤍🤎❣")
_BEFORE_HEART = frozenset("薇徽微威v维葳嶶溦崴蔚魏唯卫伟围委苇纬炜玮韦")
_AFTER_PLUS = frozenset("v薇微威徽维葳嶶溦崴wq企扣群裙我")
_EMOJI = {
    "➕": "加", "🐧": "企鹅", "🛰": "卫星", "📱": "手机", "☎": "电话", "📞": "电话", "📲": "手机", "🐴": "妈", "🐎": "妈",
    "🐔": "鸡", "🐓": "鸡", "🐷": "猪", "🐖": "猪", "🐶": "狗", "🐕": "狗", "💩": "屎", "🔞": "十八禁", "🌿": "草", "🍀": "草",
    "👩": "妈", "✈": "飞机", "🛩": "飞机", "🐢": "龟", "🖕": "操你", "🔫": "枪", "🎰": "老虎机", "🎲": "骰子", "🔪": "刀",
    "🅰": "a", "🅱": "b", "🅾": "o", "🅿": "p", "🉐": "得", "㊙": "秘", "🐻": "熊", "🍗": "鸡", "🍌": "蕉", "🀄": "麻将", "💊": "药",
    "🐟": "鱼", "🐠": "鱼", "🐮": "牛", "🧧": "红包", "💰": "钱", "🔗": "链接", "🚗": "车", "🐽": "猪",
    "➊": "1", "➋": "2", "➌": "3", "➍": "4", "➎": "5", "➏": "6", "➐": "7", "➑": "8", "➒": "9",
    "❶": "1", "❷": "2", "❸": "3", "❹": "4", "❺": "5", "❻": "6", "❼": "7", "❽": "8", "❾": "9", "⓿": "0",
    "⓵": "1", "⓶": "2", "⓷": "3", "⓸": "4", "⓹": "5", "⓺": "6", "⓻": "7", "⓼": "8", "⓽": "9", "🔟": "10",
    "㈠": "一", "✌": "v", "♏": "m", "Ⓜ": "m", "ⓥ": "v", "🆅": "v", "🆇": "x", "🆆": "w", "ℹ": "i", "✖": "x", "❌": "x", "⭕": "o",
}  # fmt: skip
_LOOKALIKES = str.maketrans({
    "а": "a", "в": "b", "с": "c", "е": "e", "ё": "e", "н": "h", "і": "i", "ї": "i", "ј": "j", "к": "k", "м": "m", "о": "o",
    "р": "p", "ѕ": "s", "т": "t", "у": "y", "х": "x", "ԁ": "d", "ԛ": "q", "ԝ": "w", "ѵ": "v", "ɡ": "g", "ո": "n", "օ": "o",
    "α": "a", "β": "b", "ε": "e", "η": "n", "ι": "i", "κ": "k", "ν": "v", "ο": "o", "ρ": "p", "τ": "t", "υ": "u", "χ": "x",
    "ω": "w", "ς": "c", "γ": "y", "ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "ŧ": "t", "æ": "ae", "œ": "oe",
    "ᴀ": "a", "ʙ": "b", "ᴄ": "c", "ᴅ": "d", "ᴇ": "e", "ꜰ": "f", "ɢ": "g", "ʜ": "h", "ɪ": "i", "ᴊ": "j", "ᴋ": "k", "ʟ": "l",
    "ᴍ": "m", "ɴ": "n", "ᴏ": "o", "ᴘ": "p", "ʀ": "r", "ꜱ": "s", "ᴛ": "t", "ᴜ": "u", "ᴠ": "v", "ᴡ": "w", "ʏ": "y", "ᴢ": "z",
    "∨": "v", "√": "v", "ⅴ": "v", "ν".upper(): "n", "￥": "¥", "×": "x", "ʌ": "a", "ə": "e", "ɐ": "a", "ɹ": "r", "ʇ": "t",
    "ս": "u", "հ": "h", "զ": "q", "ց": "g", "ք": "p", "ա": "w", "ѡ": "w", "ӏ": "l", "ғ": "f", "ҽ": "e", "ƒ": "f", "ɑ": "a",
    "ʋ": "u", "寳": "宝", "寶": "宝", "羣": "群",
    "“": '"', "”": '"', "‘": "'", "’": "'", "囗": "口", "亻": "人", "氵": "水", "扌": "手", "讠": "言", "钅": "金", "丶": "、",
})  # fmt: skip
_TAKEN_APART = {
    "扌口": "扣", "亻言": "信", "亻尔": "你", "女马": "妈", "犭句": "狗", "犭者": "猪", "氵去": "法", "讠正": "证",
    "讠舌": "话", "钅戋": "钱", "亻弋": "代", "贝者": "赌", "贝専": "赚", "贝兼": "赚", "女支": "妓", "女昌": "娼",
    "女票": "嫖", "氵色": "艳", "氵壬": "淫", "忄青": "情", "扌喿": "操", "艹早": "草",
    "彳山": "微", "讠皮": "波", "亻匕": "化", "氵主": "注", "氵舌": "活", "氵每": "海",
    "亻故": "做", "扌斗": "抖", "礻果": "裸", "衤果": "裸", "火包": "炮", "纟勺": "约",
}  # fmt: skip
_FIRST_PARTS = frozenset("扌亻犭氵讠钅忄艹彳礻衤纟女贝火")
_DIGITS = str.maketrans("零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖", "001234567891123456789")
_SPELLED = re.compile(
    r"[0-9零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖][0-9零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖 \-.]{3,}"
)
_SPELLED_EN = {
    "zero": "0", "oh": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9",
}  # fmt: skip
_SPELLED_EN_RUN = re.compile(r"\b(?:(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)[ \-,.]+){5,}\w+")


@lru_cache(maxsize=1)
def _simplified() -> dict[str, str]:
    """Traditional to simplified, character by character, so that positions stay as they are."""
    import opencc

    characters = [chr(c) for c in range(0x4E00, 0xA000)] + [chr(c) for c in range(0x3400, 0x4DC0)]
    converted = opencc.OpenCC("t2s").convert("\n".join(characters)).split("\n")
    return {a: b for a, b in zip(characters, converted, strict=True) if a != b and len(b) == 1}


@lru_cache(maxsize=65536)
def fold(character: str) -> str:
    """What one character stands for: none, one or a few folded characters."""
    if character in _EMOJI:
        return _EMOJI[character]
    code = ord(character)
    if 0x1F1E6 <= code <= 0x1F1FF:
        return chr(code - 0x1F1E6 + 97)
    if 0x1F150 <= code <= 0x1F169:
        return chr(code - 0x1F150 + 97)
    if 0x1F170 <= code <= 0x1F189:
        return chr(code - 0x1F170 + 97)
    if character in "\t\r\v\f\x85\u2028\u2029":
        return " "
    out = []
    for part in unicodedata.normalize("NFKD", character).casefold().translate(_LOOKALIKES):
        kind = unicodedata.category(part)
        if kind in ("Mn", "Me", "Cf", "Cs", "Co", "Cn") or (kind == "Cc" and part != "\n"):
            continue
        out.append(" " if kind.startswith("Z") else _simplified().get(part, part))
    return "".join(out)


def is_cjk(character: str) -> bool:
    """Whether it is a Chinese character (unified ideographs and extension A)."""
    return "\u4e00" <= character <= "\u9fff" or "\u3400" <= character <= "\u4dbf"


@dataclass(frozen=True)
class Normalized:
    """A folded text. `origin[i]` is the index in `original` that `plain[i]` came from."""

    original: str
    plain: str
    origin: list[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The half-open span of `original` behind the half-open span of `plain`."""
        if start >= end:
            return (0, 0)
        return self.origin[start], self.origin[end - 1] + 1

    @cached_property
    def digits(self) -> str:
        """`plain` with runs of spelled-out digits as digits; the same length."""
        text = _SPELLED.sub(lambda m: m.group().translate(_DIGITS), self.plain)
        return _SPELLED_EN_RUN.sub(_spelled_en, text) if "e" in text else text

    @cached_property
    def _compacted(self) -> tuple[str, list[int], list[int]]:
        out: list[str] = []
        at: list[int] = []
        gaps: list[int] = []
        gap = GAP_NONE
        plain = self.plain
        for i, character in enumerate(plain):
            if character in _HEARTS and out and out[-1] in _BEFORE_HEART:
                character = "信"
            elif character == "+":
                following = plain[i + 1 : i + 4].lstrip()
                if following and following[0] in _AFTER_PLUS:
                    character = "加"
            if character.isalnum() and character not in _FILLERS:
                out.append(character)
                at.append(i)
                gaps.append(gap)
                gap = GAP_NONE
            else:
                gap = max(gap, GAP_HARD if character in _HARD else GAP_SOFT)
        return "".join(out), at, gaps

    @property
    def compact(self) -> str:
        """Letters and digits alone."""
        return self._compacted[0]

    @property
    def set_apart(self) -> bool:
        """Whether so many characters are set apart that phrases should be searched in `compact` as well."""
        return self.gaps.count(GAP_SOFT) >= _FEWEST_GAPS

    @property
    def compact_at(self) -> list[int]:
        """For each character of `compact` its index in `plain`."""
        return self._compacted[1]

    @property
    def gaps(self) -> list[int]:
        """For each character of `compact` what stood before it: nothing, a separator or the end of a clause."""
        return self._compacted[2]


def _spelled_en(match: re.Match[str]) -> str:
    """`one three nine` as `1   3     9   `: digits in place, blanks for the rest of each word."""
    return re.sub(
        r"[a-z]+", lambda m: _SPELLED_EN.get(m.group(), m.group()).ljust(len(m.group())), match.group()
    )


def normalize(text: str) -> Normalized:
    """Fold `text`; any string is accepted, unpaired surrogates included."""
    out: list[str] = []
    origin: list[int] = []
    skipped = -1
    for i, character in enumerate(text):
        if i == skipped:
            continue
        folded = character if "a" <= character <= "z" else fold(character)
        if character in _FIRST_PARTS and (whole := _TAKEN_APART.get(text[i : i + 2])):
            folded, skipped = whole, i + 1
        for part in folded:
            out.append(part)
            origin.append(i)
    return Normalized(text, "".join(out), origin)
