"""The scheduler's information about a pod, derived once when it arrives."""

from typing import NamedTuple, TypeAlias

import msgspec

from kubeactors.api.core.v1 import Pod, PodSpec, Toleration
from kubeactors.api.core.v1.demand import Demand, demand
from kubeactors.api.core.v1.validation.annotations import MIRROR
from kubeactors.apimachinery.shared import Shared
from kubeactors.apimachinery.time import parse_time
from kubeactors.scheduler.disks import Disk, claims_of, disks_of
from kubeactors.scheduler.terms import Labels, Term, terms_of

ANY_ADDRESS = "0.0.0.0"  # noqa: S104 - all addresses of the node, as the original writes it

HostPort: TypeAlias = tuple[str, str, int]
"""Address, protocol and port that a pod uses on its node."""

StaticSignature: TypeAlias = tuple[str, tuple[tuple[str, str], ...], bytes, tuple[Toleration, ...]]
"""Node name, node selector, node affinity, tolerations: what matters regardless of the pods on a node."""

Signature: TypeAlias = tuple[StaticSignature, Demand, tuple[HostPort, ...], int, tuple[Disk, ...]]
"""Pods with equal signatures get the same result from every plugin that evaluates one node at a time. The fourth part
is the priority, on which it depends whether a nominated pod's room counts as taken."""


NOT_STARTED = 1 << 62
"""The start time of a pod that has not started: later than any."""


class GroupKey(NamedTuple):
    """What selectors of pods can match."""

    namespace: str
    labels: Labels
    terminating: bool

    @property
    def label_map(self) -> dict[str, str]:
        """The labels by key."""
        return dict(self.labels)


class PodInfo(msgspec.Struct, frozen=True, gc=False):
    """A pod and what plugins need of it."""

    pod: Pod
    demand: Demand
    host_ports: tuple[HostPort, ...]
    signature: Signature
    group: GroupKey
    terms: tuple[Term, ...] = ()
    """Its affinity to other pods."""
    claims: tuple[str, ...] = ()
    """The names of its claims."""

    @property
    def disks(self) -> tuple[Disk, ...]:
        """The inline disks that may conflict with other pods'."""
        return self.signature[4]

    @property
    def uid(self) -> str:
        """The pod's UID."""
        return self.pod.metadata.uid

    @property
    def start_time(self) -> int:
        """When the pod started, in Unix nanoseconds."""
        text = self.pod.status.start_time
        return parse_time(text) if text else NOT_STARTED

    @property
    def priority(self) -> int:
        """The pod's priority; higher is more important."""
        return self.pod.spec.priority or 0

    @property
    def is_mirror(self) -> bool:
        """Whether it is the mirror pod of a static pod, which runs whatever becomes of the mirror."""
        return MIRROR in self.pod.metadata.annotations

    @property
    def key(self) -> str:
        """`namespace/name`."""
        return f"{self.pod.metadata.namespace}/{self.pod.metadata.name}"


def pod_info(pod: Pod) -> PodInfo:
    """Derive everything that plugins need from a pod.

    >>> one, other = Pod(spec=PodSpec(node_selector={"a": "b"})), Pod(spec=PodSpec(node_selector={"a": "b"}))
    >>> pod_info(one).signature == pod_info(other).signature
    True
    """
    spec = pod.spec
    signature = _signature(spec) if spec.node_name else _shared_signature(spec)
    group = group_key(pod)
    return PodInfo(pod, signature[1], signature[2], signature, group, _terms(pod, group.labels), claims_of(pod))


def anonymous(pod: PodInfo) -> PodInfo:
    """The pod without its identity: results computed for it hold for all pods of its shape.

    >>> anonymous(pod_info(Pod())).uid
    ''
    """
    metadata = msgspec.structs.replace(pod.pod.metadata, name="", uid="")
    return msgspec.structs.replace(pod, pod=msgspec.structs.replace(pod.pod, metadata=metadata))


def group_key(pod: Pod) -> GroupKey:
    """The group of pods to which this one belongs.

    >>> group_key(Pod()).terminating
    False
    """
    metadata = pod.metadata
    labels = tuple(sorted(metadata.labels.items())) if metadata.labels else ()
    return GroupKey(metadata.namespace, labels, metadata.deletion_timestamp is not None)


def _terms(pod: Pod, labels: Labels) -> tuple[Term, ...]:
    affinity = pod.spec.affinity
    if affinity is None or (affinity.pod_affinity is None and affinity.pod_anti_affinity is None):
        return ()
    text = msgspec.json.encode(affinity)
    return terms_of(pod.metadata.namespace, labels if b"atchLabelKeys" in text else (), text)


def _signature(spec: PodSpec) -> Signature:
    return (static_signature(spec), demand(spec), host_ports(spec), spec.priority or 0, disks_of(spec.volumes))


_shared_signature = Shared(_signature)
"""Cached by spec: pods of one template share it until they are bound."""


def static_signature(spec: PodSpec) -> StaticSignature:
    """The part of the signature that matters regardless of the pods on a node."""
    near = None if spec.affinity is None else spec.affinity.node_affinity
    affinity = b"" if near is None else msgspec.json.encode(near, order="sorted")
    selector = tuple(sorted(spec.node_selector.items())) if spec.node_selector else ()
    return (spec.node_name, selector, affinity, spec.tolerations)


def host_ports(spec: PodSpec) -> tuple[HostPort, ...]:
    """The host ports of the pod; an empty address means all addresses.

    >>> from kubeactors.api.core.v1 import Container, ContainerPort
    >>> host_ports(PodSpec(containers=(Container(ports=(ContainerPort(container_port=80, host_port=8080),)),)))
    (('0.0.0.0', 'TCP', 8080),)
    """
    containers = spec.containers
    if spec.init_containers:
        containers += tuple(one for one in spec.init_containers if one.restart_policy == "Always")
    return tuple(
        (port.host_ip or ANY_ADDRESS, port.protocol or "TCP", port.host_port)
        for container in containers
        for port in container.ports
        if port.host_port > 0
    )
