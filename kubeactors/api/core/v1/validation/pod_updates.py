"""Validation of pod updates, also through `ephemeralcontainers` and `resize`.

Source: ValidatePodUpdate, ValidatePodEphemeralContainersUpdate, ValidatePodResize (v1.36).
"""

from collections.abc import Iterator

import msgspec

from kubeactors.api.core.v1.affinity import Affinity, NodeAffinity, NodeSelectorTerm
from kubeactors.api.core.v1.container import Container, ResourceRequirements
from kubeactors.api.core.v1.pod import Pod
from kubeactors.api.core.v1.podspec import PodSchedulingGate, PodSpec
from kubeactors.api.core.v1.resources import CPU, MEMORY, Resources, is_sidecar, qos_class
from kubeactors.api.core.v1.validation.annotations import (
    MIRROR,
    validate_annotations_kept,
    validate_pod_annotations,
)
from kubeactors.api.core.v1.validation.pods import validate_pod_object
from kubeactors.api.core.v1.validation.podspec import MAX_INT32
from kubeactors.api.core.v1.validation.taints import validate_added_tolerations
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, forbidden, invalid

_ONLY = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
_NO_RESTART = "non-sidecar init containers with a resize policy of RestartContainer cannot be resized"
_TERMS = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"


def validate_pod_update(new: Pod, old: Pod) -> Iterator[FieldError]:
    """Only images, the deadline, tolerations and gates are mutable; constraints of a gated pod may be tightened."""
    if new.spec is old.spec or new.spec == old.spec:
        yield from _annotations(new, old)
        return
    yield from validate_pod_object(new)
    yield from _annotations(new, old)
    yield from _spec(new.spec, old.spec)


def _annotations(new: Pod, old: Pod) -> Iterator[FieldError]:
    if new.metadata.annotations != old.metadata.annotations:
        path = "metadata.annotations"
        yield from validate_annotations_kept(new.metadata.annotations, old.metadata.annotations, path)
        yield from validate_pod_annotations(new.metadata.annotations, new.spec, path)


def _spec(new: PodSpec, old: PodSpec) -> Iterator[FieldError]:
    for field, before, after in (
        ("containers", old.containers, new.containers),
        ("initContainers", old.init_containers, new.init_containers),
    ):
        if len(before) != len(after):
            yield forbidden(f"spec.{field}", "pod updates may not add or remove containers")
            return
    late = tuple(_deadline(new.active_deadline_seconds, old.active_deadline_seconds))
    yield from late
    if late and new.active_deadline_seconds is not None:
        return
    yield from validate_added_tolerations(new.tolerations, old.tolerations, "spec.tolerations")
    yield from _only_fewer_gates(new.scheduling_gates, old.scheduling_gates)
    munged = _with_what_may_change(new, old)
    if old.scheduling_gates:
        yield from _narrowed(new, old)
        munged = _with_place(munged, old)
    if munged != old:
        yield forbidden("spec", _ONLY)


def _deadline(new: int | None, old: int | None) -> Iterator[FieldError]:
    path = "spec.activeDeadlineSeconds"
    if new is None:
        if old is not None:
            yield invalid(path, new, "must not update from a positive integer to nil value")
    elif wrong := names.in_range(new, 0, MAX_INT32):
        yield invalid(path, new, wrong[0])
    elif old is not None and old < new:
        yield invalid(path, new, "must be less than or equal to previous value")


def _only_fewer_gates(new: tuple[PodSchedulingGate, ...], old: tuple[PodSchedulingGate, ...]) -> Iterator[FieldError]:
    known = [gate.name for gate in old]
    for i, gate in enumerate(new):
        if gate.name not in known:
            why = f"only deletion is allowed, but found new scheduling gate '{gate.name}'"
            yield forbidden(f"spec.schedulingGates[{i}].name", why)


def _with_what_may_change(new: PodSpec, old: PodSpec) -> PodSpec:
    """The new spec with the old values of mutable fields; the rest must be equal."""
    grace = new.termination_grace_period_seconds
    before = old.termination_grace_period_seconds
    return msgspec.structs.replace(
        new,
        containers=_with_images(new.containers, old.containers),
        init_containers=_with_images(new.init_containers, old.init_containers),
        active_deadline_seconds=old.active_deadline_seconds,
        scheduling_gates=old.scheduling_gates,
        tolerations=old.tolerations,
        termination_grace_period_seconds=before if before is not None and before < 0 and grace == 1 else grace,
    )


