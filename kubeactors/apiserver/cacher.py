"""The watch cache: all objects of all resources as of one revision, fed by one watch of the store.

Source: apiserver/pkg/storage/cacher (v1.36).
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, cast

from kubeactors.apimachinery.meta import ObjectMeta, TypedObject
from kubeactors.apimachinery.requests import ADDED, BOOKMARK, GroupVersionResource, WatchEvent
from kubeactors.apimachinery.scheme import Kind, Scheme
from kubeactors.apimachinery.unstructured import Unstructured
from kubeactors.apiserver.changes import Change
from kubeactors.apiserver.collection import Collection
from kubeactors.apiserver.history import History
from kubeactors.apiserver.selection import NodeOf, Selection
from kubeactors.apiserver.watchers import ResourceWatchers, Watcher, WatchHub
from kubeactors.storage.messages import KeyValue, StoreEvent

INITIAL_EVENTS_END = "k8s.io/initial-events-end"
"""The annotation of the bookmark that follows the last initial event."""


class ResourceCache:
    """The objects of one resource, their recent changes, and their watchers."""

    def __init__(self, kind: Kind[TypedObject], node_of: NodeOf | None, history: int) -> None:
        self.kind = kind
        self.objects: Collection = Collection(node_of)
        self.watchers: ResourceWatchers = ResourceWatchers(node_of)
        self.history: History = History(history, 0)
        self.followers: tuple[Follower, ...] = ()
        """The observers of the changes."""
        self._node_of = node_of
        self._capacity = history

    def reset(self, revision: int) -> None:
        """Drop all objects and changes; history starts after this revision."""
        self.objects = Collection(self._node_of)
        self.history = History(self._capacity, revision)

    def bookmark(self, revision: int, annotations: dict[str, str] | None = None) -> WatchEvent:
        """A bookmark: every change up to this revision has been sent."""
        metadata = ObjectMeta(resource_version=str(revision), annotations=annotations or {})
        return WatchEvent(BOOKMARK, self.kind.type(metadata=metadata))

    def initial(self, selection: Selection) -> list[WatchEvent]:
        """The current objects as ADDED events."""
        return [WatchEvent(ADDED, one) for one in self.objects.select(selection)]


class Follower(Protocol):
    """An observer of changes of some kinds, called as the cache applies them."""

    def concerns(self, kind: Kind[TypedObject]) -> bool:
        """Whether it observes this kind; asked once per kind."""
        ...

    def observe(self, kind: Kind[TypedObject], change: Change) -> None:
        """An object of the kind has changed."""
        ...

    def reset(self) -> None:
        """The cache was primed again, or a custom kind was added or removed: changes may have been missed."""
        ...


class Cacher:
    """The caches of all resources, at one common revision."""

    def __init__(
        self, scheme: Scheme, hub: WatchHub, *, history: int, node_of: Callable[[Kind[TypedObject]], NodeOf | None]
    ) -> None:
        self._hub = hub
        kept = [kind for kind in scheme if kind.stored]
        self._caches = {kind.gvr: ResourceCache(kind, node_of(kind), history) for kind in kept}
        self._by_type: dict[type[TypedObject], ResourceCache] = {
            cache.kind.type: cache for cache in self._caches.values()
        }
        for kind in scheme:
            if kind.stored_as is not None:
                self._caches[kind.gvr] = self._caches[kind.stored_as]
        self._history = history
        self._unclaimed: dict[type[TypedObject], Collection] = {}
        """Custom objects whose kind is not served (yet)."""
        self._followers: list[Follower] = []
        self.revision: int = 0
        """Every change up to this revision of the store has been applied."""

    def __iter__(self) -> Iterator[ResourceCache]:
        return iter(dict.fromkeys(self._caches.values()))

    def serve(self, stored: Kind[TypedObject], versions: Iterable[Kind[TypedObject]]) -> ResourceCache:
        """Cache a custom kind, whichever version its objects are stored in, including those already known."""
        cache = self._caches.get(stored.gvr)
        is_new = cache is None
        if cache is None:
            cache = ResourceCache(stored, None, self._history)
            cache.reset(self.revision)
            cache.followers = tuple(one for one in self._followers if one.concerns(stored))
        cache.kind = stored
        for kind in (stored, *versions):
            self._caches[kind.gvr] = self._by_type[kind.type] = cache
            for value in self._unclaimed.pop(kind.type, Collection()).select(Selection()):
                cache.objects.put(_kept(stored, value))
        for follower in cache.followers if is_new else ():
            follower.reset()
        return cache

    def withdraw(self, kind: Kind[TypedObject]) -> None:
        """Stop caching a custom kind. Its watchers must have been closed before."""
        cache = self._caches.pop(kind.gvr, None)
        self._by_type.pop(kind.type, None)
        for follower in cache.followers if cache is not None else ():
            follower.reset()

    def of(self, resource: GroupVersionResource) -> ResourceCache:
        """The cache of a served resource."""
        return self._caches[resource]

    def get(self, resource: GroupVersionResource, namespace: str, name: str) -> TypedObject | None:
        """The cached object, or None."""
        cache = self._caches.get(resource)
        return None if cache is None else cache.objects.get(namespace, name)

    def select(self, resource: GroupVersionResource, namespace: str = "") -> Iterator[TypedObject]:
        """The objects of a namespace, or of all; none if the resource is not served."""
        cache = self._caches.get(resource)
        return iter(()) if cache is None else cache.objects.within(namespace)

    def on_node(self, resource: GroupVersionResource, node: str, namespace: str) -> Iterator[TypedObject]:
        """The objects of a resource that are bound to a node, in one namespace."""
        return self.of(resource).objects.select(Selection(namespace=namespace, node=node))

    def follow(self, follower: Follower) -> None:
        """Send a follower all changes of the kinds that concern it from now on."""
        self._followers.append(follower)
        for cache in self:
            if follower.concerns(cache.kind):
                cache.followers += (follower,)

    def prime(self, revision: int, kvs: Iterable[KeyValue]) -> None:
        """Replace all contents by the store's at a revision. Watchers must have been closed before."""
        for cache in self._caches.values():
            cache.reset(revision)
        self._unclaimed.clear()
        for kv in kvs:
            value = cast("TypedObject", kv.value)
            found = self._by_type.get(type(value))
            if found is not None:
                found.objects.put(_kept(found.kind, value))
            elif isinstance(value, Unstructured):
                self._unclaimed.setdefault(type(value), Collection()).put(value)
        self.revision = revision
        for follower in self._followers:
            follower.reset()

    def apply(self, revision: int, events: Iterable[StoreEvent]) -> None:
        """Apply events of the store, and queue what watchers see of them."""
        for event in events:
            self._apply(event)
        self.revision = max(revision, self.revision)

    def watch(self, watcher: Watcher, events: Iterable[WatchEvent]) -> None:
        """Register a watcher; these events are sent to it first."""
        for event in events:
            self._hub.offer(watcher, event)
        self.of(watcher.resource).watchers.add(watcher)

    def replay(self, watcher: Watcher) -> list[WatchEvent]:
        """The events after the revision that a watcher starts from."""
        changes = self.of(watcher.resource).history.after(watcher.since)
        found = (self._seen(watcher, change) for change in changes)
        return [event for event in found if event is not None]

    def _apply(self, event: StoreEvent) -> None:
        if event.deleted:
            self._remove(event)
            return
        value = cast("TypedObject", event.kv.value)
        cache = self._by_type.get(type(value))
        if cache is not None:
            value = _kept(cache.kind, value)
            self._spread(cache, Change(event.kv.mod_revision, value, cache.objects.put(value)))
        elif isinstance(value, Unstructured):
            self._unclaimed.setdefault(type(value), Collection()).put(value)

    def _remove(self, event: StoreEvent) -> None:
        assert event.previous is not None, "a delete event carries the previous object"
        value = cast("TypedObject", event.previous.value)
        cache = self._by_type.get(type(value))
        if cache is None:
            unclaimed = self._unclaimed.get(type(value))
            if unclaimed is not None:
                unclaimed.remove(value.metadata.namespace, value.metadata.name)
            return
        previous = cache.objects.remove(value.metadata.namespace, value.metadata.name)
        if previous is not None:
            self._spread(cache, Change(event.kv.mod_revision, None, previous))

    def _spread(self, cache: ResourceCache, change: Change) -> None:
        cache.history.append(change)
        for follower in cache.followers:
            follower.observe(cache.kind, change)
        concerned = cache.watchers.concerned(change)
        if not concerned:
            return
        offer, revision, whole = self._hub.offer, change.revision, change.seen_through(None)
        for watcher in concerned:
            if revision > watcher.since:
                event = whole if watcher.matches is None else change.seen_through(watcher.matches)
                if event is not None:
                    offer(watcher, event)

    @staticmethod
    def _seen(watcher: Watcher, change: Change) -> WatchEvent | None:
        if not _in_scope(watcher, change):
            return None
        return change.seen_through(watcher.matches)


def _kept(kind: Kind[TypedObject], value: TypedObject) -> TypedObject:
    """The object in the current storage version, unless only a webhook could convert it."""
    return value if kind.has_webhook_conversion else kind.from_stored(value)


def _in_scope(watcher: Watcher, change: Change) -> bool:
    """Whether namespace and name are those of the watcher's scope; its node is part of its selector."""
    namespace, name, _ = watcher.scope
    value = change.current or change.previous
    assert value is not None, "a change has an object"
    metadata = value.metadata
    return (not namespace or metadata.namespace == namespace) and (not name or metadata.name == name)
