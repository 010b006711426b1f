"""Moderation of one process: what its endpoints and adapters share."""

from dataclasses import dataclass
from functools import cached_property

from app.core.clock import Clock
from app.core.db import Database

from .cases.effects import CaseEffects
from .policies.service import PastTexts, PolicyBook
from .reports.service import Reportables
from .sanctions.effects import SanctionEffects
from .text import Screen, default_screen


@dataclass(frozen=True)
class Moderation:
    """Put one on `app.state.moderation`."""

    db: Database
    clock: Clock
    effects: CaseEffects
    sanctions: SanctionEffects
    reportables: Reportables
    past: PastTexts

    @property
    def screen(self) -> Screen:
        """Built at its first use, once a process."""
        return default_screen()

    @cached_property
    def policies(self) -> PolicyBook:
        """The policy in force."""
        return PolicyBook(self.db, self.clock)
