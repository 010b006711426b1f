"""All layers over one text, within a bounded time whatever the text is."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from ..findings import Category, Finding, Surface
from ..policy import Action, Effect, PatternEntry, Policy, Subject, action_of, default_policy
from .custom import custom_rules
from .evidence import Evidence
from .lexicon import Lexicon, default_lexicon, strong_words
from .normalize import normalize
from .patterns import find_shapes
from .repetition import find_repetition
from .rules import ALL, Rule
from .sound import SoundIndex
from .words import views

logger = logging.getLogger(__name__)
SCREENED_CHARACTERS = 5_000
GRAVE_SCORE = 0.8
"""From here on a text is held by default, and its meaning adds nothing."""


class Meaning(Protocol):
    """The layer that compares a text with labelled examples (`meaning.py`)."""

    def find(self, text: str, surface: Surface) -> list[Finding]:
        """Findings over the whole text."""
        ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done with a text and why: the gravest finding first."""

    effects: frozenset[Effect]
    findings: tuple[Finding, ...] = ()
    policy_version: int = 0

    @property
    def action(self) -> Action:
        """The effects in one word."""
        return action_of(self.effects)

    @property
    def category(self) -> str | None:
        """The category of the gravest finding."""
        return self.findings[0].category if self.findings else None


class Screen:
    """Screens texts. Safe to share between threads; building one takes about a second, so build it once."""

    def __init__(
        self,
        lexicon: Lexicon | None = None,
        rules: Sequence[tuple[str, Rule]] = ALL,
        meaning: Meaning | None = None,
    ) -> None:
        self.lexicon = lexicon or default_lexicon()
        self._rules = rules
        self._meaning = meaning
        self._strong = strong_words(self.lexicon.terms)
        self._sound = SoundIndex(self.lexicon.terms)

    def check(
        self,
        text: str,
        surface: Surface | str = Surface.CHAT,
        *,
        role: str = "viewer",
        room_id: str = "",
        policy: Policy | None = None,
    ) -> Verdict:
        """The verdict on `text`; never raises. What lies beyond `SCREENED_CHARACTERS` is reported as unscreened."""
        surface, policy = Surface(surface), policy or default_policy()
        findings = self.find(text, surface, policy.patterns)
        effects = policy.effects(findings, Subject(surface, role, room_id))
        return Verdict(effects, tuple(findings), policy.version)

    def find(self, text: str, surface: Surface, patterns: tuple[PatternEntry, ...] = ()) -> list[Finding]:
        """All findings, the gravest first; `patterns` are those that the policy adds to the lists."""
        findings: list[Finding] = []
        if len(text) > SCREENED_CHARACTERS:
            findings.append(
                Finding(Category.UNSCREENED, 1.0, "screen.length", SCREENED_CHARACTERS, len(text), "")
            )
        try:
            evidence = self.evidence(text[:SCREENED_CHARACTERS], surface)
        except Exception:
            logger.exception("screening could not read a text")
            return [*findings, _failure("screen.evidence", text)]
        rules = list(self._rules)
        if patterns:
            rules.append(("custom", lambda seen: custom_rules(patterns).find(seen)))
        if self._meaning is not None:
            meaning = self._meaning
            rules.append(("meaning", lambda seen: meaning.find(seen.text.original, surface)))
        for name, rule in rules:
            if name == "meaning" and any(f.score >= GRAVE_SCORE for f in findings):
                continue
            try:
                findings += rule(evidence)
            except Exception:
                logger.exception("moderation rule %s failed", name)
                findings.append(_failure(f"{name}.failure", text))
        return ranked(findings)

    def evidence(self, text: str, surface: Surface) -> Evidence:
        """What the layers see, before any rule."""
        normalized = normalize(text)
        hits, exceptions = self.lexicon.find(
            normalized, views(normalized, self._strong), self._sound.find(normalized)
        )
        return Evidence(
            normalized, surface, hits, find_shapes(normalized), find_repetition(normalized), exceptions
        )


def _failure(detector: str, text: str) -> Finding:
    return Finding(Category.UNSCREENED, 1.0, detector, 0, len(text), "")


def ranked(findings: Iterable[Finding]) -> list[Finding]:
    """The gravest first; of several findings of one category at one place only the best."""
    kept: list[Finding] = []
    for finding in sorted(findings, key=lambda f: (-f.score, f.start, f.start - f.end)):
        covered = any(
            k.category == finding.category and k.start <= finding.start and finding.end <= k.end for k in kept
        )
        if not covered:
            kept.append(finding)
    return kept


@lru_cache(maxsize=1)
def default_screen() -> Screen:
    """The screen over the lists that come with the package; built once a process."""
    return Screen()