def _with_images(new: tuple[Container, ...], old: tuple[Container, ...]) -> tuple[Container, ...]:
    return tuple(msgspec.structs.replace(one, image=before.image) for one, before in zip(new, old, strict=True))


def _narrowed(new: PodSpec, old: PodSpec) -> Iterator[FieldError]:
    if any(new.node_selector.get(key) != value for key, value in old.node_selector.items()):
        why = "only additions to spec.nodeSelector are allowed (no mutations or deletions)"
        yield invalid("spec.nodeSelector", new.node_selector, why)
    before, after = _needed_terms(old.affinity), _needed_terms(new.affinity)
    if not before:
        return
    if len(before) != len(after):
        yield invalid(_TERMS, after, "no additions/deletions to non-empty NodeSelectorTerms list are allowed")
        return
    for i, (term, old_term) in enumerate(zip(after, before, strict=True)):
        if not _only_adds(term, old_term):
            yield invalid(f"{_TERMS}[{i}]", term, "only additions are allowed (no mutations or deletions)")


def _needed_terms(affinity: Affinity | None) -> tuple[NodeSelectorTerm, ...]:
    of_node = affinity.node_affinity if affinity else None
    selector = of_node.required_during_scheduling_ignored_during_execution if of_node else None
    return selector.node_selector_terms if selector else ()


def _only_adds(new: NodeSelectorTerm, old: NodeSelectorTerm) -> bool:
    if not old.match_expressions and not old.match_fields:
        return not new.match_expressions and not new.match_fields
    return (
        new.match_expressions[: len(old.match_expressions)] == old.match_expressions
        and new.match_fields[: len(old.match_fields)] == old.match_fields
    )


def _with_place(new: PodSpec, old: PodSpec) -> PodSpec:
    before: NodeAffinity | None = old.affinity.node_affinity if old.affinity else None
    affinity = msgspec.structs.replace(new.affinity or Affinity(), node_affinity=before)
    unchanged = old.affinity if affinity == (old.affinity or Affinity()) else affinity
    return msgspec.structs.replace(new, node_selector=old.node_selector, affinity=unchanged)


def validate_ephemeral_containers_update(new: Pod, old: Pod) -> Iterator[FieldError]:
    """Ephemeral containers can be added, but not changed or removed. The rest must be equal."""
    if MIRROR in old.metadata.annotations:
        yield forbidden("", "static pods do not support ephemeral containers")
        return
    yield from validate_pod_object(new)
    yield from _annotations(new, old)
    after = {container.name: container for container in new.spec.ephemeral_containers}
    for container in old.spec.ephemeral_containers:
        if container.name not in after:
            why = f'existing ephemeral containers "{container.name}" may not be removed\n'
            yield forbidden("spec.ephemeralContainers", why)
        elif after[container.name] != container:
            why = f'existing ephemeral containers "{container.name}" may not be changed\n'
            yield forbidden("spec.ephemeralContainers", why)


def validate_pod_resize(new: Pod, old: Pod) -> Iterator[FieldError]:
    """CPU and memory are mutable, the QoS class is not. The rest must be equal."""
    if MIRROR in old.metadata.annotations:
        yield forbidden("", "static pods cannot be resized")
        return
    if old.spec.os is not None and old.spec.os.name == "windows":
        yield forbidden("", "windows pods cannot be resized")
        return
    errors = (*validate_pod_object(new), *_resize(new, old))
    yield from errors
    if not errors and _without_sizes(new.spec, old.spec) != old.spec:
        yield forbidden("spec", "only cpu and memory resources are mutable")


def _resize(new: Pod, old: Pod) -> Iterator[FieldError]:
    if (old.status.qos_class or qos_class(old)) != qos_class(new):
        yield invalid("spec", new.status.qos_class, "Pod QOS Class may not change as a result of resizing")
    if not _node_can_resize(old):
        yield forbidden("spec", "Pod running on node without support for resize")
    yield from _pod_level(new.spec.resources, old.spec.resources)
    unordered = (
        *_same_containers(new.spec.containers, old.spec.containers, "containers"),
        *_same_containers(new.spec.init_containers, old.spec.init_containers, "initContainers"),
    )
    yield from unordered or _sizes_of_containers(new.spec, old.spec)


