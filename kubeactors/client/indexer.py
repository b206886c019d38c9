"""The local copy of a collection, and its indexes.

Source: client-go tools/cache/thread_safe_store.go (v1.36); tallies are ours.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from operator import attrgetter
from types import MappingProxyType
from typing import Generic, Protocol, TypeVar, cast

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client.objects import cluster_key

T = TypeVar("T", bound=TypedObject)
T_co = TypeVar("T_co", bound=TypedObject, covariant=True)
V_contra = TypeVar("V_contra", contravariant=True)
R_co = TypeVar("R_co", covariant=True)

IndexFunction = Callable[[T], tuple[str, ...]]
"""Returns the values under which an object is indexed; with none it is not in the index."""

GroupFunction = Callable[[T], tuple[str, Hashable] | None]
"""Returns the bucket and the class in which an object is counted; None: it is not counted."""


class Reading(Generic[V_contra, R_co]):
    """A function of an object that reads only these fields: its result changes only if one of them does."""

    __slots__ = ("fields", "function")

    def __init__(self, function: Callable[[V_contra], R_co], fields: tuple[str, ...]) -> None:
        self.function: Callable[[V_contra], R_co] = function
        self.fields: tuple[str, ...] = fields

    def __call__(self, value: V_contra, /) -> R_co:
        """The function's result."""
        return self.function(value)


def reading(*fields: str) -> Callable[[Callable[[V_contra], R_co]], Reading[V_contra, R_co]]:
    """Decorator for a function of an index or a tally that reads only these fields, such as `metadata.labels`.

    Most changes of a pod do not touch its labels and owners; the function is not called then. Namespace, name and uid
    never change, and need not be named.
    """
    return lambda function: Reading(function, fields)


def _unwrapped(function: Callable[[V_contra], R_co]) -> Callable[[V_contra], R_co]:
    """The function itself: calling it through a `Reading` would double the cost."""
    found: object = getattr(function, "function", function)
    return cast("Callable[[V_contra], R_co]", found)


EVERY_FIELD = -1
_SAME = "metadata.uid"
"""A field that never changes: with it there are at least two fields, so that the getter returns a tuple."""

_NO_COUNTS: Mapping[Hashable, int] = MappingProxyType({})
_NO_KEYS: Mapping[str, None] = MappingProxyType({})


class Lister(Protocol[T_co]):
    """The read-only side of an `Indexer`. Objects are shared and immutable; keys are in insertion order."""

    @property
    def revision(self) -> int:
        """The revision up to which the cache is complete."""
        ...

    def get(self, name: str, namespace: str = "") -> T_co | None:
        """The object of that name, if the cache has it."""
        ...

    def by_key(self, key: str) -> T_co | None:
        """The object of that key, if the cache has it."""
        ...

    def by_index(self, index: str, value: str) -> Mapping[str, T_co]:
        """The objects that are indexed under that value, by key. A live view: copy it before an await."""
        ...

    def counts(self, tally: str, bucket: str) -> Mapping[Hashable, int]:
        """The number of objects of each class in a bucket of a tally, without zeros."""
        ...

    def tally(self, tally: str) -> Mapping[str, Mapping[Hashable, int]]:
        """All buckets of a tally."""
        ...

    def __iter__(self) -> Iterator[T_co]: ...
    def __len__(self) -> int: ...


