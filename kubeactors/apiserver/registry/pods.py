"""Pods: graceful deletion, phases, and a mostly immutable spec.

Source: pkg/registry/core/pod/strategy.go (v1.36).
"""

from collections.abc import Iterator
from functools import cache

from msgspec.structs import replace

from kubeactors.api.core.v1 import Container, Pod, PodCondition, PodSpec, PodStatus
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
        """Pending, with the QoS class that its spec implies."""
        made = self._templates.of(new)
        if made is not None and made.admitted is new.spec:
            made.qos_class = made.qos_class or qos_class(new)
            quality = made.qos_class
        else:
            quality = qos_class(new)
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
        return _next(replace(new, status=old.status), old)

    def prepare_for_status_update(self, new: Pod, old: Pod) -> Pod:
        """Keep the spec, the owner references and the QoS class."""
        if not new.status.qos_class:
            new = replace(new, status=replace(new.status, qos_class=old.status.qos_class))
        if new.metadata.owner_references is not old.metadata.owner_references:
            new = with_metadata(new, replace(new.metadata, owner_references=old.metadata.owner_references))
        return new if new.spec is old.spec else replace(new, spec=old.spec)

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


@cache
def _pending(quality: str) -> PodStatus:
    """The status of a new pod, shared by all of one QoS class."""
    return PodStatus(phase=PENDING, qos_class=quality)


def resized(old: PodSpec, new: PodSpec) -> PodSpec:
    """The old spec with the resources of the new one's containers of the same name."""
    wanted = {one.name: one for one in (*new.init_containers, *new.containers)}

    def sized(containers: tuple[Container, ...]) -> tuple[Container, ...]:
        return tuple(_sized(one, wanted.get(one.name, one)) for one in containers)

    return replace(old, init_containers=sized(old.init_containers), containers=sized(old.containers))


def _sized(old: Container, new: Container) -> Container:
    return replace(old, resources=new.resources, resize_policy=new.resize_policy)


def _next(new: Pod, old: Pod) -> Pod:
    """Count a change of the spec; an equal spec is replaced by the old object."""
    if same_part(new, old, "spec"):
        return replace(new, spec=old.spec)
    return with_generation(new, old.metadata.generation + 1)
