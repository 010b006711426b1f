"""From a room's words to decisions. Pure: words and the time come in, decisions go out."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from ai.cues import meaning
from ai.cues.actions import announced
from ai.cues.decisions import CueDecision, Evidence, Pin, Promise, Suggest, Unpin
from ai.cues.explanations import Explanations
from ai.cues.kinds import Kinds
from ai.cues.links import linked
from ai.cues.matcher import Matcher, NameMatch, Trust
from ai.cues.misheard import as_meant
from ai.cues.presentation import AGAINST, CERTAIN, LIKELY, Act, Reading, clues, read
from ai.cues.products import ListedProduct
from ai.cues.promises import broken_promises
from ai.cues.screen import PinSettings, Screen
from ai.cues.sounds import sounds
from ai.cues.usage import Usage
from ai.embeddings import default_embedder
from ai.transcription.segments import PartialSegment, Segment

_CONTEXT_S = 1.2
"""An utterance that ended so shortly before is part of the sentence."""
_CONTEXT_LETTERS = 90
_AFTER_NAME_LETTERS = {"zh": 12, "en": 40}
"""What follows a name is about that product; only the end of it may lead on to the next one."""
_ENOUGH_AFTER = {"zh": 5, "en": 3}
"""Sounds after the name that show where the sentence goes."""
_SOME_AFTER = {"zh": 3, "en": 2}
"""Sounds after the name without which even a clear case is not decided."""
_LEAD_IN = {"zh": 3, "en": 2}
"""Sounds before the name; a sentence that begins with it may turn into anything: more of it is heard first."""
_NUMBER_MAY_GROW = {"zh": 2, "en": 6}
"""Characters that must follow a number before it is taken for whole."""
_BARE_ENOUGH_AFTER = {"zh": 10, "en": 10}
_NEEDED = {Trust.FULL: 0.6, Trust.SHORT: 0.7, Trust.PART: 0.85}
"""How probably it must be presented, by how telling the name is."""
_WEAK_SCORE = 0.8
_NEEDED_WEAK = 0.85
_NEEDED_HOMOPHONE = 0.95
"""Of a short name by its sound alone: "十斤" sounds like "湿巾"."""
_CLEAR_LOG_PROBABILITY = -0.35
_DOUBT_SLOPE = 2.0
_MOST_DOUBT = 0.35
_MOST_NEEDED = 0.95
_OFTEN = 2
"""Matches of one product in an utterance's successive hypotheses; more than these are not chance."""
_SAYS_LITTLE = frozenset({"ours", "praised", "price named", "offer"})
"""Rules that hold of a product that is only spoken of as well: the sentence may still turn."""
_LEAST_OTHERS = 2
_BEGUN_NAME = 3
"""Sounds of a name that a loop has begun to repeat."""
_SET = re.compile(
    r"套装|组合|一套|一起|[两三][款个样件]|同时|\b(?:set of|bundle|both|combo|together)\b", re.IGNORECASE
)
_BETWEEN = re.compile(r"[\s,，、]*(?:和|跟|与|加|还有|and|plus|&|\+)?[\s,，、]*(?:the |our )?", re.IGNORECASE)


def _says_set(text: str) -> bool:
    return _SET.search(text) is not None


def _leading_on(segment: Segment, matches: Sequence[NameMatch]) -> str:
    """What of a finished utterance may still belong to the next one's sentence."""
    if not matches:
        return segment.text[-_CONTEXT_LETTERS:]
    return segment.text[max(match.end for match in matches) :][-_AFTER_NAME_LETTERS[segment.language] :]


def _aside(segment: Segment, before: Sequence[tuple[NameMatch, Reading]], match: NameMatch) -> bool:
    """A short name in the praise of a product that the same sentence presents, with nothing that leads to it."""
    if match.whole or not before or before[-1][0].product_id == match.product_id:
        return False
    last, reading = before[-1]
    between = segment.text[last.end : match.start]
    lead = clues(Usage(between, match.name, "", segment.language, match.whole))
    return reading.act is Act.INTRODUCE and not lead.rules


@dataclass(frozen=True, slots=True)
class _Waiting:
    match: NameMatch
    evidence: Evidence
    together_with: tuple[str, ...]
    utterance: UUID


