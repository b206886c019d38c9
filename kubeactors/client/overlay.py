"""The overlay of a cache: a controller's own writes that the cache does not show yet.

A controller that has just scaled a ReplicaSet must not plan with the cache's older copy of it. It records the server's
reply, and reads the cache through the overlay: the newer copy counts.

Source: client-go tools/cache/mutation_cache.go (v1.36), without its time to live: an entry is dropped when the cache has
caught up.
"""

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client.indexer import Lister
from kubeactors.client.objects import key_of, revision_of
from kubeactors.client.reflector import Change

T = TypeVar("T", bound=TypedObject)


class Overlay(Generic[T]):
    """The newest known versions of objects that this controller wrote, in groups of its choice.

    A write counts until the cache is at its revision. If the cache does not have the object then, it has been deleted,
    possibly before the reply to the write arrived (kubernetes/kubernetes#124224).

    Args:
        cache: the objects' lister.
    """

    def __init__(self, cache: Lister[T]) -> None:
        self._cache = cache
        self._written: dict[str, T] = {}
        self._groups: dict[str, dict[str, None]] = {}
        self._group_of: dict[str, str] = {}
        self._deleted: dict[str, str] = {}
        """Keys and uids of deleted objects that the cache shows, or may still come to show."""
        self._missed: dict[str, None] = {}
        """Groups of which an object was created and deleted before the reply to its creation arrived."""

    def wrote(self, group: str, written: T) -> T:
        """Record a write: the server replied with this object, which is returned."""
        key = key_of(written)
        self._forget(key)
        if not self._has_come_to(written):
            self._written[key] = written
            self._group_of[key] = group
            self._groups.setdefault(group, {})[key] = None
        self._deleted.pop(key, None)
        return written

    def created(self, group: str, made: T) -> T:
        """Record a creation: like `wrote`, see also `lacking`."""
        if self._has_come_to(made) and self._cache.by_key(key_of(made)) is None:
            self._missed[group] = None
        return self.wrote(group, made)

    def deleted(self, gone: T) -> None:
        """Record a deletion of this object."""
        key, uid = key_of(gone), gone.metadata.uid
        self._forget(key)
        cached = self._cache.by_key(key)
        if not self._has_come_to(gone) or (cached is not None and cached.metadata.uid == uid):
            self._deleted[key] = uid

    def seen(self, change: Change[T]) -> bool:
        """The cache has changed. True if the change is just the last write recorded here."""
        key = change.key
        if change.new is None:
            self._deleted.pop(key, None)
            written = self._written.get(key)
            if written is not None and change.old is not None and written.metadata.uid == change.old.metadata.uid:
                self._forget(key)
            return False
        if self._deleted.get(key) not in {None, change.new.metadata.uid}:
            del self._deleted[key]
        written = self._written.get(key)
        if written is None:
            return False
        if revision_of(change.new.metadata) < revision_of(written.metadata):
            return False
        self._forget(key)
        return change.new.metadata.resource_version == written.metadata.resource_version

    def newest(self, key: str, cached: T | None) -> T | None:
        """The newest known version of an object; None if it is known to be deleted."""
        if cached is not None and self._deleted.get(key) == cached.metadata.uid:
            return None
        written = self._ahead(key)
        if written is None or (cached is not None and revision_of(cached.metadata) >= revision_of(written.metadata)):
            return cached
        return written

    def group(self, group: str, cached: Mapping[str, T]) -> Iterator[T]:
        """The newest known versions of the objects of a group: those of the cache, and those that it lacks."""
        for key, value in cached.items():
            found = self.newest(key, value)
            if found is not None:
                yield found
        for key in self._groups.get(group, ()):
            written = self._ahead(key)
            if written is not None and key not in cached:
                yield written

    def group_with(self, group: str, cached: Mapping[str, T], others: Mapping[str, T]) -> tuple[T, ...]:
        """The objects of a group, then others of the cache that are not known to be in the group by now.

        An orphan that was adopted may still be an orphan in the cache: it is returned once, not twice.
        """
        known = {key_of(one): one for one in self.group(group, cached)}
        return (*known.values(), *(one for key, one in others.items() if key not in known))

    def lacking(self, group: str) -> bool:
        """Whether the cache lacks an object of a group, so that the controller has to check again after a while.

        The cache may never show it, if it is deleted before. If the cache was ahead when the reply to the creation
        arrived, the object has been deleted already, possibly unseen; then this is True once.
        """
        absent = [key for key in self._groups.get(group, ()) if self._cache.by_key(key) is None]
        for key in absent:
            if self._ahead(key) is None:
                self._forget(key)
        missed = group in self._missed
        self._missed.pop(group, None)
        return missed or bool(absent)

    def forget(self, group: str) -> None:
        """Drop the entries of a group: they are known by other means, or do not matter any more."""
        for key in list(self._groups.get(group, ())):
            self._forget(key)
        self._missed.pop(group, None)

    def _ahead(self, key: str) -> T | None:
        """The recorded write, if the cache is not at its revision yet."""
        written = self._written.get(key)
        return written if written is not None and not self._has_come_to(written) else None

    def _has_come_to(self, value: T) -> bool:
        """Whether the cache is at the revision of this version, or newer."""
        return revision_of(value.metadata) <= self._cache.revision

    def _forget(self, key: str) -> None:
        if self._written.pop(key, None) is None:
            return
        group = self._group_of.pop(key)
        keys = self._groups[group]
        del keys[key]
        if not keys:
            del self._groups[group]
