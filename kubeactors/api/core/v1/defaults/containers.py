"""Defaults of containers, their probes, ports and variables."""

import re
from functools import lru_cache
from typing import TypeVar

from kubeactors.api.core.v1.container import Container, ContainerPort, ResourceRequirements
from kubeactors.api.core.v1.defaults.common import each, filled, optional
from kubeactors.api.core.v1.env import EnvVar, FileKeySelector, ObjectFieldSelector
from kubeactors.api.core.v1.probe import GRPCAction, HTTPGetAction, Lifecycle, LifecycleHandler, Probe
from kubeactors.apimachinery import quantity
from kubeactors.apimachinery.meta import Quantity

C = TypeVar("C", bound=Container)

_NANOS_OF_MILLI = 10**6

_HOST = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*"
_DOMAIN = rf"(?:{_HOST}|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_ALGORITHM = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*"
_image = re.compile(
    rf"(?:{_DOMAIN}/)?{_PART}(?:/{_PART})*(?::(?P<tag>\w[\w.-]{{0,127}}))?(?P<digest>@{_ALGORITHM}:[0-9a-fA-F]{{32,}})?",
    re.ASCII,
)


@lru_cache(maxsize=4096)
def pull_policy(image: str) -> str:
    """Always for the tag `latest`, which an image without tag and digest has; else IfNotPresent.

    Source: pkg/util/parsers/parsers.go (v1.36): what is no image reference has no tag.

    >>> pull_policy("nginx"), pull_policy("registry:5000/nginx:1.27"), pull_policy("Not an image")
    ('Always', 'IfNotPresent', 'IfNotPresent')
    """
    found = _image.fullmatch(image)
    if not found:
        return "IfNotPresent"
    tag = found["tag"] or ("" if found["digest"] else "latest")
    return "Always" if tag == "latest" else "IfNotPresent"


def default_container(container: C) -> C:
    """Pull policy, termination message, and the defaults of ports, variables, probes and hooks."""
    return filled(
        container,
        image_pull_policy=container.image_pull_policy or pull_policy(container.image),
        termination_message_path=container.termination_message_path or "/dev/termination-log",
        termination_message_policy=container.termination_message_policy or "File",
        ports=each(container.ports, _default_port),
        env=each(container.env, _default_env),
        resources=_default_resources(container.resources),
        liveness_probe=optional(container.liveness_probe, default_probe),
        readiness_probe=optional(container.readiness_probe, default_probe),
        startup_probe=optional(container.startup_probe, default_probe),
        lifecycle=optional(container.lifecycle, _default_lifecycle),
    )


def default_probe(probe: Probe) -> Probe:
    """Period ten seconds, timeout one second, success threshold 1, failure threshold 3."""
    return filled(
        probe,
        http_get=optional(probe.http_get, _default_http_get),
        grpc=optional(probe.grpc, _default_grpc),
        timeout_seconds=probe.timeout_seconds or 1,
        period_seconds=probe.period_seconds or 10,
        success_threshold=probe.success_threshold or 1,
        failure_threshold=probe.failure_threshold or 3,
    )


def rounded(resources: dict[str, Quantity]) -> dict[str, Quantity]:
    """Amounts rounded up to a precision of a thousandth.

    >>> rounded({"cpu": "1500u"})
    {'cpu': '2m'}
    """
    if all(quantity.parse(one).nanos % _NANOS_OF_MILLI == 0 for one in resources.values()):
        return resources
    return {name: _rounded_up(amount) for name, amount in resources.items()}


def _rounded_up(amount: Quantity) -> Quantity:
    parsed = quantity.parse(amount)
    if parsed.nanos % _NANOS_OF_MILLI == 0:
        return amount
    return quantity.of_milli(quantity.milli_value(amount), parsed.format)


def _default_resources(resources: ResourceRequirements) -> ResourceRequirements:
    if not resources.limits and not resources.requests:
        return resources
    return filled(resources, limits=rounded(resources.limits), requests=rounded(resources.requests))


def _default_port(port: ContainerPort) -> ContainerPort:
    return filled(port, protocol=port.protocol or "TCP")


def _default_env(variable: EnvVar) -> EnvVar:
    source = variable.value_from
    if source is None:
        return variable
    return filled(
        variable,
        value_from=filled(
            source,
            field_ref=optional(source.field_ref, default_field_ref),
            file_key_ref=optional(source.file_key_ref, _default_file_key_ref),
        ),
    )


def default_field_ref(selector: ObjectFieldSelector) -> ObjectFieldSelector:
    """Field paths are those of version v1."""
    return filled(selector, api_version=selector.api_version or "v1")


def _default_file_key_ref(selector: FileKeySelector) -> FileKeySelector:
    return filled(selector, optional=bool(selector.optional))


def _default_lifecycle(lifecycle: Lifecycle) -> Lifecycle:
    return filled(
        lifecycle,
        post_start=optional(lifecycle.post_start, _default_hook),
        pre_stop=optional(lifecycle.pre_stop, _default_hook),
    )


def _default_hook(hook: LifecycleHandler) -> LifecycleHandler:
    return filled(hook, http_get=optional(hook.http_get, _default_http_get))


def _default_http_get(action: HTTPGetAction) -> HTTPGetAction:
    return filled(action, path=action.path or "/", scheme=action.scheme or "HTTP")


def _default_grpc(action: GRPCAction) -> GRPCAction:
    return action if action.service is not None else filled(action, service="")
