"""Reads in the requested version: objects and collections, converted from the stored version."""

from collections.abc import Mapping
from typing import cast

from msgspec.structs import replace

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import Get, GroupVersionResource, List, ListOptions, ListResult, Result, Watch
from kubeactors.apiserver.customresources.conversions import Conversions
from kubeactors.apiserver.reading import Reader
from kubeactors.apiserver.registry import components
from kubeactors.apiserver.registry.resource import Resource
from kubeactors.apiserver.registry.subresources import Subresource
from kubeactors.apiserver.selection import Selection, select
from kubeactors.apiserver.serving import node_of_kind


class VersionedReader:
    """Reads objects and converts them to the version of the resource, with a warning if that is deprecated."""

    def __init__(
        self,
        reader: Reader,
        subresources: Mapping[tuple[GroupVersionResource, str], Subresource],
        conversions: Conversions,
    ) -> None:
        self._reader = reader
        self._subresources = subresources
        self._conversions = conversions

    async def get(self, resource: Resource, message: Get) -> Result:
        """One object, or one of its subresources."""
        if components.are_served_by(resource):
            return Result(object=components.component(resource, message.name), warnings=_deprecation(resource))
        found = await self._reader.get(resource, message)
        if message.subresource:
            whole = resource.in_version(found) if resource.kind.has_webhook_conversion else found
            found = self._subresources[resource.kind.gvr, message.subresource].get(resource, whole)
        return Result(object=resource.part_in_version(found), warnings=_deprecation(resource))

    async def list(self, resource: Resource, message: List | Watch) -> ListResult:
        """A collection; for a watch, its initial list."""
        selection = selection_of(resource, message.namespace, message.options)
        if components.are_served_by(resource):
            found = components.components(selection)
        else:
            found = await self._reader.list(resource, selection.namespace, message.options, selection)
        found = await self.in_version(resource, found)
        warnings = _deprecation(resource)
        return replace(found, warnings=warnings) if warnings else found

    async def in_version(self, resource: Resource, found: ListResult) -> ListResult:
        """The list in the version of the resource."""
        kind, items = resource.kind, cast("tuple[TypedObject, ...]", found.items)
        if kind.stored_as is None and not kind.has_webhook_conversion:
            return found
        if kind.has_webhook_conversion:
            await self._conversions.convert_all(items, resource.in_version)
        return replace(found, items=tuple(map(resource.in_version, items)))


def selection_of(resource: Resource, namespace: str, options: ListOptions) -> Selection:
    """The selection that list or watch options make."""
    kind = resource.kind
    return select(kind, namespace, options.label_selector, options.field_selector, node_of_kind(kind))


def _deprecation(resource: Resource) -> tuple[str, ...]:
    return (resource.kind.deprecation,) if resource.kind.deprecation else ()
