"""Plug-ins that complete pods: DefaultTolerationSeconds and Priority.

Source: plugin/pkg/admission/defaulttolerationseconds/admission.go, plugin/pkg/admission/priority/admission.go (v1.36).
"""

from typing import cast

from msgspec.structs import replace

from kubeactors.api.core.v1 import Pod, Toleration
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apiserver.admission.plugin import UPDATE, Attributes, Plugin, refused
from kubeactors.apiserver.objects import PODS

NOT_READY, UNREACHABLE = "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"
NO_EXECUTE = "NoExecute"
TOLERATION_SECONDS = 300

PREEMPT_LOWER_PRIORITY = "PreemptLowerPriority"
SYSTEM_PRIORITIES = {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}
"""The priority classes that every cluster has."""


class DefaultTolerationSeconds(Plugin):
    """Lets a pod stay for five minutes on a node that is not ready or cannot be reached."""

    def concerns(self, kind: Kind[TypedObject], subresource: str, operation: str) -> bool:
        """Pods that are changed; `SharedSpecs` runs this for those that are created."""
        return kind.gvr == PODS and not subresource and operation == UPDATE

    def admit(self, value: TypedObject, attributes: Attributes) -> TypedObject:
        """The pod with the tolerations that it lacks."""
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
    """Computes a pod's priority from its class; nobody may set it himself."""

    def concerns(self, kind: Kind[TypedObject], subresource: str, operation: str) -> bool:
        """Pods that are changed; `SharedSpecs` runs this for those that are created."""
        return kind.gvr == PODS and not subresource and operation == UPDATE

    def admit(self, value: TypedObject, attributes: Attributes) -> TypedObject:
        """The pod with its priority; an update keeps it."""
        pod = cast("Pod", value)
        if attributes.operation == UPDATE:
            return _kept(pod, cast("Pod", attributes.old))
        wanted = priority_of(pod, attributes)
        spec = pod.spec
        if spec.priority is not None and spec.priority != wanted:
            why = f"the integer value of priority ({spec.priority}) must not be provided in pod spec; "
            raise refused(pod, attributes, f"{why}{_computed(wanted)}")
        policy = spec.preemption_policy
        if policy is not None and policy != PREEMPT_LOWER_PRIORITY:
            why = f"the string value of PreemptionPolicy ({policy}) must not be provided in pod spec; "
            raise refused(pod, attributes, f"{why}{_computed(PREEMPT_LOWER_PRIORITY)}")
        return replace(pod, spec=replace(spec, priority=wanted, preemption_policy=PREEMPT_LOWER_PRIORITY))


def priority_of(pod: Pod, attributes: Attributes) -> int:
    """The priority of a pod's class; 0 without one.

    Raises:
        Forbidden: there is no such class.
    """
    name = pod.spec.priority_class_name
    if not name:
        return 0
    if name not in SYSTEM_PRIORITIES:
        raise refused(pod, attributes, f"no PriorityClass with name {name} was found")
    return SYSTEM_PRIORITIES[name]


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
