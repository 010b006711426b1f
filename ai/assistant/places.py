"""Places of delivery and the groups in which shops name them."""

from ai.assistant.text import table


def places_in(text: str) -> list[str]:
    """Places that a question names, and the groups that they belong to."""
    found = []
    for group, members in table("lexicon")["regions"].items():
        names = [group, *members]
        spoken = members if len(group) == 1 else names
        if any(name in text for name in spoken):
            found += [name for name in names if name in text] + [group]
    return list(dict.fromkeys(found))
