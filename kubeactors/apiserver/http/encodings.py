"""A cache of encoded objects: lists and watches of many clients return the same ones."""

from collections import deque

from kubeactors.apimachinery.meta import HasMeta
from kubeactors.apimachinery.serializer import encode_item, opening

MAX_BYTES = 32 * 1024 * 1024
"""The limit of the whole cache. A pod has about 2 KiB."""


class Encodings:
    """Encodings by object identity; objects are immutable. The oldest are evicted first.

    An object is referenced as long as its encoding is cached, so that its identity is not reused.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._size = 0
        self._known: dict[int, tuple[HasMeta, bytes]] = {}
        self._order: deque[int] = deque()
        """The cached identities, oldest first. Asking the dict for its oldest key slows down with each eviction."""

    def tail(self, obj: HasMeta) -> bytes:
        """The encoding as a list item, without its opening brace."""
        found = self._known.get(id(obj))
        if found is not None:
            return found[1]
        made = encode_item(obj)[1:]
        self._keep(obj, made)
        return made

    def document(self, obj: HasMeta) -> bytes:
        """The encoding with apiVersion and kind first."""
        tail = self.tail(obj)
        return opening(obj, tail) + tail

    def _keep(self, obj: HasMeta, made: bytes) -> None:
        self._known[id(obj)] = (obj, made)
        self._order.append(id(obj))
        self._size += len(made)
        while self._size > self._max_bytes:
            _, oldest = self._known.pop(self._order.popleft())
            self._size -= len(oldest)
