"""The custom kinds that the server serves, by definition.

Source: apiextensions-apiserver/pkg/apiserver/customresource_handler.go (v1.36).
"""

from typing import NamedTuple, TypeVar, cast

from kubeactors.api.apiextensions.v1.customresourcedefinition import CustomResourceDefinition
from kubeactors.api.apiextensions.v1.served import scale_of
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import GroupVersionResource
from kubeactors.apimachinery.scheme import Kind, Scheme
from kubeactors.apimachinery.unstructured import Unstructured
from kubeactors.apiserver.cacher import Cacher
from kubeactors.apiserver.customresources.conversions import Conversions
from kubeactors.apiserver.customresources.scale import CustomScale, replicas_paths
from kubeactors.apiserver.customresources.strategies import CustomStrategy
from kubeactors.apiserver.keys import prefix_of_custom
from kubeactors.apiserver.registry.metadata import Environment
from kubeactors.apiserver.registry.resource import Resource
from kubeactors.apiserver.registry.strategy import STATUS, Strategy
from kubeactors.apiserver.registry.subresources import Part, Subresource
from kubeactors.apiserver.streams import Streams

T = TypeVar("T", bound=TypedObject)
Resources = dict[GroupVersionResource, Resource]
Subresources = dict[tuple[GroupVersionResource, str], Subresource]


class Tables(NamedTuple):
    """The server's tables of kinds and resources."""

    scheme: Scheme
    resources: Resources
    subresources: Subresources


class CustomKinds:
    """Adds custom kinds to the server's tables, and removes them."""

    def __init__(
        self,
        tables: Tables,
        cacher: Cacher,
        streams: Streams,
        environment: Environment,
        conversions: Conversions,
    ) -> None:
        self._conversions = conversions
        self._scheme, self._resources, self._subresources = tables.scheme, tables.resources, tables.subresources
        self._cacher = cacher
        self._streams = streams
        self._environment = environment
        self._known: dict[str, CustomResourceDefinition] = {}
        self._stored: dict[str, Resource] = {}
        self._kinds: dict[str, tuple[Kind[TypedObject], ...]] = {}

    def serve(self, crd: CustomResourceDefinition, kinds: tuple[Kind[TypedObject], ...]) -> None:
        """Serve these kinds of a definition, and no others."""
        name = crd.metadata.name
        before = self._known.get(name)
        if before is not None and before.spec == crd.spec and _names(before) == _names(crd):
            return
        self._known[name] = crd
        self._conversions.forget()
        kinds = tuple(self._conversions.bound(kind, crd) for kind in kinds)
        keeping = next(kind for kind in kinds if kind.stored_as is None)
        cache = self._cacher.serve(keeping, kinds)
        strategy = CustomStrategy(cast("Kind[Unstructured]", keeping), self._environment)
        prefix = prefix_of_custom(keeping.group, keeping.resource)
        made = [
            Resource(kind=kind, strategy=cast("Strategy[TypedObject]", strategy), prefix=prefix, cache=cache)
            for kind in kinds
        ]
        self._stored[name] = next(one for one in made if one.kind is keeping)
        offered = {one.name for one in crd.spec.versions or () if one.served}
        for kind in self._kinds.get(name, ()):
            if kind.gvr not in [one.kind.gvr for one in made] or kind.version not in offered:
                self._drop(kind)
        for one in made:
            if one.kind.version in offered:
                self._offer(one, crd)
        self._kinds[name] = kinds

    def close(self, name: str) -> None:
        """Reject new objects of a definition."""
        found = self._stored.get(name)
        if found is not None:
            cast("CustomStrategy", found.strategy).going = True

    def withdraw(self, name: str) -> None:
        """Stop serving a definition."""
        for kind in self._kinds.pop(name, ()):
            self._drop(kind)
            self._cacher.withdraw(kind)
        self._known.pop(name, None)
        self._stored.pop(name, None)

    def stored(self, name: str) -> Resource | None:
        """The resource of the storage version of a definition, if it is served."""
        return self._stored.get(name)

    def _offer(self, resource: Resource, crd: CustomResourceDefinition) -> None:
        kind = resource.kind
        self._scheme.add(kind)
        self._resources[kind.gvr] = resource
        for part in (STATUS, "scale"):
            self._subresources.pop((kind.gvr, part), None)
        if STATUS in kind.subresources:
            self._subresources[kind.gvr, STATUS] = Part()
        paths = scale_of(kind)
        if paths is not None:
            self._subresources[kind.gvr, "scale"] = CustomScale(paths, replicas_paths(crd))

    def _drop(self, kind: Kind[TypedObject]) -> None:
        if self._resources.pop(kind.gvr, None) is None:
            return
        self._streams.close_of(kind.gvr)
        self._scheme.remove(kind.gvr)
        for part in (STATUS, "scale"):
            self._subresources.pop((kind.gvr, part), None)


def _names(crd: CustomResourceDefinition) -> object:
    return crd.status.accepted_names
