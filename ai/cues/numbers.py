"""Numbers as they are spoken, in Chinese and English words and digits."""

import re
from dataclasses import dataclass

_DIGITS = {
    name: value
    for value, names in enumerate(("零〇", "一幺", "二两俩", "三", "四", "五", "六", "七", "八", "九"))
    for name in names
}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_CHINESE = re.compile(
    r"(?:(?:零?[一二两俩三四五六七八九]?[十百千万]+)+(?:零?[一二两俩三四五六七八九])?|[零〇一幺二两俩三四五六七八九]+)"
    r"(?:点[零〇一二三四五六七八九]+)?|半"
)
_NUMBER = re.compile(
    r"(?:(?P<hundreds>[1-9])00[一以亿易](?P<tens>1\d)(?!\d)"
    r"|(?P<round>\d*[1-9]0)八(?![\d百千万])"
    r"|(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?P<unit>[万千百]?)"
    rf"|(?P<chinese>{_CHINESE.pattern}))"
    r"(?:[块快](?P<tenths>[\d一二两三四五六七八九])"
    r"(?![\d.十百千万点块快个袋盒件只条瓶支份斤片]|包(?!邮)))?"
)
"""As recognizers write them too: "200一19" is "两百一十九", "50八" "五十八"; after 块, also heard as 快, the tenths of
"四十九块九"."""


_CURRENCIES = ("$", "¥", "￥", "€", "£")


def _counted(names: str, step: int = 1) -> dict[str, int]:
    return {name: number * step for number, name in enumerate(names.split())}


