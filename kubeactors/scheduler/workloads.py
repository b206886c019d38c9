"""What selects a pod: its Services, and the ReplicaSet that owns it.

Source: pkg/scheduler/framework/plugins/helper/spread.go, DefaultSelector (v1.36).
"""

from typing import TypeAlias

from kubeactors.api.apps.v1.replicaset import ReplicaSet
from kubeactors.api.core.v1 import Service
from kubeactors.apimachinery.labels import Selector, of_labels, of_object
from kubeactors.client import SharedInformer
from kubeactors.scheduler.pod_info import GroupKey, PodInfo

_BY_NAMESPACE = "namespace"

_Key: TypeAlias = tuple[GroupKey, str]


class Workloads:
    """Looks them up in informers. Answers are kept until `changed`."""

    def __init__(self, services: SharedInformer[Service], replica_sets: SharedInformer[ReplicaSet]) -> None:
        services.add_indexes({_BY_NAMESPACE: lambda one: (one.metadata.namespace,)})
        self._services = services.lister
        self._replica_sets = replica_sets.lister
        self._known: dict[_Key, Selector | None] = {}

    def changed(self) -> None:
        """A Service or an owner came, changed or went."""
        self._known.clear()

    def selector_of(self, pod: PodInfo) -> Selector | None:
        """What the pod's Services and its owner select together; None if nothing selects it."""
        owner = next((one for one in pod.pod.metadata.owner_references if one.controller), None)
        name = owner.name if owner is not None and owner.kind == ReplicaSet.__name__ else ""
        key = (pod.group, name)
        if key not in self._known:
            self._known[key] = self._look_up(pod.group, name)
        return self._known[key]

    def _look_up(self, group: GroupKey, owner: str) -> Selector | None:
        labels, wanted = group.label_map, dict[str, str]()
        for one in self._services.by_index(_BY_NAMESPACE, group.namespace).values():
            selector = one.spec.selector
            if selector and selector.items() <= labels.items():
                wanted.update(selector)
        found = of_labels(wanted)
        owning = self._replica_sets.get(owner, group.namespace) if owner else None
        if owning is not None:
            found = Selector((*found.requirements, *of_object(owning.spec.selector).requirements))
        return None if found.empty else found
