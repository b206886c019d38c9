"""Subresources of pods besides eviction: binding, ephemeral containers, resize.

Source: pkg/registry/core/pod/storage/storage.go (v1.36).
"""

from functools import lru_cache
from typing import cast

from msgspec.structs import replace

from kubeactors.api.core.v1 import Binding, Pod, PodCondition
from kubeactors.api.core.v1.validation import validate_binding
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import GroupVersionResource
from kubeactors.apimachinery.status import BadRequest, Status, StatusError, conflict, invalid
from kubeactors.apiserver.admission.plugin import Attributes, Lookup
from kubeactors.apiserver.objects import with_metadata
from kubeactors.apiserver.registry.metadata import Environment
from kubeactors.apiserver.registry.registry import Registry
from kubeactors.apiserver.registry.resource import Resource
from kubeactors.apiserver.registry.subresources import Subresource

NODES = GroupVersionResource("", "v1", "nodes")
POD_SCHEDULED = "PodScheduled"
TOPOLOGY_LABELS = ("topology.kubernetes.io/zone", "topology.kubernetes.io/region")
"""Labels of the node that its pods get when they are bound."""


class BindingSubresource(Subresource):
    """Binds a pod to a node, once."""

    def __init__(self, environment: Environment, lookup: Lookup) -> None:
        self._environment = environment
        self._lookup = lookup

    async def create(
        self, registry: Registry, resource: Resource, value: TypedObject, attributes: Attributes
    ) -> TypedObject | Status:
        """Set the node of the pod.

        Raises:
            Conflict: the pod is bound already, or is being deleted.
        """
        binding = cast("Binding", value)
        _check_name(value, attributes.name, "Binding")
        _check_binding(binding)

        def bound(current: TypedObject | None) -> TypedObject:
            if current is None:
                raise resource.missing(attributes.name)
            return self._bound(cast("Pod", current), binding)

        attributes = replace(attributes, subresource="binding")
        await registry.update(resource, attributes, bound, binding.metadata.uid)
        return Status(status="Success", code=201)

    def _bound(self, pod: Pod, binding: Binding) -> Pod:
        name = pod.metadata.name
        if pod.metadata.deletion_timestamp is not None:
            raise _unbindable(name, f"pod {name} is being deleted, cannot be assigned to a host")
        if pod.spec.node_name:
            raise _unbindable(name, f'pod {name} is already assigned to node "{pod.spec.node_name}"')
        if pod.spec.scheduling_gates:
            raise _unbindable(name, f"pod {name} has non-empty .spec.schedulingGates")
        labels = {**self._topology(binding.target.name), **binding.metadata.labels, **pod.metadata.labels}
        annotations = {**pod.metadata.annotations, **binding.metadata.annotations}
        if len(labels) > len(pod.metadata.labels) or annotations != pod.metadata.annotations:
            pod = with_metadata(pod, replace(pod.metadata, labels=labels, annotations=annotations))
        return replace(
            pod,
            spec=replace(pod.spec, node_name=binding.target.name),
            status=replace(pod.status, conditions=self._scheduled(pod.status.conditions)),
        )

    def _topology(self, node_name: str) -> dict[str, str]:
        node = self._lookup.get(NODES, "", node_name)
        if node is None:
            return {}
        return {key: node.metadata.labels[key] for key in TOPOLOGY_LABELS if key in node.metadata.labels}

    def _scheduled(self, conditions: tuple[PodCondition, ...]) -> tuple[PodCondition, ...]:
        scheduled = _scheduled_at(self._environment.timestamp())
        return (*(one for one in conditions if one.type != POD_SCHEDULED), scheduled) if conditions else (scheduled,)


@lru_cache(maxsize=64)
def _scheduled_at(time: str) -> PodCondition:
    """The condition, shared by all pods that are bound in the same second."""
    return PodCondition(type=POD_SCHEDULED, status="True", last_transition_time=time)


def _check_name(value: TypedObject, name: str, kind: str) -> None:
    if value.metadata.name != name:
        raise BadRequest.saying(f"name in URL does not match name in {kind} object")


def _check_binding(binding: Binding) -> None:
    if errors := tuple(validate_binding(binding)):
        raise invalid("Binding", "", binding.metadata.name, errors)


def _unbindable(name: str, why: str) -> StatusError:
    return conflict("pods/binding", "", name, why)
