"""VolumeZone: a volume with a zone or region label is used there only.

Source: pkg/scheduler/framework/plugins/volumezone/volume_zone.go (v1.36).
"""

from collections.abc import Mapping
from functools import partial
from typing import TypeAlias

from kubeactors.api.core.v1 import Node
from kubeactors.api.core.v1.persistentvolume import PersistentVolume
from kubeactors.api.core.v1.persistentvolumeclaim import PersistentVolumeClaim, class_of_claim
from kubeactors.api.storage.v1 import StorageClass
from kubeactors.api.storage.v1.storageclass import WAIT_FOR_FIRST_CONSUMER
from kubeactors.scheduler.cluster_event import Action, Hint, Resource, Subject
from kubeactors.scheduler.framework import View
from kubeactors.scheduler.handle import Handle
from kubeactors.scheduler.node_masks import NodeMasks, RefusalView
from kubeactors.scheduler.plugins.volume_restrictions import is_its_claim
from kubeactors.scheduler.pod_info import PodInfo
from kubeactors.scheduler.results import Code, Mask, Status

NAME = "VolumeZone"

_CURRENT = {
    "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
}
_LABELS = (*_CURRENT, *_CURRENT.values())

_ELSEWHERE = Status(Code.UNSCHEDULABLE_AND_UNRESOLVABLE, ("node(s) had no available volume zone",), NAME)

_Places: TypeAlias = tuple[tuple[str, tuple[str, ...]], ...]
"""Labels, and the values that volumes allow for each."""


class VolumeZone:
    """Rejects nodes in other zones than the volumes of the pod."""

    name = NAME
    weight = 0

    def __init__(self, handle: Handle) -> None:
        self._storage = handle.volumes
        self._masks: NodeMasks[_Places] = NodeMasks(handle.cache)

    def pre_filter(self, pod: PodInfo) -> Status | None:
        """Reject the pod unless its claims are bound or wait for its node."""
        if self._storage is None:
            return None
        for name in pod.claims:
            claim = self._storage.claims.lister.get(name, pod.group.namespace)
            refusal = self._refusal(name, claim)
            if refusal:
                return Status(Code.UNSCHEDULABLE_AND_UNRESOLVABLE, (refusal,), NAME)
        return None

    def view(self, pod: PodInfo) -> View | None:
        """None if no volume of the pod has a zone."""
        places = self._places(pod) if pod.claims else ()
        return RefusalView(lambda: self._refusals(places)) if places else None

    def hints(self) -> tuple[Hint, ...]:
        """Any change of claims, classes, volumes or nodes that may make zones match."""
        return (
            Hint(Resource.STORAGE_CLASS, Action.ADD, _waits),
            Hint(Resource.NODE, Action.ADD | Action.UPDATE_NODE_LABEL),
            Hint(Resource.PERSISTENT_VOLUME_CLAIM, Action.ADD | Action.UPDATE, is_its_claim),
            Hint(Resource.PERSISTENT_VOLUME, Action.ADD | Action.UPDATE, _moved),
        )

    def _refusal(self, name: str, claim: PersistentVolumeClaim | None) -> str:
        assert self._storage is not None  # checked by the caller
        if claim is None:
            return f'persistentvolumeclaim "{name}" not found'
        if claim.spec.volume_name:
            found = self._storage.volumes.lister.get(claim.spec.volume_name)
            return "" if found is not None else f'persistentvolume "{claim.spec.volume_name}" not found'
        class_name = class_of_claim(claim)
        if not class_name:
            return "PersistentVolumeClaim had no pv name and storageClass name"
        found_class = self._storage.classes.lister.get(class_name)
        if found_class is None:
            return f'storageclass.storage.k8s.io "{class_name}" not found'
        return "" if found_class.volume_binding_mode == WAIT_FOR_FIRST_CONSUMER else "PersistentVolume had no name"

    def _places(self, pod: PodInfo) -> _Places:
        found: dict[tuple[str, tuple[str, ...]], None] = {}
        for name in pod.claims if self._storage is not None else ():
            assert self._storage is not None  # checked above
            claim = self._storage.claims.lister.get(name, pod.group.namespace)
            volume = self._storage.volumes.lister.get(claim.spec.volume_name) if claim is not None else None
            if volume is not None:
                found.update(dict.fromkeys(places_of(volume)))
        return tuple(found)

    def _refusals(self, places: _Places) -> list[tuple[Status, Mask]]:
        return [(_ELSEWHERE, ~self._masks.rows(places, partial(_is_there, places)))]


def places_of(volume: PersistentVolume) -> _Places:
    """The zones and regions in a volume's labels; several in one label are separated by two underscores.

    >>> from kubeactors.apimachinery.meta import ObjectMeta
    >>> places_of(PersistentVolume(metadata=ObjectMeta(labels={"topology.kubernetes.io/zone": "a__b"})))
    (('topology.kubernetes.io/zone', ('a', 'b')),)
    """
    labels = volume.metadata.labels
    return tuple((key, tuple(sorted(labels[key].split("__")))) for key in _LABELS if key in labels)


def _is_there(places: _Places, node: Node) -> bool:
    """Whether the node is in the volume's zones; a node without any such label is in all."""
    labels = node.metadata.labels
    return not any(key in labels for key in _LABELS) or all(_value(labels, key) in values for key, values in places)


def _value(labels: Mapping[str, str], key: str) -> str | None:
    return labels.get(key, labels.get(_CURRENT.get(key, key)))


def _waits(_: PodInfo, __: Subject, new: Subject) -> bool:
    return isinstance(new, StorageClass) and new.volume_binding_mode == WAIT_FOR_FIRST_CONSUMER


def _moved(_: PodInfo, old: Subject, new: Subject) -> bool:
    if not isinstance(new, PersistentVolume):
        return False
    return not isinstance(old, PersistentVolume) or places_of(old) != places_of(new)
