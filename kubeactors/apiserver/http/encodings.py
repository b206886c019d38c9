"""The JSON of objects, made once while it is fresh: lists and watches of many clients show the same objects."""

from kubeactors.apimachinery.meta import HasMeta
from kubeactors.apimachinery.serializer import encode_item, typed_item

MAX_BYTES = 32 * 1024 * 1024
"""For all objects together. A pod has about 2 KiB."""


class Encodings:
    """Bytes by the identity of objects, which never change. The oldest are forgotten when there are too many.

    An object is held as long as its bytes are, so that no other can have its identity.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._size = 0
        self._known: dict[int, tuple[HasMeta, bytes]] = {}

    def item(self, obj: HasMeta) -> bytes:
        """The object as an item of a list."""
        found = self._known.get(id(obj))
        if found is not None:
            return found[1]
        made = encode_item(obj)
        self._keep(obj, made)
        return made

    def document(self, obj: HasMeta) -> bytes:
        """The object with its type in front."""
        return typed_item(obj, self.item(obj))

    def _keep(self, obj: HasMeta, made: bytes) -> None:
        self._known[id(obj)] = (obj, made)
        self._size += len(made)
        while self._size > self._max_bytes:
            _, oldest = self._known.pop(next(iter(self._known)))
            self._size -= len(oldest)
