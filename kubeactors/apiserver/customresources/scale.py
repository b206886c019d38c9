"""The `scale` subresource of custom objects, at the paths that their definition gives.

Source: apiextensions-apiserver/pkg/registry/customresource/etcd.go (ScaleREST) (v1.36).
"""

from typing import cast

from msgspec.structs import replace

from kubeactors.api.apiextensions.v1.customresourcedefinition import (
    CustomResourceDefinition,
    CustomResourceSubresourceScale,
)
from kubeactors.api.autoscaling.v1 import Scale, ScaleSpec, ScaleStatus
from kubeactors.apimachinery.managedfields import ReplicasPaths
from kubeactors.apimachinery.managedfields.fieldset import named
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.status import InternalError, StatusError
from kubeactors.apimachinery.structural import at_path
from kubeactors.apimachinery.structural.paths import with_value
from kubeactors.apimachinery.unstructured import Unstructured
from kubeactors.apiserver.admission.plugin import Attributes
from kubeactors.apiserver.registry.registry import Registry, Written
from kubeactors.apiserver.registry.resource import Resource, Transform
from kubeactors.apiserver.registry.scale import check_preconditions, metadata_of_scale, owners_after, with_owners
from kubeactors.apiserver.registry.subresources import Subresource


def replicas_paths(crd: CustomResourceDefinition) -> ReplicasPaths:
    """The path of the replicas in each version of a definition; None where a version has no scale."""
    scales = {one.name: one.subresources.scale if one.subresources else None for one in crd.spec.versions or ()}
    return {
        f"{crd.spec.group}/{name}": None if scale is None else named(*scale.spec_replicas_path.strip(".").split("."))
        for name, scale in scales.items()
    }


class CustomScale(Subresource):
    """Reads and changes the number of replicas."""

    def __init__(self, paths: CustomResourceSubresourceScale, replicas: ReplicasPaths) -> None:
        self._paths = paths
        self._replicas = replicas

    def get(self, resource: Resource, value: TypedObject) -> TypedObject:
        """The Scale of the stored object.

        Raises:
            InternalError: the object has no replicas at the path.
        """
        return self._scale_of(cast("Unstructured", value))

    async def update(
        self, registry: Registry, resource: Resource, attributes: Attributes, transform: Transform, uid: str = ""
    ) -> Written:
        """Set the number of replicas."""
        kind = resource.kind
        made: list[Unstructured] = []

        def scaled(current: TypedObject | None) -> TypedObject:
            if current is None:
                raise resource.missing(attributes.name)
            found = cast("Unstructured", current)
            before = self._scale_of(found)
            if attributes.applies:
                before = with_owners(before, found, self._replicas)
            scale = cast("Scale", transform(before))
            check_preconditions(resource, scale, found)
            if attributes.applies:
                found = found.with_metadata(owners_after(found, scale, kind.api_version, self._replicas))
            fields = with_value(found.fields, self._paths.spec_replicas_path, scale.spec.replicas)
            made[:] = [found.with_fields(fields)]
            return made[0]

        change: Transform = resource.storing(scaled) if kind.has_webhook_conversion else scaled
        stored = replace(attributes, subresource="", written_through="scale")
        written = await registry.update(resource, stored, change, uid)
        value = made[0].with_metadata(written.value.metadata) if kind.has_webhook_conversion else written.value
        return Written(self._scale_of(cast("Unstructured", value)))

    def _scale_of(self, value: Unstructured) -> Scale:
        wanted = at_path(value.fields, self._paths.spec_replicas_path)
        if not isinstance(wanted, int):
            raise _without_size(self._paths.spec_replicas_path)
        there = at_path(value.fields, self._paths.status_replicas_path)
        label = self._paths.label_selector_path
        selector = at_path(value.fields, label) if label else None
        return Scale(
            metadata=metadata_of_scale(value.metadata),
            spec=ScaleSpec(replicas=wanted),
            status=ScaleStatus(
                replicas=there if isinstance(there, int) else 0, selector=selector if isinstance(selector, str) else ""
            ),
        )


def _without_size(path: str) -> StatusError:
    why = f"the spec replicas field {path!r} does not exist".replace("'", '"')
    return InternalError.saying(f"Internal error occurred: {why}")
