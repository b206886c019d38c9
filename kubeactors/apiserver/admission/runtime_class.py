"""RuntimeClass: the overhead and the scheduling constraints of a pod's runtime class.

Source: plugin/pkg/admission/runtimeclass/admission.go (v1.36).
"""

from typing import cast

from msgspec.structs import replace

from kubeactors.api.core.v1 import Pod, PodSpec
from kubeactors.api.node.v1.runtimeclass import RuntimeClass, Scheduling
from kubeactors.apimachinery import quantity
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import GroupVersionResource
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apiserver.admission.plugin import CREATE, Attributes, Lookup, Plugin, refused
from kubeactors.apiserver.objects import PODS

CLASSES = GroupVersionResource("node.k8s.io", "v1", "runtimeclasses")


class RuntimeClasses(Plugin):
    """Adds the overhead and the scheduling constraints of a pod's class to the pod."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    def concerns(self, kind: Kind[TypedObject], subresource: str, operation: str) -> bool:
        """Creation of pods."""
        return kind.gvr == PODS and not subresource and operation == CREATE

    def admit(self, value: TypedObject, attributes: Attributes) -> TypedObject:
        """The pod with the settings of its class.

        Raises:
            Forbidden: the class does not exist, or the pod conflicts with it.
        """
        pod = cast("Pod", value)
        if pod.spec.runtime_class_name is None:
            return pod
        found = self._class_of(pod, attributes)
        spec = pod.spec
        if found.overhead is not None:
            if spec.overhead and not _is_same(spec.overhead, found.overhead.pod_fixed):
                raise refused(pod, attributes, _OTHER_OVERHEAD)
            spec = replace(spec, overhead=found.overhead.pod_fixed)
        if found.scheduling is not None:
            spec = _placed(spec, found.scheduling, pod, attributes)
        return replace(pod, spec=spec)

    def validate(self, value: TypedObject | None, attributes: Attributes) -> None:
        """Check that the pod has no overhead but that of its class.

        Raises:
            Forbidden: the class does not exist, or the pod has another overhead.
        """
        pod = cast("Pod", value)
        if not pod.spec.overhead:
            return
        found = self._class_of(pod, attributes) if pod.spec.runtime_class_name is not None else None
        if found is None or found.overhead is None:
            why = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"
            raise refused(pod, attributes, why)
        if not _is_same(pod.spec.overhead, found.overhead.pod_fixed):
            raise refused(pod, attributes, _OTHER_OVERHEAD)

    def _class_of(self, pod: Pod, attributes: Attributes) -> RuntimeClass:
        name = pod.spec.runtime_class_name or ""
        found = self._lookup.get(CLASSES, "", name)
        if found is None:
            raise refused(pod, attributes, f'pod rejected: RuntimeClass "{name}" not found')
        return cast("RuntimeClass", found)


_OTHER_OVERHEAD = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"


def _placed(spec: PodSpec, scheduling: Scheduling, pod: Pod, attributes: Attributes) -> PodSpec:
    """The spec with the node selector and the tolerations of the class."""
    for name, wanted in scheduling.node_selector.items():
        given = spec.node_selector.get(name, wanted)
        if given != wanted:
            where = f"runtimeClass.scheduling.nodeSelector[{name}] = {wanted}; pod.spec.nodeSelector[{name}] = {given}"
            raise refused(pod, attributes, f"conflict: {where}")
    more = tuple(one for one in scheduling.tolerations if one not in spec.tolerations)
    return replace(
        spec,
        node_selector={**spec.node_selector, **scheduling.node_selector},
        tolerations=(*spec.tolerations, *more),
    )


def _is_same(one: dict[str, str], other: dict[str, str]) -> bool:
    return one.keys() == other.keys() and not any(quantity.compare(one[name], other[name]) for name in one)