_EN_ONES = _counted(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    " seventeen eighteen nineteen"
)
_EN_TENS = _counted("- - twenty thirty forty fifty sixty seventy eighty ninety", 10)
del _EN_TENS["-"]
_EN_NOUGHT = ("oh", "o")
"""The nought of "one oh five"."""
_EN_WORD = "|".join([*_EN_TENS, *sorted(_EN_ONES, key=len, reverse=True), "hundred", "thousand"])
_ENGLISH = re.compile(
    rf"\b(?:(?:{_EN_WORD})|a (?:hundred|thousand))"
    rf"(?:[\s-]+(?:and[\s-]+)?(?:{_EN_WORD}|{'|'.join(_EN_NOUGHT)}(?=[\s-]+(?:{_EN_WORD}))))*\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SpokenNumber:
    value: float
    start: int
    end: int
    """Where it stands in the text."""
    is_money: bool = False
    """With its unit inside, "四十九块九", or before it, "$49"."""


def spoken_digits(number: str) -> str:
    """How a Chinese host reads digits: "199" → "一百九十九", "20" → "二十", "2026" → "二零二六"."""
    whole, _, fraction = number.partition(".")
    characters = "零一二三四五六七八九"
    if len(whole) > 4 or whole.startswith("0") or re.fullmatch(r"(19|20)\d\d", whole):
        text = "".join(characters[int(digit)] for digit in whole)
    else:
        text = _read_whole(int(whole))
    return text + ("点" + "".join(characters[int(digit)] for digit in fraction) if fraction else "")


def _read_whole(value: int) -> str:
    if value == 0:
        return "零"
    text, zero = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, value = divmod(value, unit)
        if digit:
            text += ("零" if zero else "") + "零一二三四五六七八九"[digit] + name
            zero = False
        elif text:
            zero = True
    return text.removeprefix("一") if text.startswith("一十") else text


def chinese_value(text: str) -> float | None:
    """ "一百二十九" → 129, "三百九" → 390, "两千五" → 2500, "一二九" → 129, "三十九点九" → 39.9."""
    if text == "半":
        return 0.5
    whole, _, fraction = text.partition("点")
    if not whole or any(
        character not in _DIGITS and character not in _UNITS and character != "万" for character in whole
    ):
        return None
    value = _chinese_whole(whole)
    if fraction:
        value += float("0." + "".join(str(_DIGITS[character]) for character in fraction))
    return value


def _chinese_whole(text: str) -> float:
    if not any(character in _UNITS or character == "万" for character in text):
        return float("".join(str(_DIGITS[character]) for character in text))
    total, section, digit, last_unit = 0, 0, 0, 1
    for character in text:
        if character in _DIGITS:
            digit = _DIGITS[character]
            if digit == 0:
                last_unit = 10
        elif character == "万":
            total, section, digit, last_unit = total + (section + digit) * 10_000, 0, 0, 10_000
        else:
            last_unit = _UNITS[character]
            section += (digit or 1) * last_unit
            digit = 0
    # "三百九" means 390, "三百零九" 309.
    return float(total + section + digit * (last_unit // 10 if last_unit >= 100 else 1))


def english_value(text: str) -> float | None:
    """ "one hundred and twenty nine" → 129, "two ninety nine" → 299, "twenty nine ninety nine" → 29.99."""
    total, current, cents = 0, 0, 0
    for word in re.findall(r"[a-z]+", text.lower()):
        value = _EN_TENS.get(word, _EN_ONES.get(word))
        if value is not None and cents:
            cents += value
        elif value is not None and value >= 10 and current % 100 >= 20:
            cents = value
        elif value is not None:
            # Prices are read in pairs: "one nineteen" is 119, "twelve fifty" 1250.
            pairs = value >= 10 and 0 < current < (20 if word in _EN_TENS else 10)
            current = current * 100 + value if pairs else current + value
        elif word in _EN_NOUGHT:
            current *= 100
        elif word == "hundred":
            current = max(1, current) * 100
        elif word == "thousand":
            total, current = total + max(1, current) * 1000, 0
        elif word not in ("and", "a"):
            return None
    return total + current + cents / 100


def spoken_numbers(text: str, language: str) -> list[SpokenNumber]:
    """Every number in `text`, in order."""
    found: list[SpokenNumber] = []
    for match in _NUMBER.finditer(text):
        value = _matched_value(match)
        if value is not None:
            is_money = match["tenths"] is not None or text[: match.start()].endswith(_CURRENCIES)
            found.append(SpokenNumber(value, match.start(), match.end(), is_money))
    if language == "en":
        for match in _ENGLISH.finditer(text):
            value = english_value(match[0])
            if value is not None:
                found.append(SpokenNumber(value, match.start(), match.end()))
        found.sort(key=lambda number: number.start)
        found = _joined(found, text)
    return found


def _joined(numbers: list[SpokenNumber], text: str) -> list[SpokenNumber]:
    """ "1,200 and 99", as recognizers write 1,299."""
    joined: list[SpokenNumber] = []
    for number in numbers:
        last = joined[-1] if joined else None
        if (
            last is not None
            and text[last.end : number.start] == " and "
            and last.value % 100 == 0 < number.value < 100 <= last.value
        ):
            joined[-1] = SpokenNumber(last.value + number.value, last.start, number.end)
        else:
            joined.append(number)
    return joined


def _matched_value(match: re.Match[str]) -> float | None:
    if match["hundreds"]:
        value: float | None = int(match["hundreds"]) * 100 + int(match["tens"])
    elif match["round"]:
        value = int(match["round"]) + 8
    elif match["chinese"]:
        value = chinese_value(match["chinese"])
    else:
        unit = {"万": 10_000, "千": 1000, "百": 100}.get(match["unit"], 1)
        value = float(match["digits"].replace(",", "")) * unit
    tenths = chinese_value(match["tenths"]) or float(match["tenths"]) if match["tenths"] else 0.0
    return None if value is None else value + tenths / 10


def with_digits(text: str) -> str:
    """Numbers in words become digits: two transcripts that differ only in the way of writing become equal."""

    def whole(value: float) -> str:
        return str(int(value)) if value == int(value) else str(value)

    def chinese(match: re.Match[str]) -> str:
        value = chinese_value(match[0])
        return match[0] if value is None or match[0] == "半" else whole(value)

    def english(match: re.Match[str]) -> str:
        value = english_value(match[0])
        return match[0] if value is None else whole(value)

    return _ENGLISH.sub(english, _CHINESE.sub(chinese, text))
