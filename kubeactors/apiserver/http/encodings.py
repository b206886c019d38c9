"""The JSON of objects, made once while it is fresh: lists and watches of many clients show the same objects."""

from collections import deque

from kubeactors.apimachinery.meta import HasMeta
from kubeactors.apimachinery.serializer import encode_item, opening

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
        self._order: deque[int] = deque()
        """What is known, oldest first. To ask the dict would take longer the more of it has been forgotten."""

    def tail(self, obj: HasMeta) -> bytes:
        """The object as an item of a list, without its opening brace."""
        found = self._known.get(id(obj))
        if found is not None:
            return found[1]
        made = encode_item(obj)[1:]
        self._keep(obj, made)
        return made

    def document(self, obj: HasMeta) -> bytes:
        """The object with its type in front."""
        tail = self.tail(obj)
        return opening(obj, tail) + tail

    def _keep(self, obj: HasMeta, made: bytes) -> None:
        self._known[id(obj)] = (obj, made)
        self._order.append(id(obj))
        self._size += len(made)
        while self._size > self._max_bytes:
            _, oldest = self._known.pop(self._order.popleft())
            self._size -= len(oldest)
