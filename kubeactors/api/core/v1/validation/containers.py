"""Validation of containers, init containers and ephemeral containers."""

from collections.abc import Iterator

from kubeactors.api.core.v1.container import (
    Container,
    ContainerPort,
    ContainerRestartRule,
    EphemeralContainer,
    ResourceRequirements,
)
from kubeactors.api.core.v1.podspec import PodSpec
from kubeactors.api.core.v1.resources import is_sidecar
from kubeactors.api.core.v1.validation.common import messages, one_of
from kubeactors.api.core.v1.validation.context import PodContext
from kubeactors.api.core.v1.validation.env import validate_env, validate_env_from
from kubeactors.api.core.v1.validation.mounts import validate_devices, validate_mounts
from kubeactors.api.core.v1.validation.probes import (
    validate_lifecycle,
    validate_liveness_probe,
    validate_readiness_probe,
)
from kubeactors.api.core.v1.validation.resources import validate_container_resources, validate_resize_policy
from kubeactors.api.core.v1.validation.security import validate_security_context
from kubeactors.api.validation import validate_one_of
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import (
    FieldError,
    duplicate,
    forbidden,
    invalid,
    not_found,
    not_supported,
    required,
    too_many,
)

PULL_POLICIES = ("Always", "IfNotPresent", "Never")
_TERMINATION_POLICIES = ("File", "FallbackToLogsOnError")
_PROTOCOLS = ("SCTP", "TCP", "UDP")
_RESTART_POLICIES = ("Always", "Never", "OnFailure")
_MAX_RESTART_RULES = 20
_MAX_EXIT_CODES = 255

_EPHEMERAL_HAVE_NOT = (
    ("ports", "ports"),
    ("resources", "resources"),
    ("resizePolicy", "resize_policy"),
    ("restartPolicy", "restart_policy"),
    ("restartPolicyRules", "restart_policy_rules"),
    ("livenessProbe", "liveness_probe"),
    ("readinessProbe", "readiness_probe"),
    ("startupProbe", "startup_probe"),
    ("lifecycle", "lifecycle"),
)
_NO_RESOURCES = ResourceRequirements()


def validate_containers(containers: tuple[Container, ...], context: PodContext, path: str) -> Iterator[FieldError]:
    """There is at least one, names are unique, and host ports do not conflict."""
    if not containers:
        yield required(path)
        return
    seen: dict[str, None] = {}
    for i, container in enumerate(containers):
        at = f"{path}[{i}]"
        yield from _common(container, context, at)
        if container.name in seen:
            yield duplicate(f"{at}.name", container.name)
        seen[container.name] = None
        yield from _hooks_and_probes(container, context, at)
        if container.restart_policy is not None or container.restart_policy_rules:
            yield from _restart_policy(container, at)
    yield from _host_ports(containers, path)


def validate_init_containers(spec: PodSpec, context: PodContext, path: str) -> Iterator[FieldError]:
    """Names are unique among all containers; only restartable ones have hooks and probes."""
    seen = dict.fromkeys(one.name for one in spec.containers)
    for i, container in enumerate(spec.init_containers):
        at = f"{path}[{i}]"
        yield from _common(container, context, at)
        if container.restart_policy is not None or container.restart_policy_rules:
            yield from _restart_policy(container, at)
        if container.name in seen:
            yield duplicate(f"{at}.name", container.name)
        elif container.name:
            seen[container.name] = None
        yield from _host_ports((container,), path)
        if is_sidecar(container):
            yield from _hooks_and_probes(container, context, at)
        else:
            yield from _only_sidecars_have(container, at)


def validate_ephemeral_containers(spec: PodSpec, context: PodContext, path: str) -> Iterator[FieldError]:
    """They have no ports, resources, probes or hooks."""
    others = dict.fromkeys(one.name for one in (*spec.containers, *spec.init_containers))
    seen = dict(others)
    for i, container in enumerate(spec.ephemeral_containers):
        at = f"{path}[{i}]"
        yield from _common(container, context, at)
        yield from validate_image(container, at)
        if container.name in seen:
            yield duplicate(f"{at}.name", container.name)
        seen[container.name] = None
        if container.target_container_name and container.target_container_name not in others:
            yield not_found(f"{at}.targetContainerName", container.target_container_name)
        yield from _only_looks(container, at)


def validate_image(container: Container, path: str) -> Iterator[FieldError]:
    """No white space around the image name. Templates accept it."""
    if container.image.strip() != container.image:
        yield invalid(f"{path}.image", container.image, "must not have leading or trailing whitespace")


def validate_pull_policy(policy: str, path: str) -> Iterator[FieldError]:
    """The policy is valid."""
    if policy not in PULL_POLICIES:
        yield from validate_one_of(policy, path, PULL_POLICIES)


def _common(container: Container, context: PodContext, path: str) -> Iterator[FieldError]:
    if not container.name:
        yield required(f"{path}.name")
    elif wrong := names.dns1123_label(container.name):
        yield from messages(f"{path}.name", container.name, wrong)
    if not container.image:
        yield required(f"{path}.image")
    yield from _environment(container, context, path)
    yield from validate_pull_policy(container.image_pull_policy, f"{path}.imagePullPolicy")
    yield from validate_container_resources(container.resources, context.claim_names, f"{path}.resources")
    if container.resize_policy:
        yield from validate_resize_policy(container.resize_policy, context.restart_policy, f"{path}.resizePolicy")
    if container.security_context is not None:
        at = f"{path}.securityContext"
        yield from validate_security_context(container.security_context, at, host_users=context.host_users)


