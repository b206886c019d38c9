"""The `scale` subresource of workloads.

Source: pkg/registry/apps/deployment/storage/storage.go (v1.36).
"""

from typing import Protocol, cast

from msgspec.structs import replace

from kubeactors.api.autoscaling.v1 import Scale, ScaleSpec, ScaleStatus
from kubeactors.apimachinery import labels
from kubeactors.apimachinery.field import invalid as invalid_field
from kubeactors.apimachinery.meta import LabelSelector, ObjectMeta, TypedObject
from kubeactors.apimachinery.status import invalid
from kubeactors.apiserver.admission.plugin import Attributes
from kubeactors.apiserver.registry.errors import modified
from kubeactors.apiserver.registry.registry import Registry, Written
from kubeactors.apiserver.registry.resource import Resource, Transform
from kubeactors.apiserver.registry.subresources import Subresource


class _Spec(Protocol):
    @property
    def replicas(self) -> int | None: ...
    @property
    def selector(self) -> LabelSelector | dict[str, str] | None: ...


class _Status(Protocol):
    @property
    def replicas(self) -> int: ...


class _Workload(Protocol):
    @property
    def spec(self) -> _Spec: ...
    @property
    def status(self) -> _Status: ...


def scale_of(value: TypedObject) -> Scale:
    """The Scale of a workload."""
    workload = cast("_Workload", value)
    return Scale(
        metadata=metadata_of_scale(value.metadata),
        spec=ScaleSpec(replicas=workload.spec.replicas or 0),
        status=ScaleStatus(replicas=workload.status.replicas, selector=_selector(workload.spec.selector)),
    )


def metadata_of_scale(metadata: ObjectMeta) -> ObjectMeta:
    """The metadata of the Scale of an object."""
    return ObjectMeta(
        name=metadata.name,
        namespace=metadata.namespace,
        uid=metadata.uid,
        resource_version=metadata.resource_version,
        creation_timestamp=metadata.creation_timestamp,
    )


def _selector(selector: LabelSelector | dict[str, str] | None) -> str:
    """The selector as a string; a ReplicationController's is a map of labels."""
    return str(labels.of_labels(selector) if isinstance(selector, dict) else labels.of_object(selector))


class ScaleSubresource(Subresource):
    """Reads and changes the number of replicas."""

    def get(self, resource: Resource, value: TypedObject) -> TypedObject:
        """The Scale of the stored workload."""
        return scale_of(value)

    async def update(
        self, registry: Registry, resource: Resource, attributes: Attributes, transform: Transform, uid: str = ""
    ) -> Written:
        """Set the number of replicas."""

        def scaled(current: TypedObject | None) -> TypedObject:
            if current is None:
                raise resource.missing(attributes.name)
            scale = cast("Scale", transform(scale_of(current)))
            _check(scale)
            version = scale.metadata.resource_version
            if version and version != current.metadata.resource_version:
                raise modified(resource, attributes.name)
            spec = cast("_Workload", current).spec
            return replace(current, spec=replace(spec, replicas=scale.spec.replicas))  # type: ignore[type-var]

        stored = replace(attributes, subresource="", written_through="scale")
        written = await registry.update(resource, stored, scaled, uid)
        return Written(scale_of(written.value))


def _check(scale: Scale) -> None:
    if scale.spec.replicas < 0:
        error = invalid_field("spec.replicas", scale.spec.replicas, "must be greater than or equal to 0")
        raise invalid("Scale", "autoscaling", scale.metadata.name, (error,))
