"""One resource as the server serves it: its kind, its rules, its place in the store, its cache."""

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
"""Makes the new object from the stored one; from None if an update creates it.

Raises:
    StatusError: it cannot be made.
"""


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

    def shown(self, value: TypedObject) -> TypedObject:
        """A stored object in the version of this resource."""
        return self.kind.from_stored(value)

    def shown_part(self, value: TypedObject) -> TypedObject:
        """The same, if it is an object of this kind and not what a subresource makes of it."""
        is_stored = isinstance(value, self.strategy.kind.type) or (self.kind.custom and isinstance(value, Unstructured))
        return self.kind.from_stored(value) if is_stored else value

    def kept(self, value: TypedObject) -> TypedObject:
        """A stored object in the version that is stored now."""
        kind = self.strategy.kind
        return kind.from_stored(value) if kind.is_asked_for else value

    def stored(self, value: TypedObject) -> TypedObject:
        """An object of this version with its defaults, as it is stored."""
        if self.kind.is_asked_for:
            return self._checked(value)
        return self.strategy.default(value) if self.kind.stored_as is None else self._converted(value)

    def storing(self, transform: Transform) -> Transform:
        """A change of objects in the version of this resource, as one of what is stored."""
        if self.kind.is_asked_for:
            return lambda current: self._checked(transform(None if current is None else self.shown(current)))
        if self.kind.stored_as is None:
            return transform
        return lambda current: self._converted(transform(None if current is None else self.shown(current)))

    def _converted(self, value: TypedObject) -> TypedObject:
        return self.kind.to_stored(self.kind.default(value))

    def _checked(self, value: TypedObject) -> TypedObject:
        """An object of this version as it is stored. It is valid in its own version before anybody is asked.

        Raises:
            Invalid: it is not.
        """
        value = self.kind.default(value)
        if self.kind.stored_as is not None and (errors := [*self.kind.validate(value)]):
            raise invalid(self.kind.kind, self.kind.group, value.metadata.name, errors)
        return self.strategy.default(self.kind.to_stored(value))

    def missing(self, name: str) -> StatusError:
        """The refusal for a name that does not exist."""
        return not_found(self.kind.resource, self.kind.group, name)
