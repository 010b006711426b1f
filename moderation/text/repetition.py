"""One message that says the same thing over and over."""

import re
from operator import eq

from .normalize import Normalized

SCANNED_CHARACTERS = 300
_RUN = re.compile(r"(\S)\1{14,}")
_IGNORED = re.compile(r"[\s,，。、~]+")
_LONGEST_UNIT = 25
_SHORTEST_TEXT = 16
_FEWEST_REPEATS = 6
_LONG_UNIT, _FEWEST_LONG_REPEATS, _SHORTEST_LONG_TEXT = 5, 4, 24
_SAME_SHARE = 0.92
_LAUGHTER = frozenset("哈嘿呵嘻hae6w8k")
_LAUGHTER_CHARACTERS = 24


def find_repetition(text: Normalized) -> tuple[int, int] | None:
    """The half-open span in `plain` of a repetition that makes up the text, or nothing.

    One character 15 times in a row, or a unit of up to 25 characters at least 6 times over 16 characters (4 times over
    24 from five characters on); laughter may be longer.
    """
    scanned = text.plain[:SCANNED_CHARACTERS]
    run = _RUN.search(scanned)
    if run is not None and (run.group(1) not in _LAUGHTER or len(run.group()) >= _LAUGHTER_CHARACTERS):
        return run.span()
    letters = _IGNORED.sub("", scanned)
    if len(letters) < (_LAUGHTER_CHARACTERS if _LAUGHTER.issuperset(letters) else _SHORTEST_TEXT):
        return None
    fewest = _FEWEST_LONG_REPEATS if len(letters) >= _SHORTEST_LONG_TEXT else _FEWEST_REPEATS
    for period in range(1, min(_LONGEST_UNIT, len(letters) // fewest) + 1):
        if period < _LONG_UNIT and period > len(letters) // _FEWEST_REPEATS:
            continue
        compared = len(letters) - period
        if sum(map(eq, letters, letters[period:])) >= _SAME_SHARE * compared:
            return 0, len(scanned)
    return None
