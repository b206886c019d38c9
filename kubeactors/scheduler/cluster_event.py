"""Cluster events that may make an unschedulable pod schedulable, and queueing hints.

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
"""The object of an event before or after it; None if it did not exist."""


class Resource(Flag):
    """The resource of an event."""

    NODE = auto()
    ASSIGNED_POD = auto()
    """A pod that is assigned to a node."""
    TARGET_POD = auto()
    """The unschedulable pod itself."""
    UNSCHEDULED_POD = auto()
    """Another unscheduled pod."""
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
    """What happened to the resource; an update may be several of these."""

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
    """It is terminating. kube-scheduler reacts only to its deletion, though topology spread ignores it from now on."""
    UPDATE = auto()
    """Any change of a resource whose updates are not distinguished."""
    ACTIVATE = auto()
    """A plugin activated the pod."""


ANY_RESOURCE = ~Resource(0)
ANY_ACTION = ~Action(0)


class ClusterEvent(msgspec.Struct, frozen=True, gc=False):
    """A cluster event; `action` may combine several effects of one update."""

    resource: Resource
    action: Action


ASSIGNED_POD_ADD = ClusterEvent(Resource.ASSIGNED_POD, Action.ADD)
"""A pod was assigned to a node."""

ASSIGNED_POD_DELETE = ClusterEvent(Resource.ASSIGNED_POD, Action.DELETE)
"""An assigned pod was deleted, or has finished."""

QueueingHint: TypeAlias = Callable[[PodInfo, Subject, Subject], bool]
"""A queueing hint: whether the event, with the object before and after it, may make this pod schedulable."""


def always(_: PodInfo, __: Subject, ___: Subject) -> bool:
    """Every such event may help."""
    return True


def anybody(_: Subject, __: Subject) -> str:
    """The event may help any pod."""
    return ""


class Hint(msgspec.Struct, frozen=True):
    """An event that a plugin waits for."""

    resource: Resource
    actions: Action
    helps: QueueingHint = always
    only: Callable[[Subject, Subject], str] = anybody
    """The UID of the only pod that the event may help, so that others need not be checked; empty if it may help any."""


ANYTHING = (Hint(ANY_RESOURCE, ANY_ACTION),)
"""The hints of a plugin that does not declare any."""


class EnqueueExtensions(Protocol):
    """A plugin that declares which events may make it accept a pod that it rejected."""

    @property
    def name(self) -> str:
        """The name of the plugin."""
        ...

    def hints(self) -> tuple[Hint, ...]:
        """The events to wait for. Without any, a rejected pod waits for the periodic flush.

        Plugins that can reject pods and lack this method wait for any event.
        """
        ...


def node_update_action(old: Node, new: Node) -> Action:
    """The effects of a node's update that may make a pod schedulable; falsy if there are none.

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
    """Whether a node's update is only a heartbeat: nothing that a plugin might depend on has changed.

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
    """The effects of a pod's update that matter to scheduling; falsy if there are none (changes of the status)."""
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