def _pod_level(new: ResourceRequirements | None, old: ResourceRequirements | None) -> Iterator[FieldError]:
    if old is None or (not old.limits and not old.requests):
        return
    if new is None:
        yield forbidden("spec.resources", "pod-level resources cannot be removed")
        return
    if any(name not in new.requests for name in old.requests):
        yield forbidden("spec.resources.requests", "pod-level resource requests cannot be removed")
    if any(name not in new.limits for name in old.limits):
        yield forbidden("spec.resources.limits", "pod-level resource limits cannot be removed")
    if _sizes(new, old) != old:
        yield forbidden("spec", "only cpu and memory resources are mutable at pod-level")


def _same_containers(new: tuple[Container, ...], old: tuple[Container, ...], field: str) -> Iterator[FieldError]:
    if len(new) != len(old):
        yield forbidden(f"spec.{field}", f"{field} may not be added or removed on resize")
        return
    for i, (after, before) in enumerate(zip(new, old, strict=True)):
        if after.name != before.name:
            yield forbidden(f"spec.{field}[{i}].name", f"{field} may not be renamed or reordered on resize")


def _sizes_of_containers(new: PodSpec, old: PodSpec) -> Iterator[FieldError]:
    """No amount is removed, and only CPU and memory change."""
    inits = tuple(zip(new.init_containers, old.init_containers, strict=True))
    containers = tuple(zip(new.containers, old.containers, strict=True))
    for i, (after, before) in enumerate(inits):
        yield from _none_removed(after.resources, before.resources, f"spec.initContainers[{i}].resources")
    for i, (after, before) in enumerate(containers):
        yield from _none_removed(after.resources, before.resources, f"spec.containers[{i}].resources")
    for after, before in containers:
        if _with_sizes_of(after, before) != before:
            yield forbidden("spec", "only cpu and memory resources are mutable")
    for i, (after, before) in enumerate(inits):
        path, made = f"spec.initContainers[{i}]", _with_sizes_of(after, before)
        if made != before:
            yield forbidden(path, "only cpu and memory resources for init or sidecar containers are mutable")
        if after != before and not is_sidecar(after) and _restarts(made):
            yield forbidden(path, _NO_RESTART)


def _none_removed(new: ResourceRequirements, old: ResourceRequirements, path: str) -> Iterator[FieldError]:
    if any(name not in new.requests for name in old.requests):
        yield forbidden(f"{path}.requests", "resource requests cannot be removed")
    if any(name not in new.limits for name in old.limits):
        yield forbidden(f"{path}.limits", "resource limits cannot be removed")


def _restarts(container: Container) -> bool:
    return any(policy.restart_policy == "RestartContainer" for policy in container.resize_policy)


def _node_can_resize(pod: Pod) -> bool:
    for status in pod.status.container_statuses:
        if status.state.running is not None:
            return status.resources is not None
    return True


def _without_sizes(new: PodSpec, old: PodSpec) -> PodSpec:
    return msgspec.structs.replace(
        new,
        containers=_all_with_sizes_of(new.containers, old.containers),
        init_containers=_all_with_sizes_of(new.init_containers, old.init_containers),
        resources=_pod_sizes(new.resources, old.resources),
    )


def _pod_sizes(new: ResourceRequirements | None, old: ResourceRequirements | None) -> ResourceRequirements | None:
    """Sizes may be added to a pod that has none."""
    if new is None:
        return None
    made = _sizes(new, old or ResourceRequirements())
    return None if old is None and made == ResourceRequirements() else made


def _all_with_sizes_of(new: tuple[Container, ...], old: tuple[Container, ...]) -> tuple[Container, ...]:
    if len(new) != len(old):
        return new
    return tuple(_with_sizes_of(one, before) for one, before in zip(new, old, strict=True))


def _with_sizes_of(new: Container, old: Container) -> Container:
    return msgspec.structs.replace(new, resources=_sizes(new.resources, old.resources), resize_policy=old.resize_policy)


def _sizes(new: ResourceRequirements, old: ResourceRequirements) -> ResourceRequirements:
    return msgspec.structs.replace(
        new, limits=_sized(new.limits, old.limits), requests=_sized(new.requests, old.requests)
    )


def _sized(new: Resources, old: Resources) -> Resources:
    others = {name: amount for name, amount in new.items() if name not in {CPU, MEMORY}}
    return others | {name: old[name] for name in (CPU, MEMORY) if name in old}
