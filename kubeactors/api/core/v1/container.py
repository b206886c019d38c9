"""Containers of pods.

Source: k8s.io/api/core/v1/types.go (v1.36).
"""

from typing import Annotated

import msgspec

from kubeactors.api.core.v1.env import EnvFromSource, EnvVar
from kubeactors.api.core.v1.probe import Lifecycle, Probe
from kubeactors.api.core.v1.security import SecurityContext
from kubeactors.apimachinery.meta import LIST_SET, Object, Quantity, always, list_map, merge_by


class ContainerPort(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A port that a container listens on."""

    name: str = ""
    host_port: int = 0
    container_port: int = always(0)
    protocol: str = ""
    host_ip: str = msgspec.field(name="hostIP", default="")


class VolumeMount(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Mounts a volume of the pod into a container."""

    name: str = always("")
    read_only: bool = False
    recursive_read_only: str | None = None
    mount_path: str = always("")
    sub_path: str = ""
    mount_propagation: str | None = None
    sub_path_expr: str = ""


class VolumeDevice(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Maps a raw block volume into a container."""

    name: str = always("")
    device_path: str = always("")


class ResourceClaim(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Refers to one of the pod's resource claims, or to a request of it."""

    name: str = always("")
    request: str = ""


class ResourceRequirements(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The reserved (`requests`) and the maximum amounts (`limits`), by resource name."""

    limits: dict[str, Quantity] = {}
    requests: dict[str, Quantity] = {}
    claims: Annotated[tuple[ResourceClaim, ...], list_map("name")] = ()


class ContainerResizePolicy(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Whether a container must restart when this resource is resized."""

    resource_name: str = always("")
    restart_policy: str = always("")


class ContainerRestartRuleOnExitCodes(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Compares the exit code with a list of codes."""

    operator: str = ""
    values: Annotated[tuple[int, ...], LIST_SET] = ()


class ContainerRestartRule(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What to do on these exit codes; the first matching rule applies."""

    action: str = ""
    exit_codes: ContainerRestartRuleOnExitCodes | None = None


class Container(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One container of a pod. Names are unique among the containers and init containers."""

    name: str = always("")
    image: str = ""
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    working_dir: str = ""
    ports: Annotated[tuple[ContainerPort, ...], merge_by("containerPort"), list_map("containerPort", "protocol")] = ()
    env_from: tuple[EnvFromSource, ...] = ()
    env: Annotated[tuple[EnvVar, ...], merge_by("name")] = ()
    resources: ResourceRequirements = always(ResourceRequirements())
    resize_policy: tuple[ContainerResizePolicy, ...] = ()
    restart_policy: str | None = None
    restart_policy_rules: tuple[ContainerRestartRule, ...] = ()
    volume_mounts: Annotated[tuple[VolumeMount, ...], merge_by("mountPath")] = ()
    volume_devices: Annotated[tuple[VolumeDevice, ...], merge_by("devicePath")] = ()
    liveness_probe: Probe | None = None
    readiness_probe: Probe | None = None
    startup_probe: Probe | None = None
    lifecycle: Lifecycle | None = None
    termination_message_path: str = ""
    termination_message_policy: str = ""
    image_pull_policy: str = ""
    security_context: SecurityContext | None = None
    stdin: bool = False
    stdin_once: bool = False
    tty: bool = False


class EphemeralContainer(Container, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A container added to a running pod, for debugging: no ports, probes or resources."""

    target_container_name: str = ""
