"""What plugins get from the scheduler that they are in."""

from collections.abc import Callable, Iterable, Mapping
from random import Random
from types import MappingProxyType
from typing import Protocol

import msgspec

from kubeactors.apimachinery.labels import Selector
from kubeactors.client import Client
from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.pod_info import PodInfo

_NO_LABELS: Mapping[str, str] = MappingProxyType({})


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """How many more pods may be disrupted: what preemption needs of a PodDisruptionBudget."""

    namespace: str
    selector: Selector
    disruptions_allowed: int
    disrupted_pods: frozenset[str] = frozenset()
    """Names of pods whose disruption is allowed already."""


class Selecting(Protocol):
    """Knows what selects a pod."""

    def selector_of(self, pod: PodInfo, /) -> Selector | None:
        """What the pod's Services and its owner select together; None if nothing selects it."""
        ...


class Unselected:
    """Nothing selects any pod."""

    def selector_of(self, _: PodInfo) -> Selector | None:
        """None."""
        return None


def no_labels(_: str) -> Mapping[str, str]:
    """No namespace has labels."""
    return _NO_LABELS


def no_budgets() -> tuple[Budget, ...]:
    """Any pod may be disrupted."""
    return ()


class Handle(msgspec.Struct, frozen=True, kw_only=True):
    """The surroundings of plugins.

    Source: k8s.io/kube-scheduler/framework/interface.go, Handle (v1.36).
    """

    client: Client
    cache: Cache
    random: Random
    namespace_labels: Callable[[str], Mapping[str, str]] = no_labels
    workloads: Selecting = Unselected()
    budgets: Callable[[], Iterable[Budget]] = no_budgets
