"""Warnings about pods and pod templates.

Source: pkg/api/pod/warnings.go, pkg/api/node/util.go, pkg/registry/core/pod/strategy.go (v1.36).
"""

import json
from collections.abc import Iterator

from kubeactors.api.core.v1.affinity import Affinity, NodeAffinity, NodeSelectorTerm, PodAffinity, PodAntiAffinity
from kubeactors.api.core.v1.container import Container, ContainerPort
from kubeactors.api.core.v1.env import EnvVar
from kubeactors.api.core.v1.node_labels import OLD_LABELS, warn_of_term
from kubeactors.api.core.v1.path_advice import warn_of_paths
from kubeactors.api.core.v1.pod import Pod, PodTemplate, PodTemplateSpec
from kubeactors.api.core.v1.podspec import PodSpec
from kubeactors.api.core.v1.resources import EPHEMERAL_STORAGE, MEMORY, Resources
from kubeactors.api.core.v1.validation.annotations import APP_ARMOR, SECCOMP_CONTAINER, SECCOMP_POD
from kubeactors.api.core.v1.validation.windows import containers_with_path
from kubeactors.api.core.v1.volume import Volume
from kubeactors.apimachinery import names, quantity

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_MATCHES_NOTHING = "a null labelSelector results in matching no pod"

