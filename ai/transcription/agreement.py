"""LocalAgreement-2 (Macháček et al., 2023): words are stable once two hypotheses in a row begin with them."""

import re

_WORD = re.compile(r"[A-Za-z0-9']+|\S")
_MARK = re.compile(r"[^\w]")


def words(text: str) -> list[tuple[str, int]]:
    """Each Chinese character or Latin word in lower case, with the position in `text` at which it ends."""
    found = [(match[0].lower(), match.end()) for match in _WORD.finditer(text)]
    return [(word, end) for word, end in found if not _MARK.fullmatch(word)]


class LocalAgreement:
    """One utterance's stable words. Once stable, a word stays so even when a later hypothesis changes it."""

    def __init__(self) -> None:
        self._previous: list[tuple[str, int]] = []
        self.stable_words = 0

    def update(self, text: str) -> str:
        """The stable beginning of `text`."""
        current = words(text)
        agreed = 0
        for (before, _), (now, _) in zip(self._previous, current, strict=False):
            if before != now:
                break
            agreed += 1
        self._previous = current
        self.stable_words = min(max(self.stable_words, agreed), len(current))
        return text[: current[self.stable_words - 1][1]] if self.stable_words else ""
