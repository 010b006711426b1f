"""What was just drafted, for the next one who asks the same while no fact has changed."""

from collections import OrderedDict
from dataclasses import dataclass, replace

from ai.assistant.drafting import Draft
from ai.assistant.models import Facts, Question, Source

KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Told:
    """A public draft that passed the check, and its words; without statements nothing was said."""

    draft: Draft
    text: str
    composed_by: str


class ToldBefore:
    """Drafts by room, words and product asked about last; good as long as the facts are the same,
    whatever the host says meanwhile. Bounded, oldest dropped first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str, str | None], tuple[Facts, Told]] = OrderedDict()

    def known(self, question: Question, text: str, facts: Facts) -> Told | None:
        """None where the words are new or any fact has changed."""
        found = self._kept.get(_key(question, text))
        if found is None or found[0] != _lasting(facts):
            return None
        return found[1]

    def keep(self, question: Question, text: str, facts: Facts, told: Told) -> None:
        """Answers outside a room, and quotations of the host, are not kept."""
        if not question.room_id or any(fact.source is Source.TRANSCRIPT for fact in told.draft.facts):
            return
        self._kept[_key(question, text)] = (_lasting(facts), told)
        self._kept.move_to_end(_key(question, text))
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)


def _key(question: Question, text: str) -> tuple[str, str, str | None]:
    return question.room_id, text, question.previous_product


def _lasting(facts: Facts) -> Facts:
    return replace(facts, transcript=())
