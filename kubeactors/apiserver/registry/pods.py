"""Pods: graceful deletion, phases, and a mostly immutable spec.

Source: pkg/registry/core/pod/strategy.go (v1.36).
"""

from collections.abc import Iterator
from functools import cache

from msgspec.structs import replace

from kubeactors.api.core.v1 import Container, Pod, PodCondition, PodSpec, PodStatus
from kubeactors.api.core.v1.app_armor import with_app_armor
from kubeactors.api.core.v1.disabled import without_disabled_fields
from kubeactors.api.core.v1.label_keys import with_label_keys
from kubeactors.api.core.v1.resources import qos_class
from kubeactors.api.core.v1.validation import validate_ephemeral_containers_update, validate_pod_resize
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError
from kubeactors.apimachinery.meta import DeleteOptions
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apiserver.objects import with_metadata
from kubeactors.apiserver.registry.metadata import Environment
from kubeactors.apiserver.registry.strategy import STATUS, Strategy, same_part, with_generation
from kubeactors.apiserver.registry.templates import Templates

BINDING, EPHEMERAL_CONTAINERS, RESIZE = "binding", "ephemeralcontainers", "resize"
PENDING, SUCCEEDED, FAILED = "Pending", "Succeeded", "Failed"


class PodStrategy(Strategy[Pod]):
    """The strategy of pods."""

    returns_deleted = True
    repeats_metadata = True

    def __init__(self, kind: Kind[Pod], environment: Environment, templates: Templates) -> None:
        super().__init__(kind, environment)
        self._templates = templates

    def default(self, new: Pod) -> Pod:
        """Apply defaults. A spec equal to the last one of its controller is replaced by that object, and so shared."""
        made = self._templates.of(new)
        if made is not None and made.valid and made.admitted is not None and made.given == new.spec:
            return replace(new, spec=made.defaulted)  # admission finds its result by this object
        defaulted = self.kind.default(new)
        self._templates.start(new, defaulted.spec)
        return defaulted

    def _gated(self) -> PodCondition:
        return PodCondition(
            type="PodScheduled",
            status="False",
            reason="SchedulingGated",
            message="Scheduling is blocked due to non-empty scheduling gates",
            last_transition_time=self.environment.timestamp(),
        )

    def default_change(self, new: Pod, old: Pod, subresource: str) -> Pod:
        """Apply defaults to the spec, unless it is the stored object or the update does not concern it."""
        known = subresource in (STATUS, BINDING) or new.spec is old.spec
        return new if known else self.kind.default(new)

    def prepare_for_create(self, new: Pod) -> Pod:
        """Pending, with the QoS class that its spec implies, and AppArmor profiles from annotations."""
        made = self._templates.of(new)
        if made is not None and made.admitted is new.spec:
            if not made.plain:
                new = _prepared(new)
                made.plain = new.spec is made.admitted
            made.qos_class = made.qos_class or qos_class(new)
            quality = made.qos_class
        else:
            new = _prepared(new)
            quality = qos_class(new)
        if new.metadata.annotations:
            spec, _ = with_app_armor(new.spec, new.metadata.annotations)
            new = new if spec is new.spec else replace(new, spec=spec)
        conditions = (self._gated(),) if new.spec.scheduling_gates else ()
        status = PodStatus(phase=PENDING, qos_class=quality, conditions=conditions) if conditions else _pending(quality)
        return replace(new, status=status, metadata=replace(new.metadata, generation=1))

    def prepare(self, new: Pod, old: Pod, subresource: str) -> Pod:
        """A binding comes prepared; other parts of the spec have subresources."""
        if subresource == BINDING:
            return new
        if subresource == EPHEMERAL_CONTAINERS:
            spec = replace(old.spec, ephemeral_containers=new.spec.ephemeral_containers)
            return _next(replace(old, spec=spec), old)
        if subresource == RESIZE:
            return _next(replace(old, spec=resized(old.spec, new.spec)), old)
        return super().prepare(new, old, subresource)

    def check(self, new: Pod, old: Pod, subresource: str) -> Iterator[FieldError]:
        """A binding is validated already; other subresources have their own rules."""
        if subresource == BINDING:
            return iter(())
        if subresource == EPHEMERAL_CONTAINERS:
            return validate_ephemeral_containers_update(new, old)
        if subresource == RESIZE:
            return validate_pod_resize(new, old)
        return super().check(new, old, subresource)

    def prepare_for_update(self, new: Pod, old: Pod) -> Pod:
        """Keep the status; count changes of the spec."""
        return _next(replace(new, spec=without_disabled_fields(new.spec, old.spec), status=old.status), old)

    def prepare_for_status_update(self, new: Pod, old: Pod) -> Pod:
        """Keep the spec, the owner references, the QoS class, and observed generations that are not set."""
        if not new.status.qos_class:
            new = replace(new, status=replace(new.status, qos_class=old.status.qos_class))
        new = replace(new, status=with_observed_generations(new.status, old.status))
        if new.metadata.owner_references is not old.metadata.owner_references:
            new = with_metadata(new, replace(new.metadata, owner_references=old.metadata.owner_references))
        return new if new.spec is old.spec else replace(new, spec=old.spec)

    def preparation_warnings(self, new: Pod) -> tuple[str, ...]:
        """Warn about annotations for AppArmor."""
        annotations = new.metadata.annotations
        return with_app_armor(new.spec, annotations)[1] if annotations else ()

    def warnings(self, new: Pod, old: Pod | None) -> tuple[str, ...]:
        """Warn about new pods, unless the same spec gave no warnings before."""
        if old is not None:
            return ()
        made, metadata = self._templates.of(new), new.metadata
        if made is None or (made.defaulted is not new.spec and made.admitted is not new.spec):
            return super().warnings(new, old)
        if made.quiet and not metadata.annotations and not names.dns1123_label(metadata.name):
            return ()
        found = super().warnings(new, old)
        made.quiet = not found
        return found

    def validate(self, new: Pod) -> Iterator[FieldError]:
        """Validate, unless the same spec was valid before."""
        made = self._templates.of(new)
        if made is None or made.admitted is not new.spec:
            yield from self.kind.validate(new)
            return
        if made.valid and not new.metadata.annotations:
            return
        errors = tuple(self.kind.validate(new))
        made.valid = not errors
        yield from errors

    def grace_period(self, value: Pod, options: DeleteOptions) -> int | None:
        """The client's, else the pod's; 0 for a pod that is not bound or has ended."""
        if not value.spec.node_name or value.status.phase in (SUCCEEDED, FAILED):
            return 0
        wanted = options.grace_period_seconds
        if wanted is None:
            wanted = value.spec.termination_grace_period_seconds or 0
        return 1 if wanted < 0 else wanted


