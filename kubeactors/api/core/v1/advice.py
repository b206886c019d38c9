"""Warnings about pods and pod templates.

Source: pkg/api/pod/warnings.go, pkg/api/node/util.go, pkg/registry/core/pod/strategy.go (v1.36).
"""

import json
from collections.abc import Iterator

from kubeactors.api.core.v1.affinity import Affinity, NodeSelectorTerm, PodAffinity, PodAntiAffinity
from kubeactors.api.core.v1.container import Container, ContainerPort
from kubeactors.api.core.v1.env import EnvVar
from kubeactors.api.core.v1.node_labels import OLD_LABELS, warn_of_term
from kubeactors.api.core.v1.pod import Pod, PodTemplate, PodTemplateSpec
from kubeactors.api.core.v1.podspec import PodSpec
from kubeactors.api.core.v1.resources import EPHEMERAL_STORAGE, MEMORY, Resources
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
        yield from _of_annotations(new.metadata.annotations, "metadata.annotations")
        yield from _of_spec(new.spec, "spec")


def warn_of_pod_template(template: PodTemplateSpec, path: str) -> Iterator[str]:
    """Warnings about the template of a workload."""
    yield from _of_annotations(template.metadata.annotations, f"{path}.metadata.annotations")
    yield from _of_spec(template.spec, f"{path}.spec")


def warn_of_template(new: PodTemplate, old: PodTemplate | None) -> Iterator[str]:
    """Warnings about a PodTemplate, when it is created or changed."""
    if old is None or new.template != old.template:
        yield from warn_of_pod_template(new.template, "template")


def _of_annotations(annotations: dict[str, str], path: str) -> Iterator[str]:
    for key, field in _OLD_ANNOTATIONS.items():
        if key in annotations:
            since = _SINCE.get(key, "v1.11")
            yield f'{path}[{key}]: non-functional in {since}+; use the "{field}" field instead'


def _of_spec(spec: PodSpec, path: str) -> Iterator[str]:
    yield from _of_placement(spec, path)
    for i, volume in enumerate(spec.volumes):
        yield from _of_volume(volume, f"{path}.volumes[{i}]")
    yield from _of_tokens(spec.volumes, path)
    yield from _of_references(spec, path)
    yield from _fractions(spec.overhead, f"{path}.overhead")
    seen: dict[str, list[tuple[ContainerPort, str]]] = {}
    for container, at in containers_with_path(spec, path):
        yield from _of_container(container, at)
        for i, port in enumerate(container.ports):
            yield from _of_port(port, seen, f"{at}.ports[{i}]")


def _of_placement(spec: PodSpec, path: str) -> Iterator[str]:
    for key in spec.node_selector:
        if key in OLD_LABELS:
            yield f"{path}.nodeSelector[{key}]: {OLD_LABELS[key]}"
    for i, constraint in enumerate(spec.topology_spread_constraints):
        at = f"{path}.topologySpreadConstraints[{i}]"
        if constraint.topology_key in OLD_LABELS:
            yield f"{at}.topologyKey: {constraint.topology_key} is {OLD_LABELS[constraint.topology_key]}"
        if constraint.label_selector is None:
            yield f"{at}.labelSelector: {_MATCHES_NOTHING}"
    if spec.affinity is not None:
        yield from _of_affinity(spec.affinity, f"{path}.affinity")


def _of_affinity(affinity: Affinity, path: str) -> Iterator[str]:
    of_node = affinity.node_affinity
    if of_node is not None:
        needed = of_node.required_during_scheduling_ignored_during_execution
        for i, term in enumerate(needed.node_selector_terms if needed else ()):
            yield from warn_of_term(term, f"{path}.nodeAffinity.{_REQUIRED}.nodeSelectorTerms[{i}]")
        for i, preferred in enumerate(of_node.preferred_during_scheduling_ignored_during_execution):
            at = f"{path}.nodeAffinity.{_PREFERRED}[{i}].preference"
            yield from warn_of_term(preferred.preference, at)
            yield from _of_values(preferred.preference, at)
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
    if volume.projected is not None:
        return
    for attribute, name, message in _OLD_VOLUMES:
        if getattr(volume, attribute) is not None:
            yield f"{path}.{name}: {message}"
    template = volume.ephemeral.volume_claim_template if volume.ephemeral else None
    storage = template.spec.resources.requests.get("storage") if template else None
    if storage is not None and quantity.milli_value(storage) % 1000:
        at = f"{path}.ephemeral.volumeClaimTemplate.spec.resources.requests[storage]"
        yield f'{at}: fractional byte value "{storage}" is invalid, must be an integer'


def _of_tokens(volumes: tuple[Volume, ...], path: str) -> Iterator[str]:
    """Projections that overwrite the file of a token."""
    projections = [
        (i, source) for i, one in enumerate(volumes) if one.projected for source in one.projected.sources or ()
    ]
    tokens = [source.service_account_token.path for _, source in projections if source.service_account_token]
    if not tokens:
        return
    for i, source in projections:
        at = f"{path}.volumes[{i}].projected.sources"
        files = {
            "configMap": [file.path for file in source.config_map.items] if source.config_map else (),
            "secrets": [file.path for file in source.secret.items] if source.secret else (),
            "downwardAPI": [file.path for file in source.downward_api.items] if source.downward_api else (),
        }
        for name, paths in files.items():
            for j, file in enumerate(paths):
                if file in tokens:
                    yield f'{at}.{name}[{j}]: has duplicated path with ServiceAccountToken "{file}"'
        bundle = source.cluster_trust_bundle
        if bundle is not None and bundle.path in tokens:
            yield f'{at}.ClusterTrustBundle: has duplicated path with ServiceAccountToken "{bundle.path}"'


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
