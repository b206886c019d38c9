"""Validation of pod status updates.

Source: ValidatePodStatusUpdate (v1.36).
"""

from collections.abc import Iterator, Sequence

from kubeactors.api.core.v1.container import Container
from kubeactors.api.core.v1.pod import Pod
from kubeactors.api.core.v1.podspec import PodSpec
from kubeactors.api.core.v1.podstatus import (
    ContainerStatus,
    HostIP,
    LinuxContainerUser,
    PodIP,
    PodStatus,
    ResourceStatus,
)
from kubeactors.api.core.v1.resources import is_sidecar
from kubeactors.api.core.v1.validation.annotations import validate_annotations_kept, validate_pod_annotations
from kubeactors.api.core.v1.validation.common import internal, messages, one_of, qualified_name
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, duplicate, forbidden, invalid
from kubeactors.apimachinery.ip import parse_ip, validate_legacy_ip

_OWN_CONDITIONS = frozenset(("PodScheduled", "Ready", "Initialized"))
_BACK_TO_LIFE = "may not be transitioned to non-terminated state"


def validate_pod_status_update(new: Pod, old: Pod) -> Iterator[FieldError]:
    """Transitions are valid. The spec in `new` is that of the update, if it differs."""
    if new.metadata.annotations != old.metadata.annotations:
        path = "metadata.annotations"
        yield from validate_annotations_kept(new.metadata.annotations, old.metadata.annotations, path)
        yield from validate_pod_annotations(new.metadata.annotations, new.spec, path)
    status, before = new.status, old.status
    for i, condition in enumerate(status.conditions):
        if condition.type not in _OWN_CONDITIONS:
            yield from qualified_name(f"status.conditions[{i}].Type", condition.type)
    if new.spec.node_name != old.spec.node_name:
        yield forbidden("status.nodeName", "may not be changed directly")
    nominated = status.nominated_node_name
    if nominated and nominated != before.nominated_node_name:
        yield from messages("status.nominatedNodeName", nominated, names.name_is_dns_subdomain(nominated))
    if status.qos_class != before.qos_class:
        yield invalid("status.qosClass", status.qos_class, "field is immutable")
    yield from _transitions(status, before, old.spec)
    if status.resource_claim_statuses:
        yield from _claims(status, new.spec)
    yield from _addresses(status)
    yield from _users_and_devices(new)


def _transitions(new: PodStatus, old: PodStatus, spec: PodSpec) -> Iterator[FieldError]:
    policy = spec.restart_policy
    if policy != "Always":
        sidecars = tuple(one.name for one in spec.init_containers if is_sidecar(one))
        path = "status.containerStatuses"
        yield from _stay_ended(new.container_statuses, old.container_statuses, policy, _restartable(spec), path)
        path = "status.initContainerStatuses"
        yield from _stay_ended(new.init_container_statuses, old.init_container_statuses, policy, sidecars, path)
    path = "status.ephemeralContainerStatuses"
    yield from _stay_ended(new.ephemeral_container_statuses, old.ephemeral_container_statuses, "Never", (), path)


def _restartable(spec: PodSpec) -> tuple[str, ...]:
    """Containers that may restart by their own restart policy or rules."""
    return tuple(
        one.name for one in spec.containers if one.restart_policy not in {None, "Never"} or one.restart_policy_rules
    )


def _stay_ended(
    new: tuple[ContainerStatus, ...],
    old: tuple[ContainerStatus, ...],
    policy: str,
    may_return: tuple[str, ...],
    path: str,
) -> Iterator[FieldError]:
    for i, before in enumerate(old):
        ended = before.state.terminated
        if ended is None or (ended.exit_code and policy == "OnFailure") or before.name in may_return:
            continue
        for after in new:
            if after.name == before.name and after.state.terminated is None:
                yield forbidden(f"{path}[{i}].state", _BACK_TO_LIFE)


def _claims(status: PodStatus, spec: PodSpec) -> Iterator[FieldError]:
    known = [claim.name for claim in spec.resource_claims]
    seen: dict[str, None] = {}
    for i, claim in enumerate(status.resource_claim_statuses):
        path = f"status.resourceClaimStatuses[{i}].name"
        if claim.name not in known:
            yield invalid(path, claim.name, "must match the name of an entry in `spec.resourceClaims`")
        if claim.name in seen:
            yield duplicate(path, claim.name)
        seen[claim.name] = None
        if claim.resource_claim_name is not None:
            yield from messages(path, claim.resource_claim_name, names.name_is_dns_subdomain(claim.resource_claim_name))


