"""What a message's text may hold. Markup stays as it is typed: it is text, and shown as text."""

import re
import unicodedata

from app.core.errors import Invalid

MAX_CHARACTERS = 200
MAX_MARKS = 4
"""More combining marks on one letter spill over the lines above and below it."""

# Control, format, private and unassigned characters: what hides in a text or turns its neighbours
# around. Two joiners among them are kept: emoji and Persian are written with them.
_UNSEEN_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs"})
_UNSEEN_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_SPACES = re.compile(r"\s+")
_JOINERS = "\u200c\u200d"


class EmptyMessage(Invalid):
    code = "empty_message"
    title = "There is nothing to send"


class MessageTooLong(Invalid):
    code = "message_too_long"
    title = "The message is too long"


def clean(text: str) -> str:
    """`text` as it is stored and shown: NFC, one line, nothing unseen. Or EmptyMessage, MessageTooLong."""
    if len(text) > 10 * MAX_CHARACTERS:
        raise MessageTooLong(max_characters=MAX_CHARACTERS)
    spaced = unicodedata.normalize("NFC", _SPACES.sub(" ", text))
    result = _SPACES.sub(" ", _thin_out(spaced)).strip(f" {_JOINERS}")
    if not any(unicodedata.category(character)[0] in "LNPS" for character in result):
        raise EmptyMessage
    if len(result) > MAX_CHARACTERS:
        raise MessageTooLong(max_characters=MAX_CHARACTERS)
    return result


def _thin_out(text: str) -> str:
    """Without the unseen, without piles of marks."""
    kept: list[str] = []
    marks = joiners = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        joiners = joiners + 1 if character in _JOINERS else 0
        if marks <= MAX_MARKS and joiners <= 1 and (joiners or not _unseen(character)):
            kept.append(character)
    return "".join(kept)


def _unseen(character: str) -> bool:
    return unicodedata.category(character) in _UNSEEN_CATEGORIES or character in _UNSEEN_LETTERS
