"""Captions spell product names as the catalogue does."""

import re
from collections.abc import Sequence

from ai.cues.matcher import NameMatch, Trust

_LATIN = re.compile(r"[A-Za-z]")
_SURE = 0.75


def with_catalogue_spelling(text: str, matches: Sequence[NameMatch]) -> str:
    """`text` with misheard names replaced; names spelled as in the catalogue stay."""
    for match in sorted(matches, key=lambda match: match.start, reverse=True):
        heard = text[match.start : match.end]
        if match.rivals or match.trust is Trust.PART or match.score < _SURE:
            continue
        if bool(_LATIN.search(heard)) != bool(_LATIN.search(match.name)):
            continue
        text = text[: match.start] + match.name + text[match.end :]
    return text
