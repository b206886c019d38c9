"""The selectors that match a pod: of its Services, and of its owner.

Source: pkg/scheduler/framework/plugins/helper/spread.go, DefaultSelector (v1.36).
"""

from typing import TypeAlias

import msgspec

from kubeactors.api.apps.v1.replicaset import ReplicaSet
from kubeactors.api.apps.v1.statefulset import StatefulSet
from kubeactors.api.core.v1 import ReplicationController, Service
from kubeactors.apimachinery.labels import Selector, of_labels, of_object
from kubeactors.apimachinery.meta import OwnerReference
from kubeactors.client import SharedInformer, controller_of
from kubeactors.scheduler.pod_info import GroupKey, PodInfo

_BY_NAMESPACE = "namespace"
_KINDS = (("apps/v1", "ReplicaSet"), ("apps/v1", "StatefulSet"), ("v1", "ReplicationController"))

_Key: TypeAlias = tuple[GroupKey, str, str]


class Owners(msgspec.Struct, frozen=True):
    """The informers of owners whose pods are spread by default."""

    replica_sets: SharedInformer[ReplicaSet]
    stateful_sets: SharedInformer[StatefulSet]
    replication_controllers: SharedInformer[ReplicationController]

    def selector_of(self, kind: str, name: str, namespace: str) -> Selector | None:
        """The selector of an owner; None if it does not exist."""
        if kind == ReplicationController.__name__:
            controller = self.replication_controllers.lister.get(name, namespace)
            return None if controller is None else of_labels(controller.spec.selector)
        lister = self.stateful_sets.lister if kind == StatefulSet.__name__ else self.replica_sets.lister
        owner: ReplicaSet | StatefulSet | None = lister.get(name, namespace)
        return None if owner is None else of_object(owner.spec.selector)


class Workloads:
    """Looks selectors up in informers. Results are cached until `changed`."""

    def __init__(self, services: SharedInformer[Service], owners: Owners) -> None:
        services.add_indexes({_BY_NAMESPACE: lambda one: (one.metadata.namespace,)})
        self._services = services.lister
        self._owners = owners
        self._known: dict[_Key, Selector | None] = {}

    def changed(self) -> None:
        """Invalidate: a Service or an owner was created, updated or deleted."""
        self._known.clear()

    def selector_of(self, pod: PodInfo) -> Selector | None:
        """The conjunction of the selectors of the pod's Services and its owner; None if there are none."""
        owner = controller_of(pod.pod.metadata)
        kind, name = ("", "") if owner is None or not _is_spread(owner) else (owner.kind, owner.name)
        key = (pod.group, kind, name)
        if key not in self._known:
            self._known[key] = self._look_up(pod.group, kind, name)
        return self._known[key]

    def _look_up(self, group: GroupKey, kind: str, owner: str) -> Selector | None:
        labels, wanted = group.label_map, dict[str, str]()
        for one in self._services.by_index(_BY_NAMESPACE, group.namespace).values():
            selector = one.spec.selector
            if selector and selector.items() <= labels.items():
                wanted.update(selector)
        found = of_labels(wanted)
        owning = self._owners.selector_of(kind, owner, group.namespace) if owner else None
        if owning is not None:
            found = Selector((*found.requirements, *owning.requirements))
        return None if found.empty else found


def _is_spread(owner: OwnerReference) -> bool:
    return (owner.api_version, owner.kind) in _KINDS
