"""The observed state of a pod.

Source: k8s.io/api/core/v1/types.go (v1.36).
"""

from typing import Annotated

import msgspec

from kubeactors.api.core.v1.container import ResourceRequirements
from kubeactors.apimachinery.meta import ATOMIC, LIST_SET, Object, Quantity, Time, always, list_map, merge_by


class ContainerStateWaiting(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Not running yet, or not again."""

    reason: str = ""
    message: str = ""


class ContainerStateRunning(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Running since `started_at`."""

    started_at: Time | None = always(None)


class ContainerStateTerminated(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Terminated after it ran."""

    exit_code: int = always(0)
    signal: int = 0
    reason: str = ""
    message: str = ""
    started_at: Time | None = always(None)
    finished_at: Time | None = always(None)
    container_id: str = msgspec.field(name="containerID", default="")


class ContainerState(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """At most one field is set; none means waiting."""

    waiting: ContainerStateWaiting | None = None
    running: ContainerStateRunning | None = None
    terminated: ContainerStateTerminated | None = None


class ImageVolumeStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The image of an image volume."""

    image_ref: str = ""


class VolumeStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The status of a mounted volume."""

    image: ImageVolumeStatus | None = None


class VolumeMountStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How a volume was mounted."""

    name: str = always("")
    mount_path: str = always("")
    read_only: bool = False
    recursive_read_only: str | None = None
    volume_status: VolumeStatus | None = None


class LinuxContainerUser(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The user and groups of a Linux process."""

    uid: int = always(0)
    gid: int = always(0)
    supplemental_groups: tuple[int, ...] = ()


class ContainerUser(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The user of a container's first process."""

    linux: LinuxContainerUser | None = None


class ResourceHealth(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The health of one allocated device."""

    resource_id: str = msgspec.field(name="resourceID", default_factory=str)
    health: str = ""
    message: str | None = None


class ResourceStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The health of the devices allocated to a container."""

    name: str = always("")
    resources: Annotated[tuple[ResourceHealth, ...], list_map("resourceID")] = ()


class ContainerStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The observed state of a container."""

    name: str = always("")
    state: ContainerState = always(ContainerState())
    last_state: ContainerState = always(ContainerState())
    ready: bool = always(False)
    restart_count: int = always(0)
    image: str = always("")
    image_id: str = msgspec.field(name="imageID", default_factory=str)
    container_id: str = msgspec.field(name="containerID", default="")
    started: bool | None = None
    allocated_resources: dict[str, Quantity] = {}
    resources: ResourceRequirements | None = None
    volume_mounts: Annotated[tuple[VolumeMountStatus, ...], merge_by("mountPath")] = ()
    user: ContainerUser | None = None
    allocated_resources_status: Annotated[tuple[ResourceStatus, ...], merge_by("name")] = ()
    stop_signal: str | None = None


class PodIP(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An address of the pod."""

    ip: str = always("")


class HostIP(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An address of the pod's node."""

    ip: str = always("")


class PodCondition(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A condition of a pod."""

    type: str = always("")
    observed_generation: int = 0
    status: str = always("")
    last_probe_time: Time | None = always(None)
    last_transition_time: Time | None = always(None)
    reason: str = ""
    message: str = ""


class PodResourceClaimStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The claim created from a template."""

    name: str = always("")
    resource_claim_name: str | None = None


class ContainerExtendedResourceRequest(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Which request of the claim backs which extended resource of a container."""

    container_name: str = always("")
    resource_name: str = always("")
    request_name: str = always("")


class PodExtendedResourceClaimStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The claim that backs the pod's extended resources."""

    request_mappings: tuple[ContainerExtendedResourceRequest, ...] = always(())
    resource_claim_name: str = always("")


class NodeAllocatableResourceClaimStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Node resources that a claim takes for some containers."""

    resource_claim_name: str = always("")
    containers: Annotated[tuple[str, ...], LIST_SET] = ()
    resources: dict[str, Quantity] | None = always(None)


class PodStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The observed state of a pod, as the kubelet and the control plane report it."""

    observed_generation: int = 0
    phase: str = ""
    conditions: Annotated[tuple[PodCondition, ...], merge_by("type")] = ()
    message: str = ""
    reason: str = ""
    nominated_node_name: str = ""
    host_ip: str = msgspec.field(name="hostIP", default="")
    host_ips: Annotated[tuple[HostIP, ...], merge_by("ip"), ATOMIC] = msgspec.field(name="hostIPs", default=())
    pod_ip: str = msgspec.field(name="podIP", default="")
    pod_ips: Annotated[tuple[PodIP, ...], merge_by("ip")] = msgspec.field(name="podIPs", default=())
    start_time: Time | None = None
    init_container_statuses: tuple[ContainerStatus, ...] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()
    qos_class: str = ""
    ephemeral_container_statuses: tuple[ContainerStatus, ...] = ()
    resize: str = ""
    resource_claim_statuses: Annotated[tuple[PodResourceClaimStatus, ...], merge_by("name", "merge,retainKeys")] = ()
    extended_resource_claim_status: PodExtendedResourceClaimStatus | None = None
    allocated_resources: dict[str, Quantity] = {}
    resources: ResourceRequirements | None = None
    node_allocatable_resource_claim_statuses: Annotated[
        tuple[NodeAllocatableResourceClaimStatus, ...], list_map("resourceClaimName")
    ] = ()
