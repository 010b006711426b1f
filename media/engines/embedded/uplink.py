"""How much a host's uplink carries, from packet delays (draft-ietf-rmcat-gcc-02 §5), for REMB."""

from aiortc.rate import (
    INTER_ARRIVAL_SHIFT,
    TIMESTAMP_GROUP_LENGTH_MS,
    TIMESTAMP_TO_MS,
    BandwidthUsage,
    InterArrival,
    OveruseDetector,
    OveruseEstimator,
)

from media.engines.embedded.reports import RateMeter

_BACK_OFF = 0.85
_GROWTH_PER_S = 1.1
_CALM_S = 1.0
_FLOOR_BPS = 200_000
_BACK_OFF_INTERVAL_S = 0.3


class UplinkEstimate:
    """Starts at the ceiling; growing queues bring it down, calm lets it climb 10% a second.

    Unlike the usual receiver-side control it is not tied to what arrives at the moment: an
    encoder that shows a still picture sends little, and that says nothing about the path.
    """

    def __init__(self, ceiling_bps: int) -> None:
        self._ceiling_bps = ceiling_bps
        self._target_bps = float(ceiling_bps)
        self._arrivals = InterArrival(
            (TIMESTAMP_GROUP_LENGTH_MS << INTER_ARRIVAL_SHIFT) // 1000, TIMESTAMP_TO_MS
        )
        self._estimator = OveruseEstimator()
        self._detector = OveruseDetector()
        self._incoming = RateMeter()
        self._overused_at: float | None = None
        self._updated_at: float | None = None

    def add(self, abs_send_time: int, size: int, now: float) -> None:
        """Take a packet's send time (24 bit, 6.18 fixed point seconds), size and arrival."""
        self._incoming.add(size, now)
        now_ms = int(now * 1000)
        deltas = self._arrivals.compute_deltas(abs_send_time << 8, now_ms, size)
        if deltas is None:
            return
        sent_ms = deltas.timestamp * TIMESTAMP_TO_MS
        self._estimator.update(deltas.arrival_time, sent_ms, deltas.size, self._detector.state(), now_ms)
        self._detector.detect(self._estimator.offset(), sent_ms, self._estimator.num_of_deltas(), now_ms)
        if self._detector.state() == BandwidthUsage.OVERUSING:
            self._back_off(now)

    def target_bps(self, now: float) -> int:
        """What the host may send at most."""
        elapsed = 0.0 if self._updated_at is None else now - self._updated_at
        self._updated_at = now
        if self._overused_at is None or now - self._overused_at > _CALM_S:
            self._target_bps *= _GROWTH_PER_S**elapsed
        self._target_bps = min(max(self._target_bps, _FLOOR_BPS), self._ceiling_bps)
        return int(self._target_bps)

    def _back_off(self, now: float) -> None:
        if self._overused_at is None or now - self._overused_at >= _BACK_OFF_INTERVAL_S:
            self._overused_at = now
            self._target_bps = min(self._target_bps, _BACK_OFF * self._incoming.bits_per_s(now))
