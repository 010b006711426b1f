"""What listening decides; the platform acts on it."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why: kept with every decision and shown to the host."""

    text: str
    """The words heard."""
    score: float
    """0 to 1."""
    rule: str
    """Names of the rules, such as "next in the show, this one"."""


@dataclass(frozen=True, slots=True)
class Pin:
    """Show this product now."""

    product_id: str
    evidence: Evidence
    replaces: tuple[str, ...]
    """Products that leave the screen for it."""


@dataclass(frozen=True, slots=True)
class Suggest:
    """The host may mean this product; one tap pins it."""

    product_id: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Unpin:
    """The automat's own pin has been on screen long enough without a word about it."""

    product_id: str


class Promise(StrEnum):
    PRICE = "price"
    LIST_PRICE = "list_price"
    STOCK = "stock"


@dataclass(frozen=True, slots=True)
class Warn:
    """What was said differs from what is held."""

    promise: Promise
    product_id: str
    said: int
    """Cents, or units of stock."""
    held: int
    evidence: Evidence


class Action(StrEnum):
    OPEN_LINK = "open_link"
    COUNTDOWN = "countdown"
    RAFFLE = "raffle"


@dataclass(frozen=True, slots=True)
class Offer:
    """The host announced something that the platform can do."""

    action: Action
    product_id: str | None
    """The product on screen, where the action concerns one."""
    seconds: int | None
    """Of a countdown, when the host named them."""
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Explained:
    """A product's explanation has ended: replay clips and insights are cut from these windows."""

    product_id: str
    stream: str
    start_s: float
    end_s: float
    """Media time of that stream."""
    segments: tuple[UUID, ...]
    """The finished utterances of the window."""


CueDecision = Pin | Suggest | Unpin | Warn | Offer | Explained
