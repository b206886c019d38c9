"""The strategies of definitions and of custom objects.

Source: apiextensions-apiserver/pkg/registry/customresourcedefinition/{strategy,etcd}.go, pkg/registry/customresource/
{strategy,status_strategy}.go (v1.36).
"""

from collections.abc import Mapping

from msgspec.structs import replace

from kubeactors.api.apiextensions.v1.customresourcedefinition import (
    CLEANUP,
    CustomResourceDefinition,
    CustomResourceDefinitionStatus,
    storage_version,
)
from kubeactors.apimachinery.meta import DeleteOptions
from kubeactors.apimachinery.status import MethodNotAllowed, StatusDetails
from kubeactors.apimachinery.time import format_time
from kubeactors.apimachinery.unstructured import Unstructured
from kubeactors.apiserver.objects import with_metadata
from kubeactors.apiserver.registry.deletion import Deletion, check_preconditions
from kubeactors.apiserver.registry.strategy import STATUS, Strategy, WithStatus, with_generation


class DefinitionStrategy(WithStatus[CustomResourceDefinition]):
    """The strategy of definitions. The status records the versions in which objects were stored."""

    unconditional_update = False

    def prepare_for_create(self, new: CustomResourceDefinition) -> CustomResourceDefinition:
        """No accepted names."""
        new = with_generation(replace(new, status=CustomResourceDefinitionStatus()), 1)
        return _with_stored_version(new)

    def prepare_for_update(
        self, new: CustomResourceDefinition, old: CustomResourceDefinition
    ) -> CustomResourceDefinition:
        """Keep the status, but add a new storage version to it."""
        return _with_stored_version(super().prepare_for_update(new, old))

    def plan_deletion(self, value: CustomResourceDefinition, options: DeleteOptions) -> Deletion:
        """Its objects are deleted first."""
        check_preconditions(value, options)
        metadata = value.metadata
        if metadata.deletion_timestamp is not None:
            return Deletion(now=False, pending=True) if metadata.finalizers else Deletion(now=True)
        finalizers = metadata.finalizers if CLEANUP in metadata.finalizers else (*metadata.finalizers, CLEANUP)
        now = format_time(self.environment.wall)
        marked = replace(metadata, deletion_timestamp=now, deletion_grace_period_seconds=0, finalizers=finalizers)
        return Deletion(now=False, update=with_metadata(value, marked))


def _with_stored_version(crd: CustomResourceDefinition) -> CustomResourceDefinition:
    stored, version = crd.status.stored_versions or (), storage_version(crd)
    if not version or version in stored:
        return crd
    return replace(crd, status=replace(crd.status, stored_versions=(*stored, version)))


_GOING = "create not allowed while custom resource definition is terminating"


class CustomStrategy(Strategy[Unstructured]):
    """The strategy of custom objects. The generation counts changes outside metadata and a separate status."""

    unconditional_update = False
    going = False
    """Whether the definition is terminating, so that nothing can be created."""

    @property
    def _has_status(self) -> bool:
        return STATUS in self.kind.subresources

    def prepare_for_create(self, new: Unstructured) -> Unstructured:
        """Generation 1; no status, if that is a subresource.

        Raises:
            MethodNotAllowed: the definition is terminating.
        """
        if self.going:
            details = StatusDetails(group=self.kind.group, kind=self.kind.resource)
            raise MethodNotAllowed.saying(_GOING, details)
        if self._has_status:
            new = new.with_fields(_without_status(new.fields))
        return with_generation(new, 1)

    def prepare_for_update(self, new: Unstructured, old: Unstructured) -> Unstructured:
        """Keep the status if it is a subresource; count other changes."""
        if self._has_status:
            new = new.with_fields(_with_status(new.fields, old.fields))
        seen, before = new.fields, old.fields
        if self._has_status:
            seen, before = _without_status(seen), _without_status(before)
        return new if seen == before else with_generation(new, old.metadata.generation + 1)

    def prepare_for_status_update(self, new: Unstructured, old: Unstructured) -> Unstructured:
        """Keep everything but the status and managed fields."""
        metadata = new.metadata
        kept = replace(
            old.metadata,
            managed_fields=metadata.managed_fields,
            resource_version=metadata.resource_version,
        )
        if kept == old.metadata:
            kept = old.metadata
        return replace(new, metadata=kept, fields=_with_status(old.fields, new.fields))


def _without_status(fields: Mapping[str, object]) -> Mapping[str, object]:
    return {name: value for name, value in fields.items() if name != STATUS}


def _with_status(fields: Mapping[str, object], other: Mapping[str, object]) -> Mapping[str, object]:
    """These fields with the status of others."""
    kept = _without_status(fields)
    return {**kept, STATUS: other[STATUS]} if STATUS in other else kept
