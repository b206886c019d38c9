"""The encoding of objects in the store: structs in memory, JSON in bytes.

A stored struct carries its revision as resource version; its bytes do not, because the store keeps it beside them.
"""

from typing import cast

from kubeactors.apimachinery import serializer
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.scheme import Scheme
from kubeactors.apimachinery.unstructured import type_of_kind
from kubeactors.apiserver.objects import stamped
from kubeactors.storage.messages import Value


class ObjectCodec:
    """The store's codec for the kinds of a scheme."""

    def __init__(self, scheme: Scheme) -> None:
        self._scheme = scheme
        self._groups = dict.fromkeys(kind.group for kind in scheme if not kind.custom)

    def encode(self, value: Value) -> bytes:
        """The object as JSON."""
        return serializer.encode(cast("TypedObject", value))

    def decode(self, data: bytes, mod_revision: int) -> Value:
        """The object, with its revision as resource version.

        Raises:
            DecodeError: the bytes are not an object.
            KeyError: the object's kind is not in the scheme.
        """
        type_ = serializer.type_of(data)
        kind = self._scheme.by_kind(type_.api_version, type_.kind)
        if kind is None and self._is_custom(type_.api_version):
            custom = type_of_kind(type_.api_version, type_.kind)
            return stamped(serializer.decode(data, custom).object, mod_revision)
        if kind is None:
            raise KeyError(
                f"{type_.api_version} {type_.kind}: not a kind that is served; it was stored by another version"
            )
        return stamped(serializer.decode(data, kind.type).object, mod_revision)

    def stamp(self, value: Value, mod_revision: int) -> Value:
        """The object with its revision as resource version."""
        return stamped(cast("TypedObject", value), mod_revision)

    def _is_custom(self, api_version: str) -> bool:
        """Whether the group is not built in, so that a CustomResourceDefinition must have added it."""
        group = api_version.rpartition("/")[0]
        return "." in group and group not in self._groups
