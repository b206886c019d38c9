"""Shared parts of components: informers, expectations, overlays."""

from contextlib import AbstractContextManager, ExitStack
from typing import TypeVar
from unittest.mock import patch

from msgspec.structs import replace

from kubeactors.actor import Context
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import ListOptions, ListResult, WatchClosed
from kubeactors.apimachinery.status import Status
from kubeactors.apiserver.reading import Reader, too_large
from kubeactors.apiserver.registry.resource import Resource
from kubeactors.apiserver.selection import Selection
from kubeactors.client import Client, Expectations, InformerFactory, Overlay, Reflector, key_of
from kubeactors.client import reflector as reflectors
from kubeactors.client.client import ObjectList
from kubeactors.client.expectations import Standing
from kubeactors.client.leaderelector import Tenure
from kubeactors.client.reflector import Change

T = TypeVar("T", bound=TypedObject)
M = TypeVar("M")


def expectations_expire() -> AbstractContextManager[object]:
    """After five minutes a controller trusts its cache, however stale that is."""
    genuine = Expectations.standing

    def standing(self: Expectations, key: str, now: int, seen: int = 0) -> Standing:
        found = genuine(self, key, now, seen)
        record = self._records.get(key)
        if found is Standing.DOUBTED and record is not None and not record.doubted:
            del self._records[key]
            return Standing.MET
        return found

    return patch.object(Expectations, "standing", standing)


def leaders_keep_leading() -> AbstractContextManager[object]:
    """A leader that cannot renew its Lease continues its work."""

    def end(_self: Tenure[object]) -> None:
        """Do nothing."""

    return patch.object(Tenure, "_end", end)


def expectations_are_dropped() -> AbstractContextManager[object]:
    """Controllers have no expectations of what they have just created."""

    def standing(_self: Expectations, _key: str, _now: int, _seen: int = 0) -> Standing:
        return Standing.MET

    return patch.object(Expectations, "standing", standing)


def writes_outlive_their_objects() -> AbstractContextManager[object]:
    """The reply to a write resurrects an object in the cache that has been deleted already."""

    def has_come_to(_self: Overlay[T], _value: T) -> bool:
        return False

    return patch.object(Overlay, "_has_come_to", has_come_to)


def restarts_read_old_caches() -> AbstractContextManager[object]:
    """After a restart a component trusts the server's watch cache, which may be older than what it knew."""
    genuine = InformerFactory.__init__

    def init(self: InformerFactory, ctx: Context[M], client: Client, *, consistent: bool = True) -> None:
        genuine(self, ctx, client, consistent=consistent and False)

    return patch.object(InformerFactory, "__init__", init)


def relists_miss_deletions() -> AbstractContextManager[object]:
    """Objects that were deleted while a watch was broken stay in the cache."""

    genuine = Reflector[TypedObject]._replace

    def replaced(self: Reflector[TypedObject], found: ObjectList[TypedObject]) -> tuple[Change[TypedObject], ...]:
        present = dict.fromkeys(map(key_of, found.items))
        missing = tuple(one for key, one in self._indexer.objects.items() if key not in present)
        return genuine(self, replace(found, items=(*found.items, *missing)))

    return patch.object(Reflector, "_replace", replaced)


def caches_stop_at_their_last_change() -> AbstractContextManager[object]:
    """Not a bug: servers and clients as they once were. The preparation for the next mutant.

    The watch cache of a kind is only as new as its last change, and a client that has lost its watch relists from a revision
    not older than what it has seen.
    """
    genuine_list, genuine_closed = Reader.list, Reflector[TypedObject].closed

    async def list_(
        self: Reader, resource: Resource, namespace: str, options: ListOptions, selection: Selection
    ) -> ListResult:
        versions = (int(one.metadata.resource_version) for one in resource.cache.objects.select(Selection()))
        wanted, known = int(options.resource_version or 0), max(versions, default=0)
        if wanted > known:
            raise too_large(wanted, known)
        return await genuine_list(self, resource, namespace, options, selection)

    def closed(self: Reflector[TypedObject], message: WatchClosed) -> None:
        self.must_list |= message.watch == self.number
        genuine_closed(self, message)

    stack = ExitStack()
    stack.enter_context(patch.object(Reader, "list", list_))
    stack.enter_context(patch.object(Reflector, "closed", closed))
    return stack


def what_is_too_new_is_asked_for_again() -> AbstractContextManager[object]:
    """A client whose list is rejected because the server is behind retries the same request without end."""

    def is_too_large(_status: Status) -> bool:
        return False

    stack = ExitStack()
    stack.enter_context(caches_stop_at_their_last_change())
    stack.enter_context(patch.object(reflectors, "_is_too_large", is_too_large))
    return stack
