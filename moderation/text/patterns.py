"""Things with a shape: telephone numbers, identity and bank cards, e-mail, addresses, links, contact handles.

Searched in `Normalized.digits` with RE2, whose time is linear in the text's length.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import re2

from .normalize import Normalized

_CN_MOBILE = re2.compile(r"(?:\+?86[ \-]?)?1[ .\-]*[3-9](?:[ .\-]*\d){9}")
_CN_LANDLINE = re2.compile(r"0\d{2,3}[ \-]\d{7,8}")
_INTERNATIONAL = re2.compile(r"\+\d{1,3}(?:[ .\-]?\(?\d{1,4}\)?){2,5}\d")
_US_PHONE = re2.compile(r"(?:\+?1[ .\-]?)?\(?\d{3}\)?[ .\-]\d{3}[ .\-]\d{4}")
_UK_PHONE = re2.compile(r"0(?:\d{4} ?\d{6}|\d{4} \d{3} ?\d{3}|\d{3} \d{3} ?\d{4}|\d{2} \d{4} ?\d{4})")
_ID_CARD = re2.compile(r"[1-9]\d{5}[ ]?(?:19|20)\d{2}[ ]?\d{4}[ ]?\d{3}[ ]?[\dx]")
_CARD = re2.compile(r"\d(?:[ \-]?\d){12,18}")
_EMAIL = re2.compile(
    r"[a-z0-9][a-z0-9._%+\-]*(?: ?@ ?| ?\[?\(?\bat\b\)?\]? )[a-z0-9\-]+"
    r"(?:(?:\.)(?:[a-z0-9\-]+\.)*[a-z]{2,8}| ?dot ?(?:com|net|org|edu|gov|info|io|me|co|cn|uk|de|fr|ru)\b)"
)
_SSN = re2.compile(r"\d{3}-\d{2}-\d{4}")
_PASSPORT = re2.compile(
    r"(?:护照|passport)[^a-z0-9]{0,10}(?:no|number|is|号)?[^a-z0-9]{0,4}[a-z]{1,2}\d{7,8}"
)
_CVV = re2.compile(
    r"(?:cvv|cvc|安全码)[^0-9]{0,6}\d{3,4}|(?:密码|password|pin code)(?:是|is|:|：| )+[a-z0-9@#!]{4,20}"
)
_ADDRESS_ZH = re2.compile(
    r"(?:[一-鿿]{1,8}[省市区县镇乡村])?[一-鿿]{1,10}(?:路|街|大道|道|巷|弄|胡同|小区|花园|家园|公寓|大厦|村|苑|里)"
    r"[一-鿿]{0,4}\d{1,5}[一-鿿]{0,2}?(?:号楼|号院|号|栋|幢|弄|座|单元|楼|室)"
)
_ADDRESS_EN = re2.compile(
    r"\b\d{1,5}[a-z]? (?:[a-z]+ ){1,3}"
    r"(?:street|st|avenue|ave|road|rd|terrace|boulevard|blvd|lane|drive|crescent|court|close|square)\b"
)
_UK_POSTCODE = re2.compile(r"\b[a-z]{1,2}\d[a-z\d]? \d[a-z]{2}\b")
_URL = re2.compile(
    r"(?:https?://|www\s?[.。点]\s?)[a-z0-9\-]+[^\s一-鿿]*"
    r"|[a-z0-9\-]{1,40}(?:\.|。|点| ?\(?dot\)? ?| \. )"
    r"(?:com|cn|net|shop|top|xyz|vip|cc|me|co|org|info|store|site|online|club|io|link|ly|live|app|ru)\b(?:/[^\s一-鿿]*)?"
)
_AT_HANDLE = re2.compile(r"(?:^|[^a-z0-9.])@[a-z0-9_.]{3,30}")
_CASHTAG = re2.compile(r"\$[a-z][a-z0-9_]{2,19}\b")
_HANDLE = re2.compile(r"[a-z0-9][a-z0-9_\-.]{3,24}")
_NUMBER = re2.compile(r"\d(?:[ \-.]?\d){4,11}")
_ORDER = re2.compile(
    r"(?:单号|订单|编号|运单|快递|物流|货号|款号|条码|条形码|型号|tracking|order|invoice|sku|item|model|ean|isbn|coupon|code)[^0-9]{0,14}$"
)


@dataclass(frozen=True, slots=True)
class Shape:
    """A thing found: its kind and half-open span in `Normalized.plain`."""

    kind: str
    start: int
    end: int
    text: str


def luhn(digits: str) -> bool:
    """The check digit of payment cards (ISO/IEC 7812-1, annex B)."""
    total = 0
    for i, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if i % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def id_card(number: str) -> bool:
    """The check character of a Chinese identity number (GB 11643-1999, MOD 11-2)."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return "10x98765432"[sum(int(d) * w for d, w in zip(number, weights, strict=False)) % 11] == number[17]


