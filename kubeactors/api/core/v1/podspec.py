"""The desired state of a pod.

Source: k8s.io/api/core/v1/types.go (v1.36).
"""

from typing import Annotated

import msgspec

from kubeactors.api.core.v1.affinity import Affinity, Toleration, TopologySpreadConstraint
from kubeactors.api.core.v1.container import Container, EphemeralContainer, ResourceRequirements
from kubeactors.api.core.v1.references import LocalObjectReference
from kubeactors.api.core.v1.security import PodSecurityContext
from kubeactors.api.core.v1.volume import Volume
from kubeactors.apimachinery.meta import ATOMIC, Object, Quantity, always, list_map, merge_by


class PodDNSConfigOption(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One resolver option."""

    name: str = ""
    value: str | None = None


class PodDNSConfig(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Resolver settings in addition to those of the DNS policy."""

    nameservers: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()
    options: tuple[PodDNSConfigOption, ...] = ()


class HostAlias(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A line of the pod's hosts file."""

    ip: str = always("")
    hostnames: tuple[str, ...] = ()


class PodReadinessGate(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A condition that must be true for the pod to be ready."""

    condition_type: str = always("")


class PodOS(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The operating system of the containers."""

    name: str = always("")


class PodSchedulingGate(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A gate that blocks scheduling of the pod until it is removed."""

    name: str = always("")


class PodResourceClaim(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A claim of devices, by name or from a template: one of the two is set."""

    name: str = always("")
    resource_claim_name: str | None = None
    resource_claim_template_name: str | None = None


class PodSchedulingGroup(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The group that is scheduled together with this pod."""

    pod_group_name: str | None = None


class PodSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The desired state of a pod. Most of it is immutable."""

    volumes: Annotated[tuple[Volume, ...], merge_by("name", "merge,retainKeys")] = ()
    init_containers: Annotated[tuple[Container, ...], merge_by("name")] = ()
    containers: Annotated[tuple[Container, ...], merge_by("name")] = always(())
    ephemeral_containers: Annotated[tuple[EphemeralContainer, ...], merge_by("name")] = ()
    restart_policy: str = ""
    termination_grace_period_seconds: int | None = None
    active_deadline_seconds: int | None = None
    dns_policy: str = ""
    node_selector: Annotated[dict[str, str], ATOMIC] = {}
    service_account_name: str = ""
    service_account: str = ""
    automount_service_account_token: bool | None = None
    node_name: str = ""
    host_network: bool = False
    host_pid: bool = msgspec.field(name="hostPID", default=False)
    host_ipc: bool = msgspec.field(name="hostIPC", default=False)
    share_process_namespace: bool | None = None
    security_context: PodSecurityContext | None = None
    image_pull_secrets: Annotated[tuple[LocalObjectReference, ...], merge_by("name")] = ()
    hostname: str = ""
    subdomain: str = ""
    affinity: Affinity | None = None
    scheduler_name: str = ""
    tolerations: tuple[Toleration, ...] = ()
    host_aliases: Annotated[tuple[HostAlias, ...], merge_by("ip")] = ()
    priority_class_name: str = ""
    priority: int | None = None
    dns_config: PodDNSConfig | None = None
    readiness_gates: tuple[PodReadinessGate, ...] = ()
    runtime_class_name: str | None = None
    enable_service_links: bool | None = None
    preemption_policy: str | None = None
    overhead: dict[str, Quantity] = {}
    topology_spread_constraints: Annotated[
        tuple[TopologySpreadConstraint, ...], merge_by("topologyKey"), list_map("topologyKey", "whenUnsatisfiable")
    ] = ()
    set_hostname_as_fqdn: bool | None = msgspec.field(name="setHostnameAsFQDN", default=None)
    os: PodOS | None = None
    host_users: bool | None = None
    scheduling_gates: Annotated[tuple[PodSchedulingGate, ...], merge_by("name")] = ()
    resource_claims: Annotated[tuple[PodResourceClaim, ...], merge_by("name", "merge,retainKeys")] = ()
    resources: ResourceRequirements | None = None
    hostname_override: str | None = None
    scheduling_group: PodSchedulingGroup | None = None
