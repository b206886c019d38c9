"""Defaults of pods and pod templates. Some apply to pods only, lest templates change when Kubernetes is upgraded."""

from kubeactors.api.core.v1.container import Container, ContainerPort, ResourceRequirements
from kubeactors.api.core.v1.defaults.common import each, filled, optional
from kubeactors.api.core.v1.defaults.containers import default_container, rounded
from kubeactors.api.core.v1.defaults.volumes import default_volume
from kubeactors.api.core.v1.pod import Pod, PodTemplate, PodTemplateSpec
from kubeactors.api.core.v1.podspec import PodSpec
from kubeactors.api.core.v1.podstatus import PodIP, PodStatus
from kubeactors.api.core.v1.resources import (
    container_limits,
    container_requests,
    every_container_limits,
    is_huge_page,
    is_pod_level_resource,
    may_overcommit,
)
from kubeactors.api.core.v1.security import PodSecurityContext
from kubeactors.apimachinery.meta import Quantity

GRACE_PERIOD_SECONDS = 30
_NO_SECURITY_CONTEXT = PodSecurityContext()


def default_pod(pod: Pod) -> Pod:
    """The defaults of a pod: those of its spec, and those that only pods have."""
    spec = default_pod_spec(pod.spec)
    grace = spec.termination_grace_period_seconds
    spec = filled(
        spec,
        containers=each(spec.containers, _requests_from_limits),
        init_containers=each(spec.init_containers, _requests_from_limits),
        enable_service_links=True if spec.enable_service_links is None else spec.enable_service_links,
        termination_grace_period_seconds=1 if grace is not None and grace < 0 else grace,
    )
    spec = _default_pod_level_resources(spec)
    if spec.host_network:
        spec = _default_host_ports(spec)
    return filled(pod, spec=spec, status=_default_status(pod.status))


def default_pod_spec(spec: PodSpec) -> PodSpec:
    """The defaults of pods and templates."""
    account = spec.service_account_name or spec.service_account
    return filled(
        spec,
        volumes=each(spec.volumes, default_volume),
        init_containers=each(spec.init_containers, default_container),
        containers=each(spec.containers, default_container),
        ephemeral_containers=each(spec.ephemeral_containers, default_container),
        dns_policy=spec.dns_policy or "ClusterFirst",
        restart_policy=spec.restart_policy or "Always",
        security_context=spec.security_context or _NO_SECURITY_CONTEXT,
        termination_grace_period_seconds=_grace(spec.termination_grace_period_seconds),
        scheduler_name=spec.scheduler_name or "default-scheduler",
        service_account_name=account,
        service_account=account,
        overhead=rounded(spec.overhead),
        resources=optional(spec.resources, _rounded),
    )


def default_pod_template_spec(template: PodTemplateSpec) -> PodTemplateSpec:
    """The defaults of a workload's template."""
    return filled(template, spec=default_pod_spec(template.spec))


def default_pod_template(template: PodTemplate) -> PodTemplate:
    """The defaults of a PodTemplate."""
    return filled(template, template=default_pod_template_spec(template.template))


def _grace(seconds: int | None) -> int:
    return GRACE_PERIOD_SECONDS if seconds is None else seconds


def _rounded(resources: ResourceRequirements) -> ResourceRequirements:
    return filled(resources, limits=rounded(resources.limits), requests=rounded(resources.requests))


def _default_status(status: PodStatus) -> PodStatus:
    """`podIP` and the first of `podIPs` agree; the former wins.

    Source: Convert_v1_PodStatus_To_core_PodStatus in pkg/apis/core/v1/conversion.go (v1.36).
    """
    addresses = status.pod_ips
    if status.pod_ip and (not addresses or addresses[0].ip != status.pod_ip):
        return filled(status, pod_ips=(PodIP(ip=status.pod_ip),))
    if addresses and not status.pod_ip:
        return filled(status, pod_ip=addresses[0].ip)
    return status


def _requests_from_limits(container: Container) -> Container:
    limits, requests = container.resources.limits, container.resources.requests
    if all(name in requests for name in limits):
        return container
    return filled(container, resources=filled(container.resources, requests={**limits, **requests}))


def _default_host_ports(spec: PodSpec) -> PodSpec:
    return filled(
        spec,
        containers=each(spec.containers, _host_ports),
        init_containers=each(spec.init_containers, _host_ports),
    )


def _host_ports(container: Container) -> Container:
    return filled(container, ports=each(container.ports, _host_port))


def _host_port(port: ContainerPort) -> ContainerPort:
    return filled(port, host_port=port.host_port or port.container_port)


def _default_pod_level_resources(spec: PodSpec) -> PodSpec:
    """Completes resources of the pod as a whole from those of its containers, if some are given.

    Source: KEP-2837, and defaultHugePagePodLimits, defaultPodRequests, defaultPodLimits.
    """
    given = spec.resources
    if given is None or not (given.limits or given.requests):
        return spec
    limits = _huge_page_limits(spec, given)
    requests = _pod_requests(spec, limits, given.requests) if limits else given.requests
    if not any(map(is_pod_level_resource, limits)) and any(map(is_pod_level_resource, requests)):
        limits = _pod_limits(spec, limits)
    if limits == given.limits and requests == given.requests:
        return spec
    return filled(spec, resources=filled(given, limits=limits, requests=requests))


def _huge_page_limits(spec: PodSpec, given: ResourceRequirements) -> dict[str, Quantity]:
    found = {
        name: amount
        for name, amount in container_limits(spec).items()
        if is_huge_page(name) and name not in given.requests
    }
    return {**found, **given.limits}


def _pod_requests(spec: PodSpec, limits: dict[str, Quantity], requests: dict[str, Quantity]) -> dict[str, Quantity]:
    of_containers = {
        name: amount
        for name, amount in container_requests(spec).items()
        if is_pod_level_resource(name) and may_overcommit(name)
    }
    of_limits = {name: amount for name, amount in limits.items() if is_pod_level_resource(name)}
    return {**of_limits, **of_containers, **requests}


def _pod_limits(spec: PodSpec, limits: dict[str, Quantity]) -> dict[str, Quantity]:
    found = {
        name: amount
        for name, amount in container_limits(spec).items()
        if is_pod_level_resource(name) and may_overcommit(name) and every_container_limits(spec, name)
    }
    return {**found, **limits}
