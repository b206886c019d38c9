"""The scheduler's informers besides pods and nodes."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Protocol, cast

import msgspec

from kubeactors.actor import Ref
from kubeactors.api.core.v1 import Namespace, PersistentVolumeClaim, Service
from kubeactors.api.core.v1.persistentvolume import PersistentVolume
from kubeactors.api.policy.v1 import PodDisruptionBudget
from kubeactors.api.resource.v1 import DeviceClass, ResourceClaim, ResourceSlice
from kubeactors.api.storage.v1 import CSIDriver, CSINode, CSIStorageCapacity, StorageClass, VolumeAttachment
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import ADDED, DELETED, MODIFIED
from kubeactors.client import Notify, SharedInformer
from kubeactors.scheduler.budgets import Budgets
from kubeactors.scheduler.cluster_event import Action, ClusterEvent, Resource, Subject
from kubeactors.scheduler.handle import Budget, Devices, Selecting, Unselected, Volumes, no_budgets
from kubeactors.scheduler.workloads import Owners, Workloads

_NO_LABELS: Mapping[str, str] = MappingProxyType({})


class Subscribable(Protocol):
    """An informer of any kind."""

    @property
    def source(self) -> str:
        """Identifies the informer in `Notify`."""
        ...

    def subscribe(self, subscriber: Ref[Notify], /) -> int:
        """See `SharedInformer.subscribe`."""
        ...


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """The informers. Each is optional; without it the scheduler ignores the kind."""

    namespaces: SharedInformer[Namespace] | None = None
    """For affinity terms with a namespace selector."""
    services: SharedInformer[Service] | None = None
    """For default topology spread; together with `owners`."""
    owners: Owners | None = None
    budgets: SharedInformer[PodDisruptionBudget] | None = None
    """For preemption."""
    volumes: Volumes | None = None
    devices: Devices | None = None

    def namespace_labels(self, name: str) -> Mapping[str, str]:
        """The labels of a namespace; empty if it is unknown."""
        found = None if self.namespaces is None else self.namespaces.lister.get(name)
        return _NO_LABELS if found is None else found.metadata.labels

    def informers(self) -> Iterator[Subscribable]:
        """All informers that are set."""
        for one in (self.namespaces, self.services, self.budgets):
            if one is not None:
                yield one
        if self.owners is not None:
            yield from (self.owners.replica_sets, self.owners.stateful_sets, self.owners.replication_controllers)
        if self.volumes is not None:
            storage = self.volumes
            yield from (storage.claims, storage.volumes, storage.classes, storage.nodes, storage.attachments)
            yield from (storage.drivers, storage.capacities)
        if self.devices is not None:
            yield from (self.devices.claims, self.devices.slices, self.devices.classes)


NO_SURROUNDINGS = Surroundings()

_WATCHED: dict[type[TypedObject], Resource] = {
    PersistentVolumeClaim: Resource.PERSISTENT_VOLUME_CLAIM,
    PersistentVolume: Resource.PERSISTENT_VOLUME,
    StorageClass: Resource.STORAGE_CLASS,
    CSINode: Resource.CSI_NODE,
    VolumeAttachment: Resource.VOLUME_ATTACHMENT,
    CSIDriver: Resource.CSI_DRIVER,
    CSIStorageCapacity: Resource.CSI_STORAGE_CAPACITY,
    ResourceClaim: Resource.RESOURCE_CLAIM,
    ResourceSlice: Resource.RESOURCE_SLICE,
    DeviceClass: Resource.DEVICE_CLASS,
}
_ACTIONS = {ADDED: Action.ADD, MODIFIED: Action.UPDATE, DELETED: Action.DELETE}


class Neighbours:
    """Lookups in the surroundings for plugins, and the cluster events of their changes."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        services, owners, budgets = surroundings.services, surroundings.owners, surroundings.budgets
        self._workloads = None if services is None or owners is None else Workloads(services, owners)
        self._budgets = None if budgets is None else Budgets(budgets.lister)

    @property
    def workloads(self) -> Selecting:
        """Finds the selectors that match a pod."""
        return self._workloads or Unselected()

    @property
    def budgets(self) -> Callable[[], Iterable[Budget]]:
        """A function that returns the disruption budgets."""
        return self._budgets or no_budgets

    def is_about_namespaces(self, message: Notify) -> bool:
        """Whether labels of namespaces may have changed."""
        namespaces = self._surroundings.namespaces
        return namespaces is not None and message.source == namespaces.source

    def changed(self, message: Notify) -> Iterator[tuple[ClusterEvent, Subject, Subject]]:
        """Invalidate caches, and yield the cluster events that pods may wait for."""
        for change in message.changes:
            resource = _WATCHED.get(type(change.current))
            if resource is not None:
                event = ClusterEvent(resource, _ACTIONS[change.type])
                yield event, cast("Subject", change.old), cast("Subject", change.new)
            elif isinstance(change.current, PodDisruptionBudget) and self._budgets is not None:
                self._budgets.changed()
            elif self._workloads is not None:
                self._workloads.changed()
