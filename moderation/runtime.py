"""Moderation of one process: what its endpoints and adapters share."""

from dataclasses import dataclass, field

from app.core.clock import Clock
from app.core.db import Database

from .cases.effects import CaseEffects
from .text import Screen


@dataclass(frozen=True)
class Moderation:
    """Put one on `app.state.moderation`."""

    db: Database
    clock: Clock
    effects: CaseEffects
    screen: Screen = field(default_factory=Screen)