def _addresses(status: PodStatus) -> Iterator[FieldError]:
    if status.pod_ips:
        yield from _one_of_each_family(status.pod_ips, "status.podIPs")
    if status.host_ips:
        if status.host_ip != status.host_ips[0].ip:
            yield invalid("status.hostIPs[0].ip", status.host_ips[0].ip, "must be equal to `hostIP`")
        yield from _one_of_each_family(status.host_ips, "status.hostIPs")


def _one_of_each_family(addresses: Sequence[PodIP | HostIP], path: str) -> Iterator[FieldError]:
    for i, address in enumerate(addresses):
        yield from validate_legacy_ip(address.ip, f"{path}[{i}]")
    if len(addresses) < 2:
        return
    families = [parsed.version for one in addresses if (parsed := parse_ip(one.ip))]
    if sorted(families) != [4, 6]:
        yield invalid(path, addresses, "may specify no more than one IP for each IP family")
    for i, address in enumerate(addresses):
        if address in addresses[:i]:
            yield duplicate(f"{path}[{i}]", internal(address))


def _users_and_devices(pod: Pod) -> Iterator[FieldError]:
    status, spec = pod.status, pod.spec
    system = spec.os.name if spec.os else "linux"
    yield from _of_statuses(status.container_statuses, spec.containers, system, "status.containerStatuses")
    path = "status.initContainerStatuses"
    yield from _of_statuses(status.init_container_statuses, spec.init_containers, system, path)
    path = "status.ephemeralContainerStatuses"
    yield from _of_statuses(status.ephemeral_container_statuses, None, system, path)


def _of_statuses(
    statuses: tuple[ContainerStatus, ...], containers: tuple[Container, ...] | None, system: str, path: str
) -> Iterator[FieldError]:
    """`containers` are those that may have devices: none for ephemeral ones."""
    for i, status in enumerate(statuses):
        if status.user is not None and status.user.linux is not None:
            yield from _user(status.user.linux, system, f"{path}[{i}].linux")
        if not status.allocated_resources_status:
            continue
        at = f"{path}[{i}].allocatedResourcesStatus"
        if containers is None:
            yield forbidden(at, "must not be specified in container status")
            continue
        asked = next((_asked(one) for one in containers if one.name == status.name), None)
        for j, devices in enumerate(status.allocated_resources_status):
            yield from _devices(devices, asked, f"{at}[{j}]")


def _asked(container: Container) -> tuple[str, ...]:
    claims = (f"claim:{one.name}/{one.request}".removesuffix("/") for one in container.resources.claims)
    return (*container.resources.requests, *claims)


def _devices(devices: ResourceStatus, asked: tuple[str, ...] | None, path: str) -> Iterator[FieldError]:
    """An unknown container may have any: the kubelet may know it already."""
    if asked is not None and devices.name not in asked:
        why = "must match one of the container's resource requests"
        if devices.name.startswith("claim:"):
            why = (
                "must match one of the container's resource claims in a format 'claim:<claimName>/<request>' "
                "or 'claim:<claimName>' if request is empty"
            )
        yield invalid(f"{path}.name", devices.name, why)
    seen: dict[str, None] = {}
    for i, device in enumerate(devices.resources):
        yield from one_of(f"{path}.resources[{i}].health", device.health, ("Healthy", "Unhealthy", "Unknown"))
        if device.resource_id in seen:
            yield duplicate(f"{path}.resources[{i}].resourceID", device.resource_id)
        seen[device.resource_id] = None


def _user(user: LinuxContainerUser, system: str, path: str) -> Iterator[FieldError]:
    if system == "windows":
        yield forbidden(path, "cannot be set for a windows pod")
        return
    yield from messages(f"{path}.uid", user.uid, names.user_id(user.uid))
    yield from messages(f"{path}.gid", user.gid, names.user_id(user.gid))
    for i, group in enumerate(user.supplemental_groups):
        yield from messages(f"{path}.supplementalGroups[{i}]", group, names.user_id(group))
