"""Validation of pod specs, in pods and templates.

Source: ValidatePodSpec in pkg/apis/core/validation/validation.go (v1.36).
"""

from collections.abc import Iterator

from kubeactors.api.core.v1.podspec import PodSchedulingGate, PodSpec
from kubeactors.api.core.v1.validation.affinity import validate_affinity, validate_spread
from kubeactors.api.core.v1.validation.claims import validate_resource_claims
from kubeactors.api.core.v1.validation.common import label, messages, qualified_name
from kubeactors.api.core.v1.validation.containers import (
    validate_containers,
    validate_ephemeral_containers,
    validate_init_containers,
)
from kubeactors.api.core.v1.validation.context import PodContext
from kubeactors.api.core.v1.validation.dns import (
    validate_dns_config,
    validate_host_aliases,
    validate_hostname_override,
)
from kubeactors.api.core.v1.validation.resources import validate_overhead, validate_pod_resources
from kubeactors.api.core.v1.validation.security import validate_host_users, validate_pod_security_context
from kubeactors.api.core.v1.validation.taints import validate_tolerations
from kubeactors.api.core.v1.validation.volumes import validate_volumes
from kubeactors.api.core.v1.validation.windows import validate_host_process, validate_os
from kubeactors.api.validation import validate_one_of
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, duplicate, invalid, required
from kubeactors.apimachinery.labels import validate_labels

MAX_INT32 = 2**31 - 1

_RESTART_POLICIES = ("Always", "OnFailure", "Never")
_DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")


def validate_pod_spec(spec: PodSpec, path: str, *, pod_name: str = "", is_pod: bool = False) -> Iterator[FieldError]:
    """All rules for a spec. `pod_name` and `is_pod` are set for a pod, not for a template."""
    if spec.termination_grace_period_seconds is None:
        yield required(f"{path}.terminationGracePeriodSeconds")
    volumes, errors = validate_volumes(spec.volumes, pod_name, f"{path}.volumes", is_pod=is_pod)
    yield from errors
    context = PodContext.of(spec, volumes, is_pod=is_pod)
    if spec.resource_claims:
        yield from validate_resource_claims(spec.resource_claims, f"{path}.resourceClaims")
    yield from validate_containers(spec.containers, context, f"{path}.containers")
    if spec.init_containers:
        yield from validate_init_containers(spec, context, f"{path}.initContainers")
    if spec.ephemeral_containers:
        yield from validate_ephemeral_containers(spec, context, f"{path}.ephemeralContainers")
    if spec.resources is not None:
        yield from validate_pod_resources(spec, spec.resources, f"{path}.resources")
    if spec.host_network:
        yield from _ports_of_node(spec, f"{path}.containers", is_pod=is_pod)
    yield from _policies(spec, path)
    yield from _placement(spec, path)
    yield from _identity(spec, path)
    if spec.overhead:
        yield from validate_overhead(spec.overhead, f"{path}.overhead")
    yield from validate_os(spec, path)
    if spec.hostname_override is not None:
        yield from validate_hostname_override(spec, spec.hostname_override, path)


def _ports_of_node(spec: PodSpec, path: str, *, is_pod: bool) -> Iterator[FieldError]:
    """On the host network the host port equals the port. In a template it may be absent."""
    for i, container in enumerate(spec.containers):
        for j, port in enumerate(container.ports):
            if (is_pod or port.host_port) and port.host_port != port.container_port:
                why = "must match `containerPort` when `hostNetwork` is true"
                yield invalid(f"{path}[{i}].ports[{j}].hostPort", port.host_port, why)


def _policies(spec: PodSpec, path: str) -> Iterator[FieldError]:
    if spec.restart_policy not in _RESTART_POLICIES:
        yield from validate_one_of(spec.restart_policy, f"{path}.restartPolicy", _RESTART_POLICIES)
    if spec.dns_policy not in _DNS_POLICIES:
        yield from validate_one_of(spec.dns_policy, f"{path}.dnsPolicy", _DNS_POLICIES)
    if spec.node_selector:
        yield from validate_labels(spec.node_selector, f"{path}.nodeSelector")
    if spec.security_context is not None:
        yield from validate_pod_security_context(spec.security_context, spec, f"{path}.securityContext")


def _placement(spec: PodSpec, path: str) -> Iterator[FieldError]:
    if spec.affinity is not None:
        yield from validate_affinity(spec.affinity, f"{path}.affinity")
    if spec.dns_config is not None or spec.dns_policy == "None":
        yield from validate_dns_config(spec, f"{path}.dnsConfig")
    for i, gate in enumerate(spec.readiness_gates):
        yield from qualified_name(f"{path}.readinessGates[{i}].conditionType", gate.condition_type)
    if spec.scheduling_gates:
        yield from _scheduling_gates(spec.scheduling_gates, f"{path}.schedulingGates")
    if spec.topology_spread_constraints:
        yield from validate_spread(spec.topology_spread_constraints, f"{path}.topologySpreadConstraints")
    yield from validate_host_process(spec, path)
    yield from validate_host_users(spec, path)


def _scheduling_gates(gates: tuple[PodSchedulingGate, ...], path: str) -> Iterator[FieldError]:
    seen: dict[str, None] = {}
    for i, gate in enumerate(gates):
        yield from qualified_name(f"{path}[{i}]", gate.name)
        if gate.name in seen:
            yield duplicate(f"{path}[{i}]", gate.name)
        seen[gate.name] = None


def _identity(spec: PodSpec, path: str) -> Iterator[FieldError]:
    if spec.service_account_name:
        yield from _name(spec.service_account_name, f"{path}.serviceAccountName")
    if spec.node_name:
        yield from _name(spec.node_name, f"{path}.nodeName")
    deadline = spec.active_deadline_seconds
    if deadline is not None:
        yield from messages(f"{path}.activeDeadlineSeconds", deadline, names.in_range(deadline, 1, MAX_INT32))
    if spec.hostname:
        yield from label(f"{path}.hostname", spec.hostname)
    if spec.subdomain:
        yield from label(f"{path}.subdomain", spec.subdomain)
    yield from validate_tolerations(spec.tolerations, f"{path}.tolerations")
    yield from validate_host_aliases(spec.host_aliases, f"{path}.hostAliases")
    if spec.priority_class_name:
        yield from _name(spec.priority_class_name, f"{path}.priorityClassName")
    if spec.runtime_class_name is not None:
        yield from _name(spec.runtime_class_name, f"{path}.runtimeClassName")
    if spec.preemption_policy is not None:
        policies = ("PreemptLowerPriority", "Never")
        yield from validate_one_of(spec.preemption_policy, f"{path}.preemptionPolicy", policies)


def _name(name: str, path: str) -> Iterator[FieldError]:
    yield from messages(path, name, names.name_is_dns_subdomain(name))
