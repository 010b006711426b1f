"""What the assistant is asked, what it knows, and what it can say. All frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Language(StrEnum):
    ZH = "zh"
    EN = "en"


@dataclass(frozen=True, slots=True)
class Question:
    """One chat message of a viewer; `viewer_id` is None for a guest."""

    text: str
    room_id: str = ""
    message_id: str = ""
    viewer_id: str | None = None
    pinned: str | None = None
    """Id of the product on screen; what 这个 and "it" mean. None: the fact source says."""
    previous_product: str | None = None
    """Id of the product this viewer asked about last, for follow-ups."""
    askers: tuple[str, ...] = ()
    """Who else asked the same at the same time; counted with the viewer."""


@dataclass(frozen=True, slots=True)
class Sku:
    id: str
    name: str
    price_cents: int
    list_price_cents: int | None
    available: int
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Product:
    """A product of the room with its live prices and stock."""

    id: str
    name: str
    name_en: str
    skus: tuple[Sku, ...]
    attributes: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    category: str = ""
    description: str = ""

    @property
    def available(self) -> int:
        return sum(sku.available for sku in self.skus)

    @property
    def price_cents(self) -> int:
        """The lowest price that can be bought now (of all SKUs when sold out)."""
        buyable = [sku for sku in self.skus if sku.available > 0] or list(self.skus)
        return min(sku.price_cents for sku in buyable)

    @property
    def max_price_cents(self) -> int:
        buyable = [sku for sku in self.skus if sku.available > 0] or list(self.skus)
        return max(sku.price_cents for sku in buyable)

    @property
    def list_price_cents(self) -> int | None:
        prices = [s.list_price_cents for s in self.skus if s.list_price_cents is not None]
        return min(prices) if prices else None


@dataclass(frozen=True, slots=True)
class OrderLine:
    product_id: str
    product_name: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Order:
    """An order of the asking viewer. `status` as in the shop: pending_payment, paid, …"""

    number: str
    status: str
    lines: tuple[OrderLine, ...]
    carrier: str | None = None
    tracking: str | None = None
    total_cents: int | None = None


@dataclass(frozen=True, slots=True)
class Faq:
    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that may be said to this viewer at this moment."""

    products: tuple[Product, ...]
    policies: Mapping[str, str] = field(default_factory=dict)
    faq: tuple[Faq, ...] = ()
    orders: tuple[Order, ...] = ()
    coupons: tuple[str, ...] = ()
    transcript: tuple[str, ...] = ()
    """What the host said in the last minutes, oldest first."""
    pinned: str | None = None
    currency: str = "CNY"
    region: str | None = None
    """Province or city of the viewer's default address, if known."""

    def product(self, product_id: str | None) -> Product | None:
        return next((p for p in self.products if p.id == product_id), None)


class Source(StrEnum):
    PRICE = "price"
    STOCK = "stock"
    ATTRIBUTE = "attribute"
    POLICY = "policy"
    FAQ = "faq"
    COUPON = "coupon"
    TRANSCRIPT = "transcript"
    ORDER = "order"
    COMPUTED = "computed"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing known, with where it is from; `text` is the shop's own wording."""

    id: str
    source: Source
    label: str
    text: str
    product_id: str | None = None


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One step of the graph: its name, what came out, and how long it took."""

    step: str
    result: str
    took_ms: float


@dataclass(frozen=True, slots=True)
class Answer:
    """To be sent. `private`: to the asking viewer alone, it speaks of their orders."""

    text: str
    language: Language
    facts: tuple[Fact, ...]
    private: bool = False
    product_id: str | None = None
    askers: int = 1
    composed_by: str = "facts"
    trace: tuple[TraceStep, ...] = ()


@dataclass(frozen=True, slots=True)
class Handoff:
    """For a person. `text` tells the viewer so and promises nothing."""

    text: str
    language: Language
    reason: str
    suggestion: str | None = None
    private: bool = True
    product_id: str | None = None
    trace: tuple[TraceStep, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A polite no. `attack`: the moderators get a note."""

    text: str
    language: Language
    reason: str
    attack: bool = False
    private: bool = True
    trace: tuple[TraceStep, ...] = ()


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing is said: not a question for the shop, or answered a moment ago."""

    reason: str
    trace: tuple[TraceStep, ...] = ()


Outcome = Answer | Handoff | Refusal | Silence