_OLD_ANNOTATIONS = {
    "scheduler.alpha.kubernetes.io/critical-pod": "priorityClassName",
    "security.alpha.kubernetes.io/sysctls": "sysctls",
    "security.alpha.kubernetes.io/unsafe-sysctls": "sysctls",
}
_SINCE = {"scheduler.alpha.kubernetes.io/critical-pod": "v1.16"}
_OLD_SECCOMP = 'non-functional in v1.27+; use the "seccompProfile" field instead'
_OLD_VOLUMES = (
    ("photon_persistent_disk", "photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
    ("git_repo", "gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"),
    ("scale_io", "scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    ("flocker", "flocker", "deprecated in v1.22, non-functional in v1.25+"),
    ("storageos", "storageOS", "deprecated in v1.22, non-functional in v1.25+"),
    ("quobyte", "quobyte", "deprecated in v1.22, non-functional in v1.25+"),
    ("glusterfs", "glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    ("cephfs", "cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    ("rbd", "rbd", "deprecated in v1.28, non-functional in v1.31+"),
)


def warn_of_pod(new: Pod, old: Pod | None) -> Iterator[str]:
    """Warnings about a pod; about its name only when it is created.

    >>> from kubeactors.apimachinery.meta import ObjectMeta
    >>> list(warn_of_pod(Pod(metadata=ObjectMeta(name="a.b")), None))[0][-23:]
    '[must not contain dots]'
    """
    if old is None and (wrong := names.dns1123_label(new.metadata.name)):
        why = "this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended"
        yield f"metadata.name: {why}: [{' '.join(wrong)}]"
    if old is None or new.spec is not old.spec:
        yield from _of_parts(new.spec, new.metadata.annotations, "")


def warn_of_pod_template(template: PodTemplateSpec, path: str) -> Iterator[str]:
    """Warnings about the template of a workload."""
    yield from _of_parts(template.spec, template.metadata.annotations, f"{path}.")


def warn_of_template(new: PodTemplate, old: PodTemplate | None) -> Iterator[str]:
    """Warnings about a PodTemplate, when it is created or changed."""
    if old is None or new.template != old.template:
        yield from warn_of_pod_template(new.template, "template")


def _of_annotations(annotations: dict[str, str], path: str) -> Iterator[str]:
    for key, field in _OLD_ANNOTATIONS.items():
        if key in annotations:
            since = _SINCE.get(key, "v1.11")
            yield f'{path}[{key}]: non-functional in {since}+; use the "{field}" field instead'


def _of_parts(spec: PodSpec, annotations: dict[str, str], prefix: str) -> Iterator[str]:
    """Warnings in the order of Kubernetes; the prefix is that of a template, or empty."""
    path, at_annotations = f"{prefix}spec", f"{prefix}metadata.annotations"
    yield from _of_placement(spec, path)
    yield from _of_annotations(annotations, at_annotations)
    for i, volume in enumerate(spec.volumes):
        yield from _of_volume(volume, f"{path}.volumes[{i}]")
    yield from warn_of_paths(spec.volumes)
    yield from _of_references(spec, path)
    yield from _fractions(spec.overhead, f"{path}.overhead")
    containers = tuple(containers_with_path(spec, path))
    if annotations:
        yield from _of_profiles(spec, annotations, at_annotations)
    for container, at in containers:
        if annotations:
            yield from _of_container_profiles(container, spec, annotations, at_annotations, is_template=bool(prefix))
        yield from _of_container(container, at)
    yield from _of_ports(containers)
    if spec.affinity is not None:
        yield from _of_affinity(spec.affinity, f"{path}.affinity")


def _of_profiles(spec: PodSpec, annotations: dict[str, str], path: str) -> Iterator[str]:
    """The annotation of a pod for a profile that its field does not set."""
    if SECCOMP_POD in annotations and (spec.security_context is None or spec.security_context.seccomp_profile is None):
        yield f"{path}[{SECCOMP_POD}]: {_OLD_SECCOMP}"


def _of_container_profiles(
    container: Container, spec: PodSpec, annotations: dict[str, str], path: str, *, is_template: bool
) -> Iterator[str]:
    """The annotations of a container for profiles that its fields do not set."""
    own, seccomp, armor = (
        container.security_context,
        f"{SECCOMP_CONTAINER}{container.name}",
        f"{APP_ARMOR}{container.name}",
    )
    if seccomp in annotations and (own is None or own.seccomp_profile is None):
        yield f"{path}[{seccomp}]: {_OLD_SECCOMP}"
    has_armor = any(one is not None and one.app_armor_profile is not None for one in (own, spec.security_context))
    if is_template and armor in annotations and not has_armor:
        yield f'{path}[{armor}]: deprecated since v1.30; use the "appArmorProfile" field instead'


def _of_placement(spec: PodSpec, path: str) -> Iterator[str]:
    for key in spec.node_selector:
        if key in OLD_LABELS:
            yield f"{path}.nodeSelector[{key}]: {OLD_LABELS[key]}"
    if spec.affinity is not None and spec.affinity.node_affinity is not None:
        yield from _of_node_affinity(spec.affinity.node_affinity, f"{path}.affinity.nodeAffinity")
    for i, constraint in enumerate(spec.topology_spread_constraints):
        at = f"{path}.topologySpreadConstraints[{i}]"
        if constraint.topology_key in OLD_LABELS:
            yield f"{at}.topologyKey: {constraint.topology_key} is {OLD_LABELS[constraint.topology_key]}"
        if constraint.label_selector is None:
            yield f"{at}.labelSelector: {_MATCHES_NOTHING}"


def _of_node_affinity(affinity: NodeAffinity, path: str) -> Iterator[str]:
    needed = affinity.required_during_scheduling_ignored_during_execution
    for i, term in enumerate(needed.node_selector_terms if needed else ()):
        yield from warn_of_term(term, f"{path}.{_REQUIRED}.nodeSelectorTerms[{i}]")
    for i, preferred in enumerate(affinity.preferred_during_scheduling_ignored_during_execution):
        at = f"{path}.{_PREFERRED}[{i}].preference"
        yield from warn_of_term(preferred.preference, at)
        yield from _of_values(preferred.preference, at)


def _of_affinity(affinity: Affinity, path: str) -> Iterator[str]:
    if affinity.pod_affinity is not None:
        yield from _of_pod_affinity(affinity.pod_affinity, f"{path}.podAffinity")
    if affinity.pod_anti_affinity is not None:
        yield from _of_pod_affinity(affinity.pod_anti_affinity, f"{path}.podAntiAffinity")


def _of_values(term: NodeSelectorTerm, path: str) -> Iterator[str]:
    for i, one in enumerate(term.match_expressions):
        for j, value in enumerate(one.values):
            for message in names.label_value(value):
                yield f"{path}.matchExpressions[{i}].values[{j}]: {value} is invalid, {message}"


def _of_pod_affinity(affinity: PodAffinity | PodAntiAffinity, path: str) -> Iterator[str]:
    for i, term in enumerate(affinity.required_during_scheduling_ignored_during_execution):
        if term.label_selector is None:
            yield f"{path}.{_REQUIRED}[{i}].labelSelector: {_MATCHES_NOTHING}"
    for i, weighted in enumerate(affinity.preferred_during_scheduling_ignored_during_execution):
        if weighted.pod_affinity_term.label_selector is None:
            yield f"{path}.{_PREFERRED}[{i}].podAffinityTerm.labelSelector: {_MATCHES_NOTHING}"


def _of_volume(volume: Volume, path: str) -> Iterator[str]:
    for attribute, name, message in _OLD_VOLUMES:
        if getattr(volume, attribute) is not None:
            yield f"{path}.{name}: {message}"
    template = volume.ephemeral.volume_claim_template if volume.ephemeral else None
    storage = template.spec.resources.requests.get("storage") if template else None
    if storage is not None and quantity.milli_value(storage) % 1000:
        at = f"{path}.ephemeral.volumeClaimTemplate.spec.resources.requests[storage]"
        yield f'{at}: fractional byte value "{storage}" is invalid, must be an integer'


def _of_references(spec: PodSpec, path: str) -> Iterator[str]:
    addresses = [alias.ip for alias in spec.host_aliases]
    for i, address in enumerate(addresses):
        if address in addresses[:i]:
            yield f'{path}.hostAliases[{i}].ip: duplicate ip "{address}"'
    secrets = [one.name for one in spec.image_pull_secrets]
    for i, name in enumerate(secrets):
        if name in secrets[:i]:
            yield f"{path}.imagePullSecrets[{i}].name: duplicate name {json.dumps(name)}"
    for i, name in enumerate(secrets):
        if not name:
            yield f'{path}.imagePullSecrets[{i}].name: invalid empty name ""'


def _fractions(resources: Resources, path: str) -> Iterator[str]:
    for name in (MEMORY, EPHEMERAL_STORAGE):
        amount = resources.get(name)
        if amount is not None and quantity.milli_value(amount) % 1000:
            yield f'{path}[{name}]: fractional byte value "{amount}" is invalid, must be an integer'


def _of_container(container: Container, path: str) -> Iterator[str]:
    resources = container.resources
    if resources.limits or resources.requests:
        yield from _fractions(resources.limits, f"{path}.resources.limits")
        yield from _fractions(resources.requests, f"{path}.resources.requests")
    seen: dict[str, None] = {}
    for i, variable in enumerate(container.env):
        if variable.name in seen and _hides(variable):
            why = f'hides previous definition of "{variable.name}", which may be dropped when using apply'
            yield f"{path}.env[{i}]: {why}"
        seen[variable.name] = None


def _hides(variable: EnvVar) -> bool:
    """Whether the earlier value is lost: a value may refer to it, as in `$(PATH):/more`."""
    itself = f"$({variable.name})"
    return variable.value_from is not None or variable.value == itself or itself not in variable.value


def _of_ports(containers: tuple[tuple[Container, str], ...]) -> Iterator[str]:
    """Ports, then names, that several containers define."""
    seen: dict[str, list[tuple[ContainerPort, str]]] = {}
    ports = [(port, f"{at}.ports[{i}]") for container, at in containers for i, port in enumerate(container.ports)]
    for port, path in ports:
        yield from _of_port(port, seen, path)
    named: dict[str, str] = {}
    for port, path in ports:
        if port.name and port.name in named:
            first = named[port.name]
            why = f"services and probes that select ports by name will use {first}"
            yield f'{path}: duplicate port name "{port.name}" with {first}, {why}'
        elif port.name:
            named[port.name] = path


def _of_port(port: ContainerPort, seen: dict[str, list[tuple[ContainerPort, str]]], path: str) -> Iterator[str]:
    if port.host_ip and not port.host_port:
        shown = (
            f"{{Name:{port.name} HostPort:{port.host_port} ContainerPort:{port.container_port} "
            f"Protocol:{port.protocol} HostIP:{port.host_ip}}}"
        )
        yield f"{path}: hostIP set without hostPort: {shown}"
    others = seen.setdefault(f"{port.container_port}/{port.protocol}", [])
    for other, at in others:
        if (port.host_ip, port.host_port) == (other.host_ip, other.host_port):
            yield f"{path}: duplicate port definition with {at}"
        elif not port.host_port or not other.host_port:
            yield f"{path}: overlapping port definition with {at}"
        elif port.host_port == other.host_port and bool(port.host_ip) != bool(other.host_ip):
            yield f"{path}: dangerously ambiguous port definition with {at}"
    others.append((port, path))
