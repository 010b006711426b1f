"""Places of delivery and the groups in which shops name them."""

from functools import lru_cache

from ai.assistant.segments import said
from ai.assistant.text import has_han, table


@lru_cache(maxsize=4096)
def places_in(text: str) -> tuple[str, ...]:
    """Places that a question names, and the groups that they belong to."""
    found = []
    if not has_han(text):
        text = said(text)
    for group, members in table("lexicon")["regions"].items():
        names = [group, *members]
        spoken = members if len(group) == 1 else names
        if any(name in text for name in spoken):
            found += [name for name in names if name in text] + [group]
    return tuple(dict.fromkeys(found))