def _prepared(pod: Pod) -> Pod:
    """A new pod without fields of disabled features, whose selectors have its label keys; the same if nothing changes."""
    spec = with_label_keys(without_disabled_fields(pod.spec, None), pod.metadata.labels)
    return pod if spec is pod.spec else replace(pod, spec=spec)


def with_observed_generations(new: PodStatus, old: PodStatus) -> PodStatus:
    """The new status with the old observed generation of the pod, and of the condition of each type, where it has none."""
    generation = new.observed_generation or old.observed_generation
    conditions = new.conditions
    if not all(one.observed_generation for one in conditions):
        before: dict[str, list[int]] = {}
        for one in old.conditions:
            before.setdefault(one.type, []).append(one.observed_generation)
        conditions = tuple(_observed(one, before.get(one.type, [])) for one in conditions)
    if generation == new.observed_generation and conditions == new.conditions:
        return new
    return replace(new, observed_generation=generation, conditions=conditions)


def _observed(condition: PodCondition, generations: list[int]) -> PodCondition:
    """A type may occur more than once: the first condition takes the first generation."""
    generation = generations.pop(0) if generations else 0
    return condition if condition.observed_generation else replace(condition, observed_generation=generation)


@cache
def _pending(quality: str) -> PodStatus:
    """The status of a new pod, shared by all of one QoS class."""
    return PodStatus(phase=PENDING, qos_class=quality)


def resized(old: PodSpec, new: PodSpec) -> PodSpec:
    """The old spec with the resources of the new one.

    Containers that were added, removed, renamed or reordered stay, for validation to reject them.
    """
    inits = _all_sized(old.init_containers, new.init_containers)
    containers = _all_sized(old.containers, new.containers)
    return replace(old, init_containers=inits, containers=containers, resources=new.resources)


def _all_sized(old: tuple[Container, ...], new: tuple[Container, ...]) -> tuple[Container, ...]:
    if [one.name for one in old] != [one.name for one in new]:
        return new
    return tuple(_sized(one, wanted) for one, wanted in zip(old, new, strict=True))


def _sized(old: Container, new: Container) -> Container:
    return replace(old, resources=new.resources, resize_policy=new.resize_policy)


def _next(new: Pod, old: Pod) -> Pod:
    """Count a change of the spec; an equal spec is replaced by the old object."""
    if same_part(new, old, "spec"):
        return replace(new, spec=old.spec)
    return with_generation(new, old.metadata.generation + 1)