class _Bucket(Mapping[str, T]):
    """A live view of the objects under one value of an index."""

    __slots__ = ("_keys", "_objects")

    def __init__(self, keys: Mapping[str, None], objects: Mapping[str, T]) -> None:
        self._keys = keys
        self._objects = objects

    def __getitem__(self, key: str) -> T:
        self._keys[key]
        return self._objects[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


class _Index(Generic[T]):
    """Keys of objects, by value."""

    def __init__(self, values: IndexFunction[T]) -> None:
        self._values = _unwrapped(values)
        self.source: IndexFunction[T] = values
        self.asked: bool = False
        self.buckets: dict[str, dict[str, None]] = {}

    def change(self, key: str, old: T | None, new: T | None) -> None:
        before = self._values(old) if old is not None else ()
        after = self._values(new) if new is not None else ()
        if before == after:
            return
        for value in after:
            if value not in before:
                self.buckets.setdefault(value, {})[key] = None
        for value in before:
            if value not in after:
                self._drop(value, key)

    def _drop(self, value: str, key: str) -> None:
        bucket = self.buckets[value]
        bucket.pop(key, None)
        if not bucket:
            del self.buckets[value]


class Tally(Generic[T]):
    """Counts of objects by bucket and class, updated with each change, so that nobody has to iterate over them."""

    def __init__(self, group: GroupFunction[T]) -> None:
        self._group = _unwrapped(group)
        self.source: GroupFunction[T] = group
        self.asked: bool = False
        """Whether it has been used: until then nothing is counted."""
        self.buckets: dict[str, dict[Hashable, int]] = {}

    def change(self, _key: str, old: T | None, new: T | None) -> None:
        """Count the change of one object from `old` to `new`."""
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
    """Objects by key, with indexes and tallies. One writer: its reflector.

    An index costs nothing until it is first used, which iterates over all objects; from then on it follows every change.
    In a cluster without Services or Jobs, nobody uses the indexes of their pods.
    """

    def __init__(self) -> None:
        self.objects: dict[str, T] = {}
        self.revision = 0
        """See `Lister.revision`; set by the reflector."""
        self._indexes: dict[str, _Index[T]] = {}
        self._tallies: dict[str, Tally[T]] = {}
        self._followers: list[_Index[T] | Tally[T]] = []
        self._readers: list[tuple[_Index[T] | Tally[T], int]] = []
        """Followers that read only some of `_fields`, with a bit for each of those."""
        self._fields: tuple[str, ...] = (_SAME,)
        self._read: Callable[[T], tuple[object, ...]] = _nothing
        """Gets the values of `_fields`."""

    def add_index(self, name: str, values: IndexFunction[T]) -> None:
        """Index present and future objects. If there is an index of that name, it is kept: the name identifies it."""
        if name not in self._indexes:
            self._indexes[name] = _Index(values)

    def add_tally(self, name: str, group: GroupFunction[T]) -> None:
        """Count present and future objects. If there is a tally of that name, it is kept."""
        if name not in self._tallies:
            self._tallies[name] = Tally(group)

    def put(self, key: str, new: T) -> T | None:
        """Add or replace an object. Returns the previous one."""
        old = self.objects.get(key)
        self.objects[key] = new
        if self._readers:
            changed = EVERY_FIELD if old is None else self._changed(old, new)
            if changed:
                for reader, fields in self._readers:
                    if fields & changed:
                        reader.change(key, old, new)
        for follower in self._followers:
            follower.change(key, old, new)
        return old

    def remove(self, key: str) -> T | None:
        """Remove an object. Returns it."""
        old = self.objects.pop(key, None)
        if old is not None:
            for reader, _ in self._readers:
                reader.change(key, old, None)
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
        found = self._indexes[index]
        if not found.asked:
            self._follow(found)
        return _Bucket(found.buckets.get(value, _NO_KEYS), self.objects)

    def counts(self, tally: str, bucket: str) -> Mapping[Hashable, int]:
        """See `Lister.counts`."""
        return self.tally(tally).get(bucket, _NO_COUNTS)

    def tally(self, tally: str) -> Mapping[str, Mapping[Hashable, int]]:
        """See `Lister.tally`."""
        found = self._tallies[tally]
        if not found.asked:
            self._follow(found)
        return found.buckets

    def __iter__(self) -> Iterator[T]:
        return iter(self.objects.values())

    def __len__(self) -> int:
        return len(self.objects)

    def _changed(self, old: T, new: T) -> int:
        """The fields that differ, as bits."""
        before, after = self._read(old), self._read(new)
        if before == after:
            return 0
        changed, bit = 0, 1
        for one, other in zip(before, after, strict=True):
            if one is not other and one != other:
                changed |= bit
            bit <<= 1
        return changed

    def _follow(self, follower: _Index[T] | Tally[T]) -> None:
        function: object = follower.source
        follower.asked = True
        if isinstance(function, Reading):
            self._fields = tuple(dict.fromkeys((*self._fields, *function.fields)))
            self._read = attrgetter(*self._fields)
            self._readers.append((follower, sum(1 << self._fields.index(one) for one in function.fields)))
        else:
            self._followers.append(follower)
        for key, value in self.objects.items():
            follower.change(key, None, value)


def _nothing(_: object) -> tuple[object, ...]:
    return ()
