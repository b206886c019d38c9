"""One resource as the server serves it: its kind, its rules, its place in the store, its cache."""

import msgspec

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apimachinery.status import StatusError, not_found
from kubeactors.apiserver.cacher import ResourceCache
from kubeactors.apiserver.keys import key_of
from kubeactors.apiserver.registry.strategy import Strategy


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is needed to read and write objects of one kind."""

    kind: Kind[TypedObject]
    strategy: Strategy[TypedObject]
    prefix: str
    cache: ResourceCache

    def key(self, namespace: str, name: str) -> str:
        """The key of an object."""
        return key_of(self.prefix, namespace, name)

    def cached(self, namespace: str, name: str) -> TypedObject | None:
        """An object as the cache has it; it may be behind the store."""
        return self.cache.objects.get(namespace, name)

    def missing(self, name: str) -> StatusError:
        """The refusal for a name that does not exist."""
        return not_found(self.kind.resource, self.kind.group, name)
