"""The local copy of a collection, and its indexes.

Source: client-go tools/cache/thread_safe_store.go (v1.36); tallies are ours.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from types import MappingProxyType
from typing import Generic, Protocol, TypeVar

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client.objects import cluster_key

T = TypeVar("T", bound=TypedObject)
T_co = TypeVar("T_co", bound=TypedObject, covariant=True)

IndexFunction = Callable[[T], tuple[str, ...]]
"""The values under which an object is found; none leaves it out of the index."""

GroupFunction = Callable[[T], tuple[str, Hashable] | None]
"""The bucket and the class that an object is counted in; None counts it nowhere."""


_NO_COUNTS: Mapping[Hashable, int] = MappingProxyType({})


class Lister(Protocol[T_co]):
    """The read-only side of an `Indexer`. What it returns is shared and never changed; keys stand in order of arrival."""

    @property
    def revision(self) -> int:
        """Everything up to this revision is in it, if it is of a whole collection."""
        ...

    def get(self, name: str, namespace: str = "") -> T_co | None:
        """The object of that name, if the cache has it."""
        ...

    def by_key(self, key: str) -> T_co | None:
        """The object of that key, if the cache has it."""
        ...

    def by_index(self, index: str, value: str) -> Mapping[str, T_co]:
        """The objects that the index has under that value, by key. A live view: copy it before you await."""
        ...

    def counts(self, tally: str, bucket: str) -> Mapping[Hashable, int]:
        """How many objects of each class the bucket of a tally has; classes without any are left out."""
        ...

    def tally(self, tally: str) -> Mapping[str, Mapping[Hashable, int]]:
        """All buckets of a tally."""
        ...

    def __iter__(self) -> Iterator[T_co]: ...
    def __len__(self) -> int: ...


class _Index(Generic[T]):
    """The objects by value, by key."""

    def __init__(self, values: IndexFunction[T]) -> None:
        self.values = values
        self.buckets: dict[str, dict[str, T]] = {}

    def change(self, key: str, old: T | None, new: T | None) -> None:
        before = self.values(old) if old is not None else ()
        after = self.values(new) if new is not None else ()
        if new is not None:
            for value in after:
                self.buckets.setdefault(value, {})[key] = new
        if before != after:
            for value in before:
                if value not in after:
                    self._drop(value, key)

    def _drop(self, value: str, key: str) -> None:
        bucket = self.buckets[value]
        bucket.pop(key, None)
        if not bucket:
            del self.buckets[value]


class Tally(Generic[T]):
    """Counts objects by bucket and class as they change, so that nobody has to walk over them."""

    def __init__(self, group: GroupFunction[T]) -> None:
        self._group = group
        self.buckets: dict[str, dict[Hashable, int]] = {}

    def change(self, _key: str, old: T | None, new: T | None) -> None:
        """Count the step of one object from `old` to `new`."""
        before = self._group(old) if old is not None else None
        after = self._group(new) if new is not None else None
        if before == after:
            return
        if before is not None:
            self._add(before, -1)
        if after is not None:
            self._add(after, 1)

    def _add(self, place: tuple[str, Hashable], step: int) -> None:
        bucket, kind = place
        counts = self.buckets.setdefault(bucket, {})
        counts[kind] = counts.get(kind, 0) + step
        if not counts[kind]:
            del counts[kind]
            if not counts:
                del self.buckets[bucket]


class Indexer(Generic[T]):
    """Objects by key, with indexes and tallies that follow every change. One writer: its reflector."""

    def __init__(self) -> None:
        self.objects: dict[str, T] = {}
        self.revision = 0
        """Set by the reflector: everything up to here is in it."""
        self._indexes: dict[str, _Index[T]] = {}
        self._tallies: dict[str, Tally[T]] = {}
        self._followers: list[_Index[T] | Tally[T]] = []

    def add_index(self, name: str, values: IndexFunction[T]) -> None:
        """Index present and future objects. A name that is taken already keeps its index: the name is its meaning."""
        if name not in self._indexes:
            self._indexes[name] = index = _Index(values)
            self._follow(index)

    def add_tally(self, name: str, group: GroupFunction[T]) -> None:
        """Count present and future objects. A name that is taken already keeps its tally."""
        if name not in self._tallies:
            self._tallies[name] = tally = Tally(group)
            self._follow(tally)

    def put(self, key: str, new: T) -> T | None:
        """Add or replace; what was there before."""
        old = self.objects.get(key)
        self.objects[key] = new
        for follower in self._followers:
            follower.change(key, old, new)
        return old

    def remove(self, key: str) -> T | None:
        """Remove; what was there before."""
        old = self.objects.pop(key, None)
        if old is not None:
            for follower in self._followers:
                follower.change(key, old, None)
        return old

    def get(self, name: str, namespace: str = "") -> T | None:
        """See `Lister.get`."""
        return self.objects.get(cluster_key(namespace, name))

    def by_key(self, key: str) -> T | None:
        """See `Lister.by_key`."""
        return self.objects.get(key)

    def by_index(self, index: str, value: str) -> Mapping[str, T]:
        """See `Lister.by_index`."""
        return self._indexes[index].buckets.get(value, {})

    def counts(self, tally: str, bucket: str) -> Mapping[Hashable, int]:
        """See `Lister.counts`."""
        return self._tallies[tally].buckets.get(bucket, _NO_COUNTS)

    def tally(self, tally: str) -> Mapping[str, Mapping[Hashable, int]]:
        """See `Lister.tally`."""
        return self._tallies[tally].buckets

    def __iter__(self) -> Iterator[T]:
        return iter(self.objects.values())

    def __len__(self) -> int:
        return len(self.objects)

    def _follow(self, follower: _Index[T] | Tally[T]) -> None:
        self._followers.append(follower)
        for key, value in self.objects.items():
            follower.change(key, None, value)
