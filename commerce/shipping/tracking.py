"""What a carrier says of a parcel: the interface, and carriers that exist on this machine alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from app.core.clock import Clock

ShipmentStatus = Literal["handed_over", "in_transit", "out_for_delivery", "delivered", "exception"]


@dataclass(frozen=True, slots=True)
class Parcel:
    """A parcel on its way since `handed_over_at`."""

    carrier: str
    tracking: str
    handed_over_at: datetime


@dataclass(frozen=True, slots=True)
class TrackEvent:
    at: datetime
    status: ShipmentStatus
    place: str


class TrackingService(Protocol):
    """Knows where parcels are."""

    async def track(self, parcel: Parcel) -> Sequence[TrackEvent]:
        """Everything that happened to it so far; VendorError, which says whether to ask again."""
        ...


class LocalTracking:
    """Every parcel arrives two days after it was handed over; one whose number ends in X gets lost."""

    STAGES: tuple[tuple[timedelta, ShipmentStatus, str], ...] = (
        (timedelta(hours=2), "in_transit", "揽收网点"),
        (timedelta(hours=20), "in_transit", "转运中心"),
        (timedelta(hours=44), "out_for_delivery", "派送网点"),
        (timedelta(hours=48), "delivered", "收件地址"),
    )

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def track(self, parcel: Parcel) -> Sequence[TrackEvent]:
        lost = parcel.tracking.upper().endswith("X")
        stages = [*self.STAGES[:2], (timedelta(hours=72), "exception", "转运中心")] if lost else self.STAGES
        reached = [
            TrackEvent(parcel.handed_over_at + after, status, place)
            for after, status, place in stages
            if parcel.handed_over_at + after <= self._clock.now()
        ]
        return [TrackEvent(parcel.handed_over_at, "handed_over", ""), *reached]
