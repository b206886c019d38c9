"""What happens in the cluster that may let a waiting pod be scheduled, and which plugin waits for what.

Source: pkg/scheduler/framework/events.go, k8s.io/kube-scheduler/framework/types.go (v1.36).
"""

from collections.abc import Callable
from enum import Flag, auto
from typing import Protocol, TypeAlias

import msgspec
from msgspec.structs import replace

from kubeactors.api.core.v1 import Node, PersistentVolumeClaim, Pod
from kubeactors.api.core.v1.persistentvolume import PersistentVolume
from kubeactors.api.resource.v1 import DeviceClass, ResourceClaim, ResourceSlice
from kubeactors.api.storage.v1 import CSIDriver, CSINode, CSIStorageCapacity, StorageClass, VolumeAttachment
from kubeactors.scheduler.pod_info import PodInfo

Subject: TypeAlias = (
    Node
    | Pod
    | PersistentVolume
    | PersistentVolumeClaim
    | StorageClass
    | CSINode
    | VolumeAttachment
    | CSIDriver
    | CSIStorageCapacity
    | ResourceClaim
    | ResourceSlice
    | DeviceClass
    | None
)
"""The object of an event before or after it; None if it was not there."""


class Resource(Flag):
    """Whose event."""

    NODE = auto()
    ASSIGNED_POD = auto()
    """A pod that is on a node."""
    TARGET_POD = auto()
    """The waiting pod itself."""
    UNSCHEDULED_POD = auto()
    """Another pod that has no node."""
    PERSISTENT_VOLUME = auto()
    PERSISTENT_VOLUME_CLAIM = auto()
    STORAGE_CLASS = auto()
    CSI_NODE = auto()
    VOLUME_ATTACHMENT = auto()
    CSI_DRIVER = auto()
    CSI_STORAGE_CAPACITY = auto()
    RESOURCE_CLAIM = auto()
    RESOURCE_SLICE = auto()
    DEVICE_CLASS = auto()


class Action(Flag):
    """What happened to it."""

    ADD = auto()
    DELETE = auto()
    UPDATE_NODE_ALLOCATABLE = auto()
    UPDATE_NODE_LABEL = auto()
    UPDATE_NODE_TAINT = auto()
    UPDATE_NODE_CONDITION = auto()
    UPDATE_POD_LABEL = auto()
    UPDATE_POD_SCALE_DOWN = auto()
    UPDATE_POD_TOLERATION = auto()
    UPDATE_POD_GATES_ELIMINATED = auto()
    UPDATE_POD_GENERATED_RESOURCE_CLAIM = auto()
    UPDATE_POD_TERMINATING = auto()
    """It is to go. kube-scheduler tells only when it has gone, though pods that are spread do not count it any more."""
    UPDATE = auto()
    """Anything, of a kind of which the parts are not told apart."""
    ACTIVATE = auto()
    """A plugin asked for the pod to be tried again."""


ANY_RESOURCE = ~Resource(0)
ANY_ACTION = ~Action(0)


class ClusterEvent(msgspec.Struct, frozen=True, gc=False):
    """One event; `action` may say several things that one update did."""

    resource: Resource
    action: Action


POD_CAME = ClusterEvent(Resource.ASSIGNED_POD, Action.ADD)
"""A pod has come to a node."""

QueueingHint: TypeAlias = Callable[[PodInfo, Subject, Subject], bool]
"""Whether the event, with the object before and after it, may make this pod schedulable."""


def always(_: PodInfo, __: Subject, ___: Subject) -> bool:
    """The event is worth a try."""
    return True


def anybody(_: Subject, __: Subject) -> str:
    """Who knows whom the event helps."""
    return ""


class Hint(msgspec.Struct, frozen=True):
    """An event that a plugin waits for."""

    resource: Resource
    actions: Action
    helps: QueueingHint = always
    only: Callable[[Subject, Subject], str] = anybody
    """The uid of the one pod that the event may help, so that the others are not asked about; empty if it may be any."""


ANYTHING = (Hint(ANY_RESOURCE, ANY_ACTION),)
"""What a plugin waits for that does not say."""


class EnqueueExtensions(Protocol):
    """A plugin that refuses pods, and knows what may change its mind."""

    @property
    def name(self) -> str:
        """The plugin."""
        ...

    def hints(self) -> tuple[Hint, ...]:
        """The events to wait for. A pod refused by a plugin without any waits for the periodic flush.

        Plugins that can refuse and do not have this method wait for anything.
        """
        ...


def node_update_action(old: Node, new: Node) -> Action:
    """What of a node's update may make room for a pod that waits; falsy if nothing does.

    >>> node_update_action(Node(), Node())
    <Action: 0>
    """
    action = Action(0)
    if old.spec.unschedulable != new.spec.unschedulable or old.spec.taints != new.spec.taints:
        action |= Action.UPDATE_NODE_TAINT
    if old.status.allocatable != new.status.allocatable:
        action |= Action.UPDATE_NODE_ALLOCATABLE
    if old.metadata.labels != new.metadata.labels:
        action |= Action.UPDATE_NODE_LABEL
    if _conditions(old) != _conditions(new):
        action |= Action.UPDATE_NODE_CONDITION
    return action


def is_heartbeat(old: Node, new: Node) -> bool:
    """Whether a node's update says only that it lives: nothing that a plugin might look at has changed.

    >>> from kubeactors.api.core.v1 import ContainerImage, NodeStatus
    >>> is_heartbeat(Node(), Node()), is_heartbeat(Node(), Node(status=NodeStatus(images=(ContainerImage(),))))
    (True, False)
    """
    return (
        old.spec == new.spec
        and (old.metadata.labels, old.metadata.annotations) == (new.metadata.labels, new.metadata.annotations)
        and _conditions(old) == _conditions(new)
        and replace(old.status, conditions=new.status.conditions) == new.status
    )


def _conditions(node: Node) -> list[tuple[str, str]]:
    return [(one.type, one.status) for one in node.status.conditions]


def pod_update_action(old: PodInfo, new: PodInfo) -> Action:
    """What of a pod's update matters to scheduling; falsy if nothing does (its status)."""
    action = Action(0)
    if old.pod.metadata.labels != new.pod.metadata.labels:
        action |= Action.UPDATE_POD_LABEL
    if old.demand != new.demand and _is_smaller(old, new):
        action |= Action.UPDATE_POD_SCALE_DOWN
    if old.pod.spec.tolerations != new.pod.spec.tolerations:
        action |= Action.UPDATE_POD_TOLERATION
    if old.pod.spec.scheduling_gates and not new.pod.spec.scheduling_gates:
        action |= Action.UPDATE_POD_GATES_ELIMINATED
    if old.pod.status.resource_claim_statuses != new.pod.status.resource_claim_statuses:
        action |= Action.UPDATE_POD_GENERATED_RESOURCE_CLAIM
    if old.group.terminating != new.group.terminating:
        action |= Action.UPDATE_POD_TERMINATING
    return action


def _is_smaller(old: PodInfo, new: PodInfo) -> bool:
    before, after = old.demand, new.demand
    others = dict(after.others)
    return (
        after.milli_cpu < before.milli_cpu
        or after.memory < before.memory
        or after.ephemeral_storage < before.ephemeral_storage
        or any(others.get(name, 0) < size for name, size in before.others)
    )
