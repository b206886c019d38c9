"""How fast nodes may be given up: a zone in which most nodes fail is more likely cut off than dead.

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
    """More nodes fail than is likely."""
    FULL = "FullDisruption"
    """No node is ready."""


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """How many nodes per second are given up in one zone."""

    primary: float = 0.1
    secondary: float = 0.01
    """In a partially disrupted zone, if it is large; a small one stands still."""
    large_zone: int = 50
    """A zone with more nodes is large."""
    unhealthy_threshold: float = 0.55
    """A zone with this part of its nodes unready, and more than two of them, is partially disrupted."""


class Zone(msgspec.Struct, frozen=True):
    """The nodes of a zone, counted."""

    ready: int = 0
    unready: int = 0

    def disruption(self, rates: Rates) -> Disruption:
        """How disrupted the zone is.

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
    """The key of a node's zone; nodes without labels are in one zone together."""
    labels = node.metadata.labels
    region, zone = labels.get(REGION_LABEL, ""), labels.get(ZONE_LABEL, "")
    return f"{region}:\x00:{zone}" if region or zone else ""


def eviction_rate(zone: str, zones: Mapping[str, Zone], rates: Rates) -> float:
    """How many nodes per second may be given up in this zone.

    A zone that is lost as a whole while others work is given up like any other.

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


class Turnstile:
    """Lets one node of a zone through at a time."""

    def __init__(self) -> None:
        self._next = 0

    def wait(self, rate: float, now: int) -> int | None:
        """Nanoseconds until the next may pass; 0: now, and it has passed. None: nobody may at this rate.

        >>> turnstile = Turnstile()
        >>> turnstile.wait(0.5, 0), turnstile.wait(0.5, SECOND), turnstile.wait(0.0, SECOND)
        (0, 1000000000, None)
        """
        if rate <= 0:
            return None
        if now < self._next:
            return self._next - now
        self._next = now + int(SECOND / rate)
        return 0
