"""What sending goods costs: a flat fee, or templates by region and weight. Pure, in integers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class Fee(Protocol):
    """The price of sending one cart."""

    def cents(self, goods_cents: int) -> int:
        """For goods that cost so much after the coupon."""
        ...


@dataclass(frozen=True, slots=True)
class ShippingFee:
    """The same for every parcel. `free_from_cents` None: never free."""

    fee_cents: int
    free_from_cents: int | None

    def cents(self, goods_cents: int) -> int:
        if self.free_from_cents is not None and goods_cents >= self.free_from_cents:
            return 0
        return self.fee_cents


@dataclass(frozen=True, slots=True)
class Zone:
    """Where `regions` begin an address's region (none: everywhere else), a weight costs this much.

    The first `first_g` grams cost `first_cents`; each further `next_g` begun cost `next_cents`.
    """

    regions: tuple[str, ...]
    delivers: bool
    first_g: int
    first_cents: int
    next_g: int
    next_cents: int
    free_from_cents: int | None

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Zone":
        return cls(**{**record, "regions": tuple(record["regions"])})

    def cents(self, weight_g: int, goods_cents: int) -> int:
        if self.free_from_cents is not None and goods_cents >= self.free_from_cents:
            return 0
        further_g = max(weight_g - self.first_g, 0)
        return self.first_cents + -(-further_g // self.next_g) * self.next_cents


@dataclass(frozen=True, slots=True)
class Parcels:
    """One parcel a template, by its zone and weight in grams; what has no template costs `flat`."""

    weighed: tuple[tuple[Zone, int], ...]
    flat: ShippingFee | None

    def cents(self, goods_cents: int) -> int:
        weighed = sum(zone.cents(weight_g, goods_cents) for zone, weight_g in self.weighed)
        return weighed + (self.flat.cents(goods_cents) if self.flat else 0)


def zone_of(zones: Sequence[Zone], region: str | None) -> Zone | None:
    """The first zone that names the region's beginning (浙江 holds 浙江省 杭州市), else the one for the rest.

    `region` None (nobody knows yet where it goes): the zone for the rest, or the first. None: nowhere.
    """
    rest = next((zone for zone in zones if not zone.regions), None)
    if region is None:
        return rest or zones[0]
    named = (zone for zone in zones if any(region.startswith(name) for name in zone.regions))
    return next(named, rest)
