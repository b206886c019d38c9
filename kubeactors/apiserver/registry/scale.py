"""The `scale` subresource of workloads.

An apply works on the Scale, with the managed fields of the workload that own the replicas; the result is carried over
to those of the workload. Other writes are tracked as writes of the workload.

Source: pkg/registry/apps/deployment/storage/storage.go (v1.36).
"""

from typing import Protocol, cast

from msgspec.structs import replace

from kubeactors.api.autoscaling.v1 import Scale, ScaleSpec, ScaleStatus
from kubeactors.apimachinery import labels, managedfields
from kubeactors.apimachinery.field import invalid as invalid_field
from kubeactors.apimachinery.managedfields import ReplicasPaths
from kubeactors.apimachinery.managedfields.fieldset import named
from kubeactors.apimachinery.meta import LabelSelector, ObjectMeta, TypedObject
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apimachinery.status import conflict, invalid
from kubeactors.apiserver.admission.plugin import Attributes
from kubeactors.apiserver.objects import with_metadata
from kubeactors.apiserver.registry.errors import modified
from kubeactors.apiserver.registry.registry import Registry, Written
from kubeactors.apiserver.registry.resource import Resource, Transform
from kubeactors.apiserver.registry.subresources import Subresource

SCALE: Kind[Scale] = Kind(type=Scale, group="autoscaling", kind="Scale", resource="scales", singular="scale")
"""The kind of Scales. It has no resource of its own."""
_PATHS: ReplicasPaths = dict.fromkeys(("apps/v1", "v1"), named("spec", "replicas"))


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


def with_owners(scale: Scale, parent: TypedObject, paths: ReplicasPaths) -> Scale:
    """The Scale of an object with managed fields, for server-side apply."""
    try:
        entries = managedfields.to_scale(parent.metadata.managed_fields, paths)
    except ValueError:
        return scale
    return replace(scale, metadata=replace(scale.metadata, managed_fields=entries))


def owners_after(parent: TypedObject, scale: Scale, api_version: str, paths: ReplicasPaths) -> ObjectMeta:
    """The metadata of an object after an apply to its Scale."""
    before = parent.metadata
    try:
        entries = managedfields.to_parent(before.managed_fields, scale.metadata.managed_fields, api_version, paths)
    except ValueError:
        return before
    return before if entries == before.managed_fields else replace(before, managed_fields=entries)


def check_preconditions(resource: Resource, scale: Scale, current: TypedObject) -> None:
    """Check the resource version and the UID that a Scale demands of its object.

    Raises:
        Conflict: the object has others.
    """
    kind, wanted, found = resource.kind, scale.metadata, current.metadata
    if wanted.uid and wanted.uid != found.uid:
        why = f"Precondition failed: UID in precondition: {wanted.uid}, UID in object meta: {found.uid}"
        raise conflict(f"{kind.resource}/scale", kind.group, found.name, why)
    if wanted.resource_version and wanted.resource_version != found.resource_version:
        raise modified(resource, found.name)


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
            before = scale_of(current)
            if attributes.applies:
                before = with_owners(before, current, _PATHS)
            scale = cast("Scale", transform(before))
            _check(scale)
            check_preconditions(resource, scale, current)
            if attributes.applies:
                metadata = owners_after(current, scale, resource.kind.api_version, _PATHS)
                current = with_metadata(current, metadata)
            spec = cast("_Workload", current).spec
            return replace(current, spec=replace(spec, replicas=scale.spec.replicas))  # type: ignore[type-var]

        stored = replace(attributes, subresource="", written_through="scale")
        written = await registry.update(resource, stored, scaled, uid)
        return Written(scale_of(written.value))


def _check(scale: Scale) -> None:
    if scale.spec.replicas < 0:
        error = invalid_field("spec.replicas", scale.spec.replicas, "must be greater than or equal to 0")
        raise invalid("Scale", "autoscaling", scale.metadata.name, (error,))
