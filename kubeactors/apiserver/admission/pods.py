"""Plug-ins that complete pods: DefaultTolerationSeconds and Priority.

Source: plugin/pkg/admission/defaulttolerationseconds/admission.go, plugin/pkg/admission/priority/admission.go (v1.36).
"""

from collections.abc import Iterator
from typing import cast

from msgspec.structs import replace

from kubeactors.api.core.v1 import Pod, Toleration
from kubeactors.api.scheduling.v1.priorityclass import PREEMPT_LOWER_PRIORITY, PriorityClass
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import GroupVersionResource
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apiserver.admission.plugin import CREATE, UPDATE, Attributes, Lookup, Plugin, refused
from kubeactors.apiserver.objects import PODS

NOT_READY, UNREACHABLE = "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"
NO_EXECUTE = "NoExecute"
TOLERATION_SECONDS = 300

PRIORITY_CLASSES = GroupVersionResource("scheduling.k8s.io", "v1", "priorityclasses")
NO_CLASS = PriorityClass(preemption_policy=PREEMPT_LOWER_PRIORITY)
"""The values of pods without a class."""


class DefaultTolerationSeconds(Plugin):
    """Adds tolerations of five minutes for nodes that are not ready or unreachable."""

    def concerns(self, kind: Kind[TypedObject], subresource: str, operation: str) -> bool:
        """Updates of pods; `SharedSpecs` runs it for new ones."""
        return kind.gvr == PODS and not subresource and operation == UPDATE

    def admit(self, value: TypedObject, attributes: Attributes) -> TypedObject:
        """The pod with the missing tolerations."""
        del attributes
        pod = cast("Pod", value)
        tolerations = pod.spec.tolerations
        missing = tuple(key for key in (NOT_READY, UNREACHABLE) if not _tolerates(tolerations, key))
        if not missing:
            return pod
        added = tuple(
            Toleration(key=key, operator="Exists", effect=NO_EXECUTE, toleration_seconds=TOLERATION_SECONDS)
            for key in missing
        )
        return replace(pod, spec=replace(pod.spec, tolerations=(*tolerations, *added)))


class Priority(Plugin):
    """Resolves a pod's priority from its class; users cannot set it. Ensures that only one class is the default."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    def concerns(self, kind: Kind[TypedObject], subresource: str, operation: str) -> bool:
        """Updates of pods, and priority classes; `SharedSpecs` runs it for new pods."""
        if subresource:
            return False
        if kind.gvr == PRIORITY_CLASSES:
            return operation in (CREATE, UPDATE)
        return kind.gvr == PODS and operation == UPDATE

    def admit(self, value: TypedObject, attributes: Attributes) -> TypedObject:
        """The pod with its priority; an update keeps it."""
        if isinstance(value, PriorityClass):
            return value
        pod = cast("Pod", value)
        if attributes.operation == UPDATE:
            return _kept(pod, cast("Pod", attributes.old))
        found = self.class_of(pod, attributes)
        spec, wanted = pod.spec, found.value
        if spec.priority is not None and spec.priority != wanted:
            why = f"the integer value of priority ({spec.priority}) must not be provided in pod spec; "
            raise refused(pod, attributes, f"{why}{_computed(wanted)}")
        policy = found.preemption_policy or PREEMPT_LOWER_PRIORITY
        if spec.preemption_policy is not None and spec.preemption_policy != policy:
            why = f"the string value of PreemptionPolicy ({spec.preemption_policy}) must not be provided in pod spec; "
            raise refused(pod, attributes, f"{why}{_computed(policy)}")
        name = found.metadata.name
        return replace(pod, spec=replace(spec, priority_class_name=name, priority=wanted, preemption_policy=policy))

    def validate(self, value: TypedObject | None, attributes: Attributes) -> None:
        """Reject a second default class."""
        if not isinstance(value, PriorityClass) or not value.global_default:
            return
        default = self._default()
        if default is not None and default.metadata.name != value.metadata.name:
            name = default.metadata.name
            raise refused(
                value, attributes, f"PriorityClass {name} is already marked as default. Only one default can exist"
            )

    def class_of(self, pod: Pod, attributes: Attributes) -> PriorityClass:
        """The class that the pod names, or the default one; of several the lowest.

        Raises:
            Forbidden: the class does not exist.
        """
        name = pod.spec.priority_class_name
        if not name:
            return self._default() or NO_CLASS
        found = self._lookup.get(PRIORITY_CLASSES, "", name)
        if found is None:
            raise refused(pod, attributes, f"no PriorityClass with name {name} was found")
        return cast("PriorityClass", found)

    def _default(self) -> PriorityClass | None:
        default: PriorityClass | None = None
        for one in cast("Iterator[PriorityClass]", self._lookup.select(PRIORITY_CLASSES)):
            if one.global_default and (default is None or one.value < default.value):
                default = one
        return default


def _computed(value: object) -> str:
    return f"priority admission controller computed {value} from the given PriorityClass name"


def _kept(pod: Pod, old: Pod) -> Pod:
    spec = pod.spec
    if spec.priority is not None and spec.preemption_policy is not None:
        return pod
    return replace(
        pod,
        spec=replace(
            spec,
            priority=old.spec.priority if spec.priority is None else spec.priority,
            preemption_policy=spec.preemption_policy or old.spec.preemption_policy,
        ),
    )


def _tolerates(tolerations: tuple[Toleration, ...], key: str) -> bool:
    return any(one.key in ("", key) and one.effect in ("", NO_EXECUTE) for one in tolerations)