def find_shapes(text: Normalized) -> list[Shape]:
    """All shapes, the more telling first; a later one that overlaps an earlier one is left out."""
    source = text.digits
    found: list[Shape] = []
    for kind, start, end in _candidates(source):
        if all(end <= s.start or s.end <= start for s in found):
            found.append(Shape(kind, start, end, source[start:end]))
    return found


def _candidates(source: str) -> Iterator[tuple[str, int, int]]:
    if "@" in source or "at" in source:
        yield from _each("email", _EMAIL, source)
    if "." in source or "。" in source or "点" in source or "://" in source or "dot" in source:
        yield from _each("url", _URL, source)
    if "@" in source:
        yield from _each("at", _AT_HANDLE, source)
    if "$" in source:
        yield from _each("at", _CASHTAG, source)
    if not any(c.isdigit() for c in source):
        return
    yield from _cards(source)
    for kind, pattern in (
        ("passport", _PASSPORT),
        ("secret", _CVV),
        ("address", _ADDRESS_ZH),
        ("address", _ADDRESS_EN),
        ("address", _UK_POSTCODE),
    ):
        yield from _each(kind, pattern, source)
    for kind, pattern in (
        ("phone", _CN_MOBILE),
        ("phone", _INTERNATIONAL),
        ("phone", _US_PHONE),
        ("phone", _UK_PHONE),
        ("phone", _CN_LANDLINE),
        ("ssn", _SSN),
    ):
        for kind_, start, end in _each(kind, pattern, source):
            if _alone(source, start, end) and not _ORDER.search(source[max(0, start - 24) : start]):
                yield kind_, start, end


def _each(kind: str, pattern: "re2._Regexp[str]", source: str) -> Iterator[tuple[str, int, int]]:
    for match in pattern.finditer(source):
        yield kind, match.start(), match.end()


def _cards(source: str) -> Iterator[tuple[str, int, int]]:
    for match in _ID_CARD.finditer(source):
        number = match.group().replace(" ", "")
        near = (
            "身份" in source[max(0, match.start() - 12) : match.start()]
            or "id" in source[max(0, match.start() - 8) : match.start()]
        )
        if _alone(source, match.start(), match.end()) and (id_card(number) or near):
            yield "id_card", match.start(), match.end()
    for match in _CARD.finditer(source):
        start, end = match.span()
        number = "".join(c for c in match.group() if c.isdigit())
        before = source[max(0, start - 16) : start]
        named = any(word in before for word in ("卡", "card", "visa", "master", "amex"))
        if not _alone(source, start, end) or (_ORDER.search(before) and not named):
            continue
        if (luhn(number) and len(number) >= 13 and number[0] in "23456") or (
            named and 15 <= len(number) <= 19
        ):
            yield "card", start, end


def _alone(source: str, start: int, end: int) -> bool:
    """Whether the number is not a part of a longer one or of a word."""
    before = source[start - 1] if start else " "
    after = source[end] if end < len(source) else " "
    return not (before.isascii() and before.isalnum()) and not (after.isascii() and after.isalnum())


def handles(source: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """What can be a contact handle within a part of `digits`: a word with a digit or `_`, or five digits and more."""
    part = source[start:end]
    for match in _NUMBER.finditer(part):
        yield start + match.start(), start + match.end()
    for match in _HANDLE.finditer(part):
        word = match.group()
        if any(c.isalpha() for c in word) and (any(c.isdigit() for c in word) or "_" in word):
            yield start + match.start(), start + match.end()
