"""What operators watch: each process counts with prometheus_client, Redis gathers all of them in one place.

A metric is defined where it is counted (`Counter("shopcast_…")` at module level). Names and units
follow Prometheus's conventions: seconds, bytes, `_total`.
"""

from collections.abc import Iterable, Mapping
from typing import cast

from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample
from redis.asyncio import Redis

LIFETIME_S = 15
"""How long the figures of a process that has fallen silent are still shown."""


async def publish(redis: Redis, role: str, process: str) -> None:
    """Put this process's figures where `gather` finds them."""
    await redis.set(f"metrics:{role}:{process}", generate_latest(REGISTRY), ex=LIFETIME_S)


async def gather(redis: Redis) -> bytes:
    """The figures of all processes in Prometheus's text format, labelled with `role` and `process`."""
    keys = [key async for key in redis.scan_iter(match="metrics:*", count=1_000)]
    texts = cast("list[bytes | None]", await redis.mget(keys)) if keys else []
    exposed: dict[tuple[str, str], str] = {}
    for key, text in zip(keys, texts, strict=True):
        if text is not None:
            _, role, process = key.decode().split(":", 2)
            exposed[role, process] = text.decode()
    registry = CollectorRegistry()
    registry.register(_Gathered(exposed))
    return generate_latest(registry)


class _Gathered(Collector):
    """The same family of many processes is one family."""

    def __init__(self, exposed: Mapping[tuple[str, str], str]) -> None:
        self._exposed = exposed

    def collect(self) -> Iterable[Metric]:
        families: dict[str, Metric] = {}
        for (role, process), text in sorted(self._exposed.items()):
            origin = {"role": role, "process": process}
            for family in text_string_to_metric_families(text):
                merged = families.setdefault(
                    family.name, Metric(family.name, family.documentation, family.type)
                )
                merged.samples += [
                    Sample(one.name, one.labels | origin, one.value, one.timestamp) for one in family.samples
                ]
        return families.values()
