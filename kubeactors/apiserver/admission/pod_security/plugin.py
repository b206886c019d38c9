"""The PodSecurity plug-in.

Source: k8s.io/pod-security-admission/admission/admission.go (v1.36).
"""

from collections.abc import Iterable
from typing import Protocol, cast

from kubeactors.api.batch.v1 import CronJob
from kubeactors.api.core.v1 import Pod, PodSpec, PodTemplate
from kubeactors.api.core.v1.namespace import Namespace
from kubeactors.api.core.v1.pod import PodTemplateSpec
from kubeactors.apimachinery.meta import ObjectMeta, TypedObject
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apimachinery.status import invalid
from kubeactors.apiserver.admission.plugin import CREATE, DELETE, UPDATE, Attributes, Lookup, Plugin, refused
from kubeactors.apiserver.admission.pod_security.checks import AnyContainer
from kubeactors.apiserver.admission.pod_security.evaluation import violations
from kubeactors.apiserver.admission.pod_security.levels import PERMISSIVE, PRIVILEGED, Level, Policy, policy_of
from kubeactors.apiserver.objects import NAMESPACES, PODS

_OF_TEMPLATES = frozenset(
    (
        *("podtemplates", "replicationcontrollers", "replicasets", "deployments", "statefulsets", "daemonsets"),
        *("jobs", "cronjobs"),
    )
)
_IGNORED = frozenset({"exec", "attach", "binding", "eviction", "log", "portforward", "proxy", "status"})
_PODS_CHECKED = 3000


class _Spec(Protocol):
    @property
    def template(self) -> PodTemplateSpec | None: ...


class _Workload(Protocol):
    @property
    def spec(self) -> _Spec: ...


class PodSecurity(Plugin):
    """Rejects pods that violate the enforced level; warns about pods and pod templates that violate the warn level."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    def concerns(self, kind: Kind[TypedObject], subresource: str, operation: str) -> bool:
        """Creations and updates of pods, of objects with pod templates, and of namespaces."""
        if operation == DELETE:
            return False
        if kind.gvr == PODS:
            return subresource not in _IGNORED
        return not subresource and (kind.gvr == NAMESPACES or kind.resource in _OF_TEMPLATES)

    def validate(self, value: TypedObject | None, attributes: Attributes) -> None:
        """Check the object as it will be stored.

        Raises:
            Forbidden: the pod violates the enforced level.
            Invalid: the labels of the namespace are invalid.
        """
        assert value is not None, "deletions do not come here"
        if isinstance(value, Namespace):
            self._validate_namespace(value, attributes)
            return
        policy = self._policy_in(attributes.namespace)
        if policy is PERMISSIVE:
            return
        if isinstance(value, Pod):
            self._validate_pod(value, policy, attributes)
        elif (template := _template_of(value)) is not None:
            _warn(policy.warn, template.metadata, template.spec, attributes)

    def _policy_in(self, namespace: str) -> Policy:
        found = self._lookup.get(NAMESPACES, "", namespace)
        return PERMISSIVE if found is None else policy_of(found.metadata.labels)[0]

    @staticmethod
    def _validate_pod(pod: Pod, policy: Policy, attributes: Attributes) -> None:
        if attributes.operation == UPDATE and not is_significant(pod.spec, cast("Pod", attributes.old).spec):
            return
        found = violations(policy.enforce, pod.metadata, pod.spec)
        if found:
            raise refused(pod, attributes, f'violates PodSecurity "{policy.enforce}": {_joined(found)}')
        if policy.warn != policy.enforce:
            _warn(policy.warn, pod.metadata, pod.spec, attributes)

    def _validate_namespace(self, namespace: Namespace, attributes: Attributes) -> None:
        old = cast("Namespace | None", attributes.old) if attributes.operation != CREATE else None
        if old is not None and old.metadata.labels == namespace.metadata.labels:
            return
        policy, errors = policy_of(namespace.metadata.labels)
        before, wrong_before = policy_of(old.metadata.labels) if old is not None else (PERMISSIVE, ())
        if errors and errors != wrong_before:
            raise invalid("Namespace", "", namespace.metadata.name, errors)
        if old is not None and _is_stricter(policy.enforce, before.enforce):
            pods = cast("Iterable[Pod]", self._lookup.select(PODS, namespace.metadata.name))
            attributes.warnings.extend(warnings_of(tuple(pods), namespace.metadata.name, policy.enforce))


def is_significant(new: PodSpec, old: PodSpec) -> bool:
    """Whether an update of a pod needs evaluation: containers or images have changed."""
    if new is old:
        return False
    return _images(new.init_containers) != _images(old.init_containers) or (
        _images(new.containers) != _images(old.containers)
        or any(one not in _named_images(old) for one in _named_images(new))
    )


def warnings_of(pods: tuple[Pod, ...], namespace: str, level: Level) -> tuple[str, ...]:
    """The warnings about existing pods when an enforced level becomes stricter."""
    found: dict[str, list[str]] = {}
    first = _one_of_each_controller(pods)
    for pod in first[:_PODS_CHECKED]:
        forbidden = violations(level, pod.metadata, pod.spec)
        if forbidden:
            found.setdefault(", ".join(one.reason for one in forbidden), []).append(pod.metadata.name)
    said: list[str] = []
    if len(first) > _PODS_CHECKED:
        checked = f"the first {_PODS_CHECKED} of {len(first)} existing pods"
        said.append(f"new PodSecurity enforce level only checked against {checked}")
    if found:
        said.append(f'existing pods in namespace "{namespace}" violate the new PodSecurity enforce level "{level}"')
    return (*said, *sorted(f"{_some(names)}: {why}" for why, names in found.items()))


def _one_of_each_controller(pods: tuple[Pod, ...]) -> tuple[Pod, ...]:
    """All pods; the first of each controller come first."""
    seen: dict[str, None] = {}
    first: list[Pod] = []
    others: list[Pod] = []
    for pod in pods:
        owner = next((one.uid for one in pod.metadata.owner_references if one.controller), "")
        (others if owner and owner in seen else first).append(pod)
        seen[owner] = None
    return (*first, *others)


def _some(names: list[str]) -> str:
    """The first of several pods, and the number of the others."""
    others = len(names) - 1
    if not others:
        return names[0]
    return f"{min(names)} (and {others} other pod{'s' if others > 1 else ''})"


def _images(containers: Iterable[AnyContainer]) -> list[str]:
    return [one.image for one in containers]


def _named_images(spec: PodSpec) -> list[tuple[str, str]]:
    return [(one.name, one.image) for one in spec.ephemeral_containers]


def _is_stricter(new: Level, old: Level) -> bool:
    if new.name == PRIVILEGED or new == old:
        return False
    return new.minor != old.minor or new.strictness > old.strictness


def _warn(level: Level, metadata: ObjectMeta, spec: PodSpec, attributes: Attributes) -> None:
    found = violations(level, metadata, spec)
    if found:
        attributes.warnings.append(f'would violate PodSecurity "{level}": {_joined(found)}')


def _joined(found: Iterable[object]) -> str:
    return ", ".join(map(str, found))


def _template_of(value: TypedObject) -> PodTemplateSpec | None:
    if isinstance(value, PodTemplate):
        return value.template
    if isinstance(value, CronJob):
        return value.spec.job_template.spec.template
    return cast("_Workload", value).spec.template
