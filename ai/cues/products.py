"""The room's products as the listener sees them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ListedProduct:
    """One product of a room's queue."""

    id: str
    name: str
    name_en: str = ""
    aliases: tuple[str, ...] = ()
    price_cents: int | None = None
    """What it costs in this room now; None: unknown, prices are not compared."""
    list_price_cents: int | None = None
    """The struck-out price, which hosts quote as well."""
    position: int | None = None
    """Its link number in the room's queue, from 1."""
    stock: int | None = None
    """Units on hand; None: unknown."""
