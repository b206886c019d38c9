"""A resource as the server serves it: its kind, its strategy, its keys, its cache."""

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apimachinery.status import StatusError, invalid, not_found
from kubeactors.apimachinery.unstructured import Unstructured
from kubeactors.apiserver.cacher import ResourceCache
from kubeactors.apiserver.keys import key_of
from kubeactors.apiserver.registry.strategy import Strategy

Transform: TypeAlias = Callable[[TypedObject | None], TypedObject]
"""Makes the new object from the current one, or from None if an update creates it.

Raises:
    StatusError: the change is rejected.
"""


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """Everything needed to read and write objects of one kind."""

    kind: Kind[TypedObject]
    strategy: Strategy[TypedObject]
    prefix: str
    cache: ResourceCache

    def key(self, namespace: str, name: str) -> str:
        """The key of an object in the store."""
        return key_of(self.prefix, namespace, name)

    def cached(self, namespace: str, name: str) -> TypedObject | None:
        """The cached object, which may lag behind the store."""
        return self.cache.objects.get(namespace, name)

    def in_version(self, value: TypedObject) -> TypedObject:
        """A stored object, converted to the version of this resource."""
        return self.kind.from_stored(value)

    def part_in_version(self, value: TypedObject) -> TypedObject:
        """The same, unless a subresource returned another kind."""
        is_stored = isinstance(value, self.strategy.kind.type) or (self.kind.custom and isinstance(value, Unstructured))
        return self.kind.from_stored(value) if is_stored else value

    def in_storage_version(self, value: TypedObject) -> TypedObject:
        """A stored object, converted to the current storage version."""
        kind = self.strategy.kind
        return kind.from_stored(value) if kind.has_webhook_conversion else value

    def to_storage(self, value: TypedObject) -> TypedObject:
        """An object of this version, with defaults, converted to the storage version."""
        if self.kind.has_webhook_conversion:
            return self._checked(value)
        return self.strategy.default(value) if self.kind.stored_as is None else self._converted(value)

    def storing(self, transform: Transform) -> Transform:
        """A transform in the version of this resource, as a transform of stored objects."""
        if self.kind.has_webhook_conversion:
            return lambda current: self._checked(transform(None if current is None else self.in_version(current)))
        if self.kind.stored_as is None:
            return transform
        return lambda current: self._converted(transform(None if current is None else self.in_version(current)))

    def _converted(self, value: TypedObject) -> TypedObject:
        return self.kind.to_stored(self.kind.default(value))

    def _checked(self, value: TypedObject) -> TypedObject:
        """An object converted to the storage version, validated in its own version first.

        Raises:
            Invalid: it is not valid.
        """
        value = self.kind.default(value)
        if self.kind.stored_as is not None and (errors := [*self.kind.validate(value)]):
            raise invalid(self.kind.kind, self.kind.group, value.metadata.name, errors)
        return self.strategy.default(self.kind.to_stored(value))

    def missing(self, name: str) -> StatusError:
        """The error for a name that does not exist."""
        return not_found(self.kind.resource, self.kind.group, name)
