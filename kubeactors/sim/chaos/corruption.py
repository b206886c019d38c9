"""Fields of stored objects that are corrupted behind the API server's validation, as by a bit flip or an old backup.

The component that owns such a field repairs it, or gives the object up and replaces it; otherwise the fault restores it
when it heals. There must be no other consequence: no component fails, writes without end, or deletes what it does not
own.

Source: Barletta et al., "Mutiny! How Does Kubernetes Fail, and What Can We Do About It?" (DSN 2024).
"""

from collections.abc import Callable

from msgspec.structs import replace

from kubeactors.api.apps.v1 import Deployment, ReplicaSet
from kubeactors.api.coordination.v1 import Lease
from kubeactors.api.core.v1 import Node, Pod, Taint
from kubeactors.api.core.v1.placement import NO_EXECUTE
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client import controller_of
from kubeactors.sim.bounds.capacity import is_ours
from kubeactors.sim.bounds.rollouts import is_active, wanted
from kubeactors.sim.chaos.faults import CorruptibleField

HASH = "pod-template-hash"
UNREACHABLE = "node.kubernetes.io/unreachable"
NOBODY = "00000000-0000-0000-0000-000000000000"
"""A uid that no object has."""
NOWHERE = "nowhere"
"""A name that no node has, and no candidate."""
MORE = 2
"""How many extra pods a ReplicaSet asks for, and how many generations ahead a status is."""


def corrupted(field: CorruptibleField, value: TypedObject) -> TypedObject:
    """The object with that field corrupted; the very same object if it lacks the field or is being deleted.

    >>> lost = corrupted("owner-lost", ReplicaSet())
    >>> lost == ReplicaSet()
    True
    """
    return value if value.metadata.deletion_timestamp is not None else _CORRUPTIONS[field](value)


def restored(now: TypedObject, wrong: TypedObject, before: TypedObject) -> TypedObject:
    """The object as it is now, with the former values wherever the corrupted ones are still there.

    >>> restored(corrupted("labels-lost", ours := Node()), corrupted("labels-lost", ours), ours) == ours
    True
    """
    metadata = now.metadata
    if metadata.labels == wrong.metadata.labels:
        metadata = replace(metadata, labels=before.metadata.labels)
    if metadata.owner_references == wrong.metadata.owner_references:
        metadata = replace(metadata, owner_references=before.metadata.owner_references)
    now = replace(now, metadata=metadata)
    if isinstance(now, Node) and isinstance(wrong, Node) and isinstance(before, Node) and now.spec == wrong.spec:
        return replace(now, spec=before.spec)
    return now


def _replicas(value: TypedObject) -> TypedObject:
    if not isinstance(value, ReplicaSet) or controller_of(value.metadata) is None:
        return value
    return replace(value, spec=replace(value.spec, replicas=wanted(value) + MORE))


def _no_replicas(value: TypedObject) -> TypedObject:
    if not isinstance(value, ReplicaSet) or controller_of(value.metadata) is None:
        return value
    return replace(value, spec=replace(value.spec, replicas=0))


def _is_owned(value: TypedObject) -> bool:
    """Whether it is a pod that has not ended, or a ReplicaSet, that has a controller."""
    may_be = is_active(value) if isinstance(value, Pod) else isinstance(value, ReplicaSet)
    return may_be and controller_of(value.metadata) is not None


def _owner_lost(value: TypedObject) -> TypedObject:
    return replace(value, metadata=replace(value.metadata, owner_references=())) if _is_owned(value) else value


def _owner_unknown(value: TypedObject) -> TypedObject:
    if not _is_owned(value):
        return value
    references = tuple(replace(one, uid=NOBODY) for one in value.metadata.owner_references)
    return replace(value, metadata=replace(value.metadata, owner_references=references))


def _hash_lost(value: TypedObject) -> TypedObject:
    if not isinstance(value, Pod) or HASH not in value.metadata.labels or not is_active(value):
        return value
    labels = {key: one for key, one in value.metadata.labels.items() if key != HASH}
    return replace(value, metadata=replace(value.metadata, labels=labels))


def _generation(value: TypedObject) -> TypedObject:
    """Ahead of the object, as if its controller had observed a future generation."""
    if not isinstance(value, Deployment | ReplicaSet):
        return value
    status = value.status
    return replace(value, status=replace(status, observed_generation=status.observed_generation + MORE))


def _holder(value: TypedObject) -> TypedObject:
    if not isinstance(value, Lease) or not value.spec.holder_identity:
        return value
    return replace(value, spec=replace(value.spec, holder_identity=NOWHERE))


def _nomination(value: TypedObject) -> TypedObject:
    if not isinstance(value, Pod) or value.spec.node_name or not is_active(value):
        return value
    return replace(value, status=replace(value.status, nominated_node_name=NOWHERE))


def _labels_lost(value: TypedObject) -> TypedObject:
    if not isinstance(value, Node) or not is_ours(value):
        return value
    return replace(value, metadata=replace(value.metadata, labels={}))


def _tainted(value: TypedObject) -> TypedObject:
    if not isinstance(value, Node) or not is_ours(value) or any(one.key == UNREACHABLE for one in value.spec.taints):
        return value
    taints = (*value.spec.taints, Taint(key=UNREACHABLE, effect=NO_EXECUTE))
    return replace(value, spec=replace(value.spec, taints=taints))


def _unready(value: TypedObject) -> TypedObject:
    if not isinstance(value, Pod) or not value.spec.node_name or not is_active(value):
        return value
    conditions = tuple(replace(one, status="False") for one in value.status.conditions)
    return replace(value, status=replace(value.status, conditions=conditions, pod_ip="", pod_ips=()))


def _node_unready(value: TypedObject) -> TypedObject:
    """Each condition inverted."""
    if not isinstance(value, Node) or not is_ours(value) or not value.status.conditions:
        return value
    conditions = tuple(
        replace(one, status="False" if one.status == "True" else "True") for one in value.status.conditions
    )
    return replace(value, status=replace(value.status, conditions=conditions))


def _no_room(value: TypedObject) -> TypedObject:
    if not isinstance(value, Node) or not is_ours(value):
        return value
    nothing = dict.fromkeys(value.status.allocatable, "0")
    return replace(value, status=replace(value.status, capacity=nothing, allocatable=nothing))


_CORRUPTIONS: dict[CorruptibleField, Callable[[TypedObject], TypedObject]] = {
    "replicas": _replicas,
    "no-replicas": _no_replicas,
    "owner-lost": _owner_lost,
    "owner-unknown": _owner_unknown,
    "hash-lost": _hash_lost,
    "generation": _generation,
    "holder": _holder,
    "nomination": _nomination,
    "labels-lost": _labels_lost,
    "tainted": _tainted,
    "unready": _unready,
    "node-unready": _node_unready,
    "no-room": _no_room,
}
CORRUPTIBLE_TYPES: tuple[type[TypedObject], ...] = (Pod, ReplicaSet, Deployment, Node, Lease)
