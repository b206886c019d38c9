"""How fast nodes of a zone are tainted: if most of them fail, a network partition is more likely than dead machines.

Source: pkg/controller/nodelifecycle/node_lifecycle_controller.go, scheduler/rate_limited_queue.go (v1.36).
"""

from collections.abc import Mapping
from enum import Enum

import msgspec

from kubeactors.api.core.v1 import Node
from kubeactors.client.workqueue import SECOND

REGION_LABEL, ZONE_LABEL = "topology.kubernetes.io/region", "topology.kubernetes.io/zone"


class Disruption(Enum):
    """The state of a zone."""

    NORMAL = "Normal"
    PARTIAL = "PartialDisruption"
    """An unlikely number of nodes fails."""
    FULL = "FullDisruption"
    """No node is ready."""


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """How many nodes per second are tainted in a zone."""

    primary: float = 0.1
    secondary: float = 0.01
    """The rate in a large, partially disrupted zone; in a small one it is 0."""
    large_zone: int = 50
    """A zone with more nodes than this is large."""
    unhealthy_threshold: float = 0.55
    """A zone with this fraction of its nodes unready, and more than two of them, is partially disrupted."""


class Zone(msgspec.Struct, frozen=True):
    """The numbers of ready and unready nodes of a zone."""

    ready: int = 0
    unready: int = 0

    def disruption(self, rates: Rates) -> Disruption:
        """The disruption of the zone.

        >>> Zone(ready=1, unready=3).disruption(Rates()), Zone(ready=0, unready=1).disruption(Rates())
        (<Disruption.PARTIAL: 'PartialDisruption'>, <Disruption.FULL: 'FullDisruption'>)
        """
        if self.ready == 0 and self.unready > 0:
            return Disruption.FULL
        total = self.ready + self.unready
        if self.unready > 2 and self.unready / total >= rates.unhealthy_threshold:
            return Disruption.PARTIAL
        return Disruption.NORMAL


def zone_of(node: Node) -> str:
    """The key of a node's zone; nodes without zone labels share one."""
    labels = node.metadata.labels
    region, zone = labels.get(REGION_LABEL, ""), labels.get(ZONE_LABEL, "")
    return f"{region}:\x00:{zone}" if region or zone else ""


def eviction_rate(zone: str, zones: Mapping[str, Zone], rates: Rates) -> float:
    """How many nodes per second may be tainted in this zone.

    A fully disrupted zone is tainted at the normal rate while other zones work.

    >>> eviction_rate("a", {"a": Zone(0, 3), "b": Zone(3, 0)}, Rates()), eviction_rate("a", {"a": Zone(1, 3)}, Rates())
    (0.1, 0.0)
    """
    counted = zones.get(zone, Zone())
    if counted.disruption(rates) is not Disruption.PARTIAL:
        return rates.primary
    return rates.secondary if counted.ready + counted.unready > rates.large_zone else 0.0


def is_cut_off(zones: Mapping[str, Zone]) -> bool:
    """Whether no node of any zone is ready.

    >>> is_cut_off({"a": Zone(0, 3)}), is_cut_off({"a": Zone(0, 3), "b": Zone(1, 0)})
    (True, False)
    """
    return all(one.ready == 0 for one in zones.values())


class RateLimiter:
    """A rate limiter for one zone."""

    def __init__(self) -> None:
        self._next = 0

    def wait(self, rate: float, now: int) -> int | None:
        """Nanoseconds until the next node may pass; 0 if it has passed now; None if the rate is 0.

        >>> limiter = RateLimiter()
        >>> limiter.wait(0.5, 0), limiter.wait(0.5, SECOND), limiter.wait(0.0, SECOND)
        (0, 1000000000, None)
        """
        if rate <= 0:
            return None
        if now < self._next:
            return self._next - now
        self._next = now + int(SECOND / rate)
        return 0
