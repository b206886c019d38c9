"""The handle that plugins are given."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from random import Random
from types import MappingProxyType
from typing import Protocol

import msgspec

from kubeactors.api.core.v1 import PersistentVolumeClaim, Pod
from kubeactors.api.core.v1.persistentvolume import PersistentVolume
from kubeactors.api.resource.v1 import DeviceClass, ResourceClaim, ResourceSlice
from kubeactors.api.storage.v1 import CSIDriver, CSINode, CSIStorageCapacity, StorageClass, VolumeAttachment
from kubeactors.apimachinery.labels import Selector
from kubeactors.client import Client, SharedInformer
from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.pod_info import PodInfo
from kubeactors.scheduler.waiting import WaitingPods

_NO_LABELS: Mapping[str, str] = MappingProxyType({})


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """What preemption needs of a PodDisruptionBudget."""

    namespace: str
    selector: Selector
    disruptions_allowed: int
    disrupted_pods: frozenset[str] = frozenset()
    """The names of pods whose disruption was allowed already."""


class Selecting(Protocol):
    """Finds the selectors that match a pod."""

    def selector_of(self, pod: PodInfo, /) -> Selector | None:
        """The conjunction of the selectors of the pod's Services and its owner; None if there are none."""
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


def no_activation(_: Iterable[str]) -> None:
    """Do nothing: there is no queue."""


def no_preempting_extender(_: PodInfo) -> bool:
    """No extender takes part in preemption."""
    return False


async def no_sleep(_: float) -> None:
    """Time does not pass."""


class Volumes(msgspec.Struct, frozen=True, kw_only=True):
    """The informers of storage objects."""

    claims: SharedInformer[PersistentVolumeClaim]
    volumes: SharedInformer[PersistentVolume]
    classes: SharedInformer[StorageClass]
    nodes: SharedInformer[CSINode]
    attachments: SharedInformer[VolumeAttachment]
    drivers: SharedInformer[CSIDriver]
    capacities: SharedInformer[CSIStorageCapacity]


class Devices(msgspec.Struct, frozen=True, kw_only=True):
    """The informers of devices and their claims."""

    claims: SharedInformer[ResourceClaim]
    slices: SharedInformer[ResourceSlice]
    classes: SharedInformer[DeviceClass]


class Handle(msgspec.Struct, frozen=True, kw_only=True):
    """The services of the scheduler for its plugins.

    Source: k8s.io/kube-scheduler/framework/interface.go, Handle (v1.36).
    """

    client: Client
    cache: Cache
    random: Random
    namespace_labels: Callable[[str], Mapping[str, str]] = no_labels
    workloads: Selecting = Unselected()
    budgets: Callable[[], Iterable[Budget]] = no_budgets
    waiting: WaitingPods = msgspec.field(default_factory=WaitingPods)
    """The pods that wait for Permit plugins, to be allowed or rejected."""
    activate: Callable[[Iterable[str]], None] = no_activation
    """Move these pods, by UID, to activeQ."""
    pods: SharedInformer[Pod] | None = None
    """All pods, unscheduled ones included; a plugin may add an index to the informer."""
    volumes: Volumes | None = None
    """None: claims cannot be looked up, and pods with claims are unschedulable."""
    devices: Devices | None = None
    """None: ResourceClaims of pods are ignored."""
    sleep: Callable[[float], Awaitable[None]] = no_sleep
    """For `pre_bind`, in seconds."""
    extenders_preempt: Callable[[PodInfo], bool] = no_preempting_extender
    """Whether an extender takes part in preemption for the pod."""