class CueEngine:
    """One room. `observe` every segment in order; `tick` at least once a second."""

    def __init__(
        self,
        products: Sequence[ListedProduct],
        settings: PinSettings,
        reader: Callable[[Usage], Reading] = read,
    ) -> None:
        self.screen = Screen(settings)
        self._read = reader
        self._kinds = Kinds(default_embedder if meaning.available() else None)
        self.update_products(products)
        self._before: tuple[str, float] = ("", float("-inf"))
        self._utterance: UUID | None = None
        self._undecided = False
        self._seen: dict[str, int] = {}
        self._decided: set[str] = set()
        self._warned: set[tuple[Promise, str]] = set()
        self._waiting: _Waiting | None = None
        self._suggested_s: dict[str, float] = {}
        self._explanations = Explanations()

    def update_products(self, products: Sequence[ListedProduct]) -> None:
        """The queue, prices or stock have changed."""
        self._products = {product.id: product for product in products}
        self._matcher = Matcher(products)
        self._kinds.update(products)

    @property
    def undecided(self) -> bool:
        """Whether the growing utterance names a product that the next words may present."""
        return self._undecided

    @property
    def products(self) -> tuple[ListedProduct, ...]:
        return tuple(self._products.values())

    def names_in(self, text: str) -> list[NameMatch]:
        """The products that `text` names, by name or by link number."""
        return self._with_links(self._matcher.find(text), text)

    def _with_links(self, named: Sequence[NameMatch], text: str) -> list[NameMatch]:
        links = linked(text, self._products.values())
        return sorted([*named, *links], key=lambda match: match.start)

    def observe(self, segment: Segment, now_s: float) -> list[CueDecision]:
        """What these words call for; every decision is given once."""
        final = not isinstance(segment, PartialSegment)
        if segment.id != self._utterance:
            self._utterance, self._seen, self._decided = segment.id, {}, set()
            self._warned = set()
        matches = self._matcher.find(segment.text)
        if segment.language == "zh":
            segment = replace(segment, text=as_meant(segment.text))
        matches = self._with_links(matches, segment.text)
        self._undecided = False
        self._reconsider(matches)
        readings = self.readings(segment, matches)
        decisions = self._present(segment, matches, readings, now_s, final)
        if final and not matches:
            decisions += self._offer_kind(segment, now_s)
        decisions += self._compare(segment, readings)
        if final:
            decisions += self._conclude(segment, matches)
        return decisions + self.tick(now_s)

    def tick(self, now_s: float) -> list[CueDecision]:
        """What time alone brings: a pin that waited for its turn, one that has expired."""
        decisions: list[CueDecision] = []
        waiting = self._waiting
        if waiting is not None:
            product_id, together = waiting.match.product_id, waiting.together_with
            if self.screen.earliest_s(product_id, now_s, together) <= now_s:
                self._waiting = None
                decisions += self._pin(waiting, now_s)
        for product_id in self.screen.expire(now_s):
            decisions += [Unpin(product_id), *self._explanations.end(product_id)]
        return decisions

    def finish(self) -> list[CueDecision]:
        """The show is over: the explanations that are still open."""
        return list(self._explanations.end_all())

    def _reconsider(self, matches: Sequence[NameMatch]) -> None:
        """A pin that waits for its turn is given up when the utterance turns out to name another product."""
        waiting = self._waiting
        if waiting is None or waiting.utterance != self._utterance:
            return
        product_id = waiting.match.product_id
        if product_id not in {match.product_id for match in matches}:
            self._waiting = None
            self._decided.discard(product_id)

    def _present(
        self,
        segment: Segment,
        matches: Sequence[NameMatch],
        readings: Sequence[tuple[NameMatch, Reading]],
        now_s: float,
        final: bool,
    ) -> list[CueDecision]:
        decisions: list[CueDecision] = []
        presented = [match.product_id for match, reading in readings if reading.act is Act.INTRODUCE]
        a_set = len(set(presented)) > 1 and _says_set(segment.text)
        settled = self._decided <= {match.product_id for match in matches}
        for n, (match, reading) in enumerate(readings):
            product_id = match.product_id
            self._seen[product_id] = self._seen.get(product_id, 0) + 1
            if self.screen.shows(product_id):
                if reading.act is not Act.MENTION:
                    self.screen.heard(product_id, now_s)
                continue
            if product_id in self._decided or reading.act is Act.MENTION:
                continue
            if not a_set and _aside(segment, readings[:n], match):
                continue
            following = matches[n + 1].start if n + 1 < len(matches) else len(segment.text)
            if not (final or (settled and self._ripe(segment, match, reading, following))):
                self._undecided = True
                continue
            evidence = Evidence(
                segment.text, round(match.score * reading.probability, 2), ", ".join(reading.rules) or "named"
            )
            sure = self._sure(segment, match, reading) and not self._bare(segment, matches, reading)
            if match.rivals or not sure or not self.screen.settings.automatic:
                if final or not self.screen.settings.automatic:
                    decisions += self._suggest(match, reading, evidence, now_s)
                continue
            if self.screen.muted(product_id):
                continue
            self._decided.add(product_id)
            together = tuple(other for other in presented if other != product_id) if a_set else ()
            self._waiting = _Waiting(match, evidence, together, segment.id)
            decisions += self.tick(now_s)
        return decisions

    def readings(self, segment: Segment, matches: Sequence[NameMatch]) -> list[tuple[NameMatch, Reading]]:
        """How each name is used. Of a set, the names that are listed together are used alike."""
        found = [
            (match, self._reading(segment, match, earlier))
            for earlier, match in zip([None, *matches], matches, strict=False)
        ]
        if not _says_set(segment.text):
            return found
        for n in range(1, len(found)):
            (earlier, one), (match, other) = found[n - 1], found[n]
            if _BETWEEN.fullmatch(segment.text[earlier.end : match.start]):
                surest = max(one, other, key=lambda reading: reading.probability)
                found[n - 1], found[n] = (earlier, surest), (match, surest)
        return found

    def _reading(self, segment: Segment, match: NameMatch, earlier: NameMatch | None) -> Reading:
        """What was said before another product's name speaks of that one, unless both stand in a list."""
        before, ended_s = self._before
        left = segment.text[: match.start]
        if (
            earlier is not None
            and earlier.product_id != match.product_id
            and not _BETWEEN.fullmatch(left[earlier.end :])
        ):
            left = left[earlier.end :]
        elif segment.start_s - ended_s <= _CONTEXT_S:
            left = before + (". " if segment.language == "en" else "。") + left
        whole = match.whole and match.trust is Trust.FULL
        usage = Usage(left, match.name, segment.text[match.end :], segment.language, whole)
        return self._read(usage)

    def _ripe(self, segment: Segment, match: NameMatch, reading: Reading, until: int) -> bool:
        """Whether a growing utterance says enough to decide on now; `until`: where the next name begins."""
        stable = isinstance(segment, PartialSegment) and match.end <= len(segment.stable_text)
        if not stable and self._seen[match.product_id] < 2:
            return False
        after = len(sounds(segment.text[match.end : until]))
        enough = _ENOUGH_AFTER[segment.language]
        doubt = self._doubt(segment, match, reading)
        certain = reading.probability >= min(_MOST_NEEDED, CERTAIN + doubt)
        likely = reading.probability >= min(_MOST_NEEDED, LIKELY + doubt)
        if len(sounds(segment.text[: match.start])) < _LEAD_IN[segment.language]:
            return certain and stable and after >= _BARE_ENOUGH_AFTER[segment.language]
        led = not _SAYS_LITTLE.issuperset(reading.rules)
        some = _SOME_AFTER[segment.language]
        return (certain and led and after >= some) or ((certain or (likely and led)) and after >= enough)

    def _bare(self, segment: Segment, matches: Sequence[NameMatch], reading: Reading) -> bool:
        """Names and next to nothing else: recognizers invent such, out of the names that they were given."""
        named = sum(len(sounds(segment.text[match.start : match.end])) for match in matches)
        others = len(sounds(segment.text)) - named - _BEGUN_NAME * (len(matches) > 1)
        return others < _LEAST_OTHERS and not reading.rules

    def _doubt(self, segment: Segment, match: NameMatch, reading: Reading) -> float:
        """How much more sure a case must be because its words are not.

        0 for clear words; hypotheses that name the product again and again make up for half of it, unless
        something speaks against presenting.
        """
        doubt = min(_MOST_DOUBT, _DOUBT_SLOPE * max(0.0, _CLEAR_LOG_PROBABILITY - segment.log_probability))
        again = AGAINST.isdisjoint(reading.rules) and self._seen[match.product_id] > _OFTEN
        return doubt / 2 if again else doubt

    def _sure(self, segment: Segment, match: NameMatch, reading: Reading) -> bool:
        needed = _NEEDED[match.trust]
        if match.score < _WEAK_SCORE or len(match.name) == 1:
            needed = max(needed, _NEEDED_WEAK)
        if match.trust is Trust.SHORT and not match.by_letters:
            needed = max(needed, _NEEDED_HOMOPHONE)
        return reading.probability >= min(_MOST_NEEDED, needed + self._doubt(segment, match, reading))

    def _pin(self, waiting: _Waiting, now_s: float) -> list[CueDecision]:
        replaced = self.screen.pin(waiting.match.product_id, now_s, waiting.together_with)
        decisions: list[CueDecision] = [Pin(waiting.match.product_id, waiting.evidence, replaced)]
        for product_id in replaced:
            decisions += self._explanations.end(product_id)
        return decisions

    def _offer_kind(self, segment: Segment, now_s: float) -> list[CueDecision]:
        """Suggests what "this lipstick" may mean, unless one of them is on screen."""
        meant = self._kinds.meant(segment.text)
        if meant is None:
            return []
        shown = [id for id in meant.product_ids if self.screen.shows(id)]
        for product_id in shown:
            self.screen.heard(product_id, now_s)
        left, right = segment.text[: meant.start], segment.text[meant.end :]
        reading = self._read(Usage(left, meant.word, right, segment.language, whole_name=False))
        if shown or reading.act is not Act.INTRODUCE:
            return []
        rule = "another word" if meant.by_meaning else "several of this kind"
        evidence = Evidence(segment.text, reading.probability, ", ".join((*reading.rules, rule)))
        return [
            suggestion
            for product_id in meant.product_ids
            for suggestion in self._suggestion_of(product_id, evidence, now_s)
        ]

    def _suggest(
        self, match: NameMatch, reading: Reading, evidence: Evidence, now_s: float
    ) -> list[CueDecision]:
        if match.trust is Trust.PART and reading.act is not Act.INTRODUCE:
            return []
        return [
            suggestion
            for product_id in (match.product_id, *match.rivals)
            for suggestion in self._suggestion_of(product_id, evidence, now_s)
        ]

    def _suggestion_of(self, product_id: str, evidence: Evidence, now_s: float) -> list[CueDecision]:
        """At most one of a product in `suggestion_gap_s`, none of what is on screen."""
        last_s = self._suggested_s.get(product_id, float("-inf"))
        if self.screen.shows(product_id) or now_s - last_s < self.screen.settings.suggestion_gap_s:
            return []
        self._suggested_s[product_id] = now_s
        return [Suggest(product_id, evidence)]

    def _spoken_of(self, matches: Sequence[NameMatch]) -> ListedProduct | None:
        """The product on screen that an utterance is about."""
        presented = [match.product_id for match in matches if self.screen.shows(match.product_id)]
        current = presented[-1:] or self.screen.pinned[-1:]
        return self._products.get(current[0]) if current else None

    def _priced(
        self, segment: Segment, readings: Sequence[tuple[NameMatch, Reading]]
    ) -> tuple[ListedProduct | None, int]:
        """Whose price and stock the utterance tells, and until where: a product only mentioned ends it."""
        presented = [
            match.product_id
            for match, reading in readings
            if self.screen.shows(match.product_id)
            or (reading.act is Act.INTRODUCE and match.trust > Trust.PART and not match.rivals)
        ]
        current = presented[-1:] or self.screen.pinned[-1:]
        turns = readings and not presented
        until = readings[0][0].start if turns else len(segment.text)
        return self._products.get(current[0]) if current else None, until + 1

    def _compare(self, segment: Segment, readings: Sequence[tuple[NameMatch, Reading]]) -> list[CueDecision]:
        """Prices and stock as spoken; while the utterance grows, those that two hypotheses agree on."""
        product, until = self._priced(segment, readings)
        if product is None:
            return []
        if isinstance(segment, PartialSegment):
            until = min(until, len(segment.stable_text) - _NUMBER_MAY_GROW[segment.language])
        found = broken_promises(segment.text, segment.language, product, until)
        fresh = [warning for warning in found if (warning.promise, product.id) not in self._warned]
        self._warned |= {(warning.promise, product.id) for warning in fresh}
        return list(fresh)

    def _conclude(self, segment: Segment, matches: Sequence[NameMatch]) -> list[CueDecision]:
        """What only a finished utterance tells: actions, explanations."""
        self._before = (_leading_on(segment, matches), segment.end_s)
        product = self._spoken_of(matches)
        decisions: list[CueDecision] = []
        if product is not None:
            decisions += self._explanations.add(product.id, segment)
        decisions += announced(segment.text, segment.language, product.id if product else None)
        return decisions