def _environment(container: Container, context: PodContext, path: str) -> Iterator[FieldError]:
    if container.termination_message_policy not in _TERMINATION_POLICIES:
        policy = container.termination_message_policy
        yield from validate_one_of(policy, f"{path}.terminationMessagePolicy", _TERMINATION_POLICIES)
    if container.ports:
        yield from _ports(container.ports, f"{path}.ports")
    if container.env:
        yield from validate_env(container.env, context, f"{path}.env")
    if container.env_from:
        yield from validate_env_from(container.env_from, f"{path}.envFrom")
    if container.volume_mounts:
        yield from validate_mounts(container, context, f"{path}.volumeMounts")
    if container.volume_devices:
        yield from validate_devices(container, context, f"{path}.volumeDevices")


def _hooks_and_probes(container: Container, context: PodContext, path: str) -> Iterator[FieldError]:
    if container.lifecycle is not None:
        yield from validate_lifecycle(container.lifecycle, context.grace_period_seconds, f"{path}.lifecycle")
    if container.liveness_probe is not None:
        yield from validate_liveness_probe(container.liveness_probe, f"{path}.livenessProbe")
    if container.readiness_probe is not None:
        yield from validate_readiness_probe(container.readiness_probe, f"{path}.readinessProbe")
    if container.startup_probe is not None:
        yield from validate_liveness_probe(container.startup_probe, f"{path}.startupProbe")


def _only_sidecars_have(container: Container, path: str) -> Iterator[FieldError]:
    for name, value in (
        ("lifecycle", container.lifecycle),
        ("livenessProbe", container.liveness_probe),
        ("readinessProbe", container.readiness_probe),
        ("startupProbe", container.startup_probe),
    ):
        if value is not None:
            yield forbidden(f"{path}.{name}", "may not be set for init containers without restartPolicy=Always")


def _only_looks(container: EphemeralContainer, path: str) -> Iterator[FieldError]:
    why = "cannot be set for an Ephemeral Container"
    for name, attribute in _EPHEMERAL_HAVE_NOT:
        if getattr(container, attribute) not in (None, (), _NO_RESOURCES):
            yield forbidden(f"{path}.{name}", why)
    for i, mount in enumerate(container.volume_mounts):
        if mount.sub_path:
            yield forbidden(f"{path}.volumeMounts[{i}].subPath", why)
        if mount.sub_path_expr:
            yield forbidden(f"{path}.volumeMounts[{i}].subPathExpr", why)


def _ports(ports: tuple[ContainerPort, ...], path: str) -> Iterator[FieldError]:
    seen: dict[str, None] = {}
    for i, port in enumerate(ports):
        at = f"{path}[{i}]"
        if port.name:
            if wrong := names.port_name(port.name):
                yield from messages(f"{at}.name", port.name, wrong)
            elif port.name in seen:
                yield duplicate(f"{at}.name", port.name)
            seen[port.name] = None
        if not port.container_port:
            yield required(f"{at}.containerPort")
        else:
            yield from messages(f"{at}.containerPort", port.container_port, names.port_number(port.container_port))
        if port.host_port:
            yield from messages(f"{at}.hostPort", port.host_port, names.port_number(port.host_port))
        if port.protocol not in _PROTOCOLS:
            yield from validate_one_of(port.protocol, f"{at}.protocol", _PROTOCOLS)


def _host_ports(containers: tuple[Container, ...], path: str) -> Iterator[FieldError]:
    seen: dict[str, None] = {}
    for i, container in enumerate(containers):
        for j, port in enumerate(container.ports):
            if not port.host_port:
                continue
            text = f"{port.protocol}/{port.host_ip}/{port.host_port}"
            if text in seen:
                yield duplicate(f"{path}[{i}].ports[{j}].hostPort", text)
            seen[text] = None


def _restart_policy(container: Container, path: str) -> Iterator[FieldError]:
    policy, rules = container.restart_policy, container.restart_policy_rules
    if policy is None:
        yield required(f"{path}.restartPolicy", "must specify restartPolicy when restart rules are used")
    else:
        yield from one_of(f"{path}.restartPolicy", policy, _RESTART_POLICIES)
    if len(rules) > _MAX_RESTART_RULES:
        yield too_many(f"{path}.restartPolicyRules", len(rules), _MAX_RESTART_RULES)
    for i, rule in enumerate(rules):
        yield from _restart_rule(rule, f"{path}.restartPolicyRules[{i}]")


def _restart_rule(rule: ContainerRestartRule, path: str) -> Iterator[FieldError]:
    if rule.action not in {"Restart", "RestartAllContainers"}:
        yield not_supported(f"{path}.action", rule.action, ("Restart", "RestartAllContainers"))
    codes = rule.exit_codes
    if codes is None:
        yield required(f"{path}.exitCodes", "must be specified")
        return
    yield from one_of(f"{path}.exitCodes.operator", codes.operator, ("In", "NotIn"))
    if not codes.values:
        yield required(f"{path}.exitCodes.values")
    elif len(codes.values) > _MAX_EXIT_CODES:
        yield too_many(f"{path}.exitCodes.values", len(codes.values), _MAX_EXIT_CODES)
