"""The garbage collector: deletes what has lost all its owners, and carries out how owners want to be deleted.

It deletes nothing for want of an owner without having asked the API server for that owner, by name and uid.

Source: pkg/controller/garbagecollector/garbagecollector.go (v1.36).
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import cast

import msgspec

from kubeactors.api.apiextensions.v1.customresourcedefinition import CustomResourceDefinition
from kubeactors.apimachinery.meta import DeleteOptions, HasMeta, ObjectMeta, OwnerReference, Preconditions, TypedObject
from kubeactors.apimachinery.requests import MERGE_PATCH, Delete, Get, Patch
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apimachinery.status import Conflict, NotFound
from kubeactors.client import (
    Change,
    Client,
    Controller,
    EventRecorder,
    Lister,
    RecordEvent,
    SharedInformer,
    revision_of,
)
from kubeactors.client.controller import ControllerMessage
from kubeactors.client.correlation import Lru
from kubeactors.controllers.custom_kinds import LINGER_SECONDS, Monitors, Watched, watched_by
from kubeactors.controllers.garbagecollector.graph import (
    FOREGROUND,
    ORPHAN,
    Graph,
    Node,
    attempts_after,
    blocks,
    waits_for_dependents,
    waits_for_orphans,
)
from kubeactors.controllers.garbagecollector.plan import Disown, Owner, Remove, plan
from kubeactors.message import Recipient

ABSENT_OWNERS = 500
"""How many owners that do not exist are remembered. They never will: a uid is never used again."""

DEFINITION = "definition/"
"""What keys of definitions begin with; others are uids."""

UNSEEN_SECONDS = 1.0
"""How soon an object is looked at again whose owner exists, but has not been seen in the graph yet."""


class GarbageCollector(Controller):
    """Looks at an object (by uid) when its owners, or how it is to be deleted, have changed."""

    concurrency = 20

    def __init__(
        self,
        client: Client,
        events: Recipient[RecordEvent],
        *,
        informers: Iterable[SharedInformer[TypedObject]],
        definitions: SharedInformer[CustomResourceDefinition],
    ) -> None:
        super().__init__()
        self._client = client
        self._events = events
        self._graph = Graph()
        self._absent: Lru[bool] = Lru(ABSENT_OWNERS)
        self._gone: Lru[bool] = Lru(ABSENT_OWNERS)
        """The uids of owners whose end was seen."""
        self._kinds: dict[str, Watched] = {}
        self._watched: dict[tuple[str, str], None] = {}
        """The groups and resources of the kinds, whichever versions others name them by."""
        self._listers: dict[str, Lister[TypedObject]] = {}
        """What is known of each kind: the graph does not hear of what does not matter here."""
        self._definitions = definitions
        for informer in informers:
            kind = client.scheme.by_type(informer.type)
            self._add(informer.source, Watched(kind.gvr, kind.type, kind.namespaced))
            is_definition = informer.source == definitions.source
            handler = self._on_definition if is_definition else partial(self._on_change, informer.source)
            self._listers[informer.source] = informer.lister
            self.observe(informer, handler, concerns=None if is_definition else _is_about_owners)

    def started(self) -> None:
        """Subscribe."""
        super().started()
        self._recorder = EventRecorder(self._events, self.ctx, "garbage-collector-controller")
        self._monitors: Monitors[ControllerMessage] = Monitors(self.ctx, self._client)

    # Kinds that come and go.

    def _add(self, source: str, watched: Watched) -> None:
        self._kinds[source] = watched
        self._watched[watched.gvr.group, watched.gvr.resource] = None

    def _remove_kind(self, source: str) -> None:
        gvr = self._kinds.pop(source).gvr
        del self._watched[gvr.group, gvr.resource]
        self._graph.forget(source)

    def _on_definition(self, change: Change[TypedObject]) -> None:
        """Watch a new kind at once; one that has gone may still have something to tell."""
        self._on_change(self._definitions.source, change)
        crd = cast("CustomResourceDefinition | None", change.new)
        if crd is not None and watched_by(crd) is not None:
            self._follow(change.key)
        else:
            self.enqueue_after(DEFINITION + change.key, LINGER_SECONDS)

    def _follow(self, name: str) -> None:
        """Watch what the definition says now, and nothing else for it."""
        crd = self._definitions.lister.by_key(name)
        wanted = watched_by(crd) if crd is not None else None
        running = self._monitors.get(name)
        if running is not None and running[0] != wanted:
            self.forget(running[1])
            self._remove_kind(running[1].source)
            self._monitors.stop(name)
            running = None
        if running is None and wanted is not None:
            informer = self._monitors.start(name, wanted)
            self._add(informer.source, wanted)
            self.observe_late(informer, partial(self._on_change, informer.source))

    # What is there.

    def _on_change(self, source: str, change: Change[TypedObject]) -> None:
        old, new = change.old, change.new
        node = self._graph.get(new.metadata.uid) if new is not None else None
        if node is not None and new is not None:
            if node.value is not old and revision_of(new.metadata) < revision_of(node.metadata):
                return  # a newer state was read live
            if _is_alike(node.metadata, new.metadata):
                node.value = new
                return
        if new is None:
            self._note_gone(change.current.metadata)
        for uid in attempts_after(self._graph, source, old, new):
            self.enqueue(uid)

    def _note_gone(self, metadata: ObjectMeta) -> None:
        """Once its kind is gone too, nobody can be asked about it."""
        if self._graph.has_dependents(metadata.uid):
            self._gone[metadata.uid] = True

    async def reconcile(self, key: str) -> None:
        """Look at the object with this uid, or at a definition that may have gone."""
        if key.startswith(DEFINITION):
            self._follow(key.removeprefix(DEFINITION))
            return
        node = self._graph.get(key)
        if node is None:
            return
        metadata = node.metadata
        if waits_for_orphans(metadata):
            await self._orphan(node)
        elif waits_for_dependents(metadata):
            await self._finish_foreground(node)
        elif metadata.deletion_timestamp is None:
            await self._attempt(node)

    # Owners' wishes.

    async def _orphan(self, node: Node) -> None:
        """Take the owner out of its dependents, then let it go.

        They are read live as well: a dependent that the graph has not seen would be garbage once its owner is gone.
        Kubernetes trusts its graph here.
        """
        uid = node.metadata.uid
        for dependent in (*self._graph.dependents(uid), *await self._unseen_dependents(node.metadata)):
            metadata = dependent.metadata
            await self._disown(dependent, metadata, tuple(one for one in metadata.owner_references if one.uid != uid))
        await self._remove_finalizer(node, ORPHAN)

    async def _unseen_dependents(self, owner: ObjectMeta) -> list[Node]:
        """What names the owner in the API server, and not in the graph."""
        seen = {one.metadata.uid for one in self._graph.dependents(owner.uid)}
        found: list[Node] = []
        for source, kind in tuple(self._kinds.items()):
            if kind.namespaced or not owner.namespace:
                found += [
                    Node(source, one)
                    for one in await self._listed(kind, owner.namespace)
                    if one.metadata.uid not in seen and _names(one, owner)
                ]
        return found

    async def _listed(self, kind: Watched, namespace: str) -> tuple[TypedObject, ...]:
        try:
            return (await self._client.list(kind.type, namespace)).items
        except NotFound:
            return ()  # the kind is gone by now, or is not served yet

    async def _finish_foreground(self, node: Node) -> None:
        """Let the owner go if no dependent blocks it; else see that they go.

        Dependents of a custom kind must have been seen for that. Kubernetes does not wait for them.
        """
        uid = node.metadata.uid
        if not self.late_synced:
            self.enqueue_after(uid, UNSEEN_SECONDS)
            return
        blocking = [one for one in self._graph.dependents(uid) if blocks(one.metadata, uid)]
        if not blocking:
            await self._remove_finalizer(node, FOREGROUND)
            return
        for dependent in blocking:
            if not waits_for_dependents(dependent.metadata):
                self.enqueue(dependent.metadata.uid)

    # Orphans.

    async def _attempt(self, node: Node) -> None:
        metadata = node.metadata
        if not metadata.owner_references:
            return
        owners = {one.uid: await self._state(node, one) for one in metadata.owner_references}
        dependents = tuple(one.metadata for one in self._graph.dependents(metadata.uid))
        action = plan(metadata, owners, dependents)
        if isinstance(action, Disown):
            await self._disown(node, metadata, action.remaining)
        elif isinstance(action, Remove):
            await self._remove(node, metadata, action)
        elif self._waits_for_owner(node, owners):
            self.enqueue_after(metadata.uid, UNSEEN_SECONDS)

    def _waits_for_owner(self, node: Node, owners: Mapping[str, Owner]) -> bool:
        """Whether an owner exists that the graph has not seen: its end might never be seen either."""
        unseen = [uid for uid in owners if self._graph.get(uid) is None]
        references = {one.uid: one for one in node.metadata.owner_references}
        return any(self._kind_of(references[uid]) is not None for uid in unseen)

    async def _state(self, node: Node, reference: OwnerReference) -> Owner:
        kind = self._kind_of(reference)
        namespace = node.metadata.namespace
        if kind is None:
            return Owner.ABSENT if self._gone.get(reference.uid) else Owner.SOLID  # nobody else can say so
        if kind.namespaced and not namespace:
            self._warn_of_namespace(node, reference)
            return Owner.SOLID  # which namespace is meant?
        known = self._graph.get(reference.uid)
        if known is not None and known.metadata.namespace in {"", namespace}:
            return Owner.WAITING if waits_for_dependents(known.metadata) else Owner.SOLID
        place = (
            reference.api_version,
            reference.kind,
            namespace if kind.namespaced else "",
            reference.name,
            reference.uid,
        )
        if self._absent.get(place):
            return Owner.ABSENT
        found = await self._read(kind, reference.name, namespace if kind.namespaced else "")
        if found is not None and found.metadata.uid == reference.uid:
            return Owner.WAITING if waits_for_dependents(found.metadata) else Owner.SOLID
        self._absent[place] = True
        self._warn_of_namespace(node, reference)
        return Owner.ABSENT

    def _warn_of_namespace(self, node: Node, reference: OwnerReference) -> None:
        """An owner in another namespace counts for nothing; whoever wrote that should know."""
        namespace = node.metadata.namespace
        if self._graph.get(reference.uid) is None:
            return
        place = f"{reference.api_version}/{reference.kind}, namespace: {namespace}"
        who = f"[{place}, name: {reference.name}, uid: {reference.uid}]"
        message = f'ownerRef {who} does not exist in namespace "{namespace}"'
        self._recorder.warning(node.value, "OwnerRefInvalidNamespace", message)

    def _kind_of(self, reference: OwnerReference) -> Kind[TypedObject] | None:
        """The kind of an owner if it is watched."""
        kind = self._client.scheme.by_kind(reference.api_version, reference.kind)
        return kind if kind is not None and (kind.group, kind.resource) in self._watched else None

    # Requests.

    async def _read(self, kind: Kind[TypedObject] | Watched, name: str, namespace: str) -> HasMeta | None:
        request = Get(resource=kind.gvr, namespace=namespace, name=name, user=self._client.user)
        try:
            return (await self._client.send(request)).object
        except NotFound:
            return None

    def _watched_of(self, node: Node) -> Watched:
        """The kind of an object.

        Raises:
            NotFound: it is served no longer.
        """
        found = self._kinds.get(node.resource)
        if found is None:
            raise NotFound.saying("the server could not find the requested resource")
        return found

    # A decision holds for the state that it was made on (`seen`): the graph may have learned more while it was made.

    def _version(self, node: Node, seen: ObjectMeta) -> str:
        """The newest that is known in which nothing has changed that matters here."""
        lister = self._listers.get(node.resource)
        known = lister.get(seen.name, seen.namespace) if lister is not None else None
        if known is None or known.metadata.uid != seen.uid or not _is_alike(known.metadata, seen):
            return seen.resource_version
        return str(max(revision_of(known.metadata), revision_of(seen)))

    async def _remove(self, node: Node, seen: ObjectMeta, action: Remove) -> None:
        if action.unblock:
            seen = await self._unblock(node, seen)
        options = DeleteOptions(
            preconditions=Preconditions(uid=seen.uid, resource_version=self._version(node, seen)),
            propagation_policy=action.policy,
        )
        try:
            request = Delete(
                resource=self._watched_of(node).gvr,
                namespace=seen.namespace,
                name=seen.name,
                options=options,
                user=self._client.user,
            )
            await self._client.send(request)
        except NotFound:
            return
        except Conflict:
            await self._refresh(node)
            raise

    async def _unblock(self, node: Node, seen: ObjectMeta) -> ObjectMeta:
        """The object and its dependents would wait for one another: it waits no longer for its own owners' sake."""
        references = tuple(
            msgspec.structs.replace(one, block_owner_deletion=False) if one.block_owner_deletion else one
            for one in seen.owner_references
        )
        return await self._patch(node, seen, {"ownerReferences": references})

    async def _disown(self, node: Node, seen: ObjectMeta, remaining: tuple[OwnerReference, ...]) -> None:
        await self._patch(node, seen, {"ownerReferences": remaining or None})

    async def _remove_finalizer(self, node: Node, finalizer: str) -> None:
        seen = node.metadata
        finalizers = tuple(one for one in seen.finalizers if one != finalizer)
        await self._patch(node, seen, {"finalizers": finalizers or None})

    async def _patch(self, node: Node, seen: ObjectMeta, change: dict[str, object]) -> ObjectMeta:
        """Change metadata, if the object is still as it was seen; if not, read it and try again later.

        Returns the metadata as it is then; as it was seen if the object is gone.
        """
        identity = {"uid": seen.uid, "resourceVersion": self._version(node, seen)}
        try:
            request = Patch(
                resource=self._watched_of(node).gvr,
                namespace=seen.namespace,
                name=seen.name,
                patch_type=MERGE_PATCH,
                patch=msgspec.json.encode({"metadata": {**identity, **change}}),
                user=self._client.user,
            )
            reply = await self._client.send(request)
        except NotFound:
            return seen
        except Conflict:
            await self._refresh(node)
            raise
        self._take(node, reply.object)
        return reply.object.metadata

    async def _refresh(self, node: Node) -> None:
        """The graph is behind the API server here: take the newest state in, so that the next attempt is right."""
        metadata = node.metadata
        live = await self._read(self._watched_of(node), metadata.name, metadata.namespace)
        if live is not None and live.metadata.uid == metadata.uid:
            self._take(node, live)

    def _take(self, node: Node, value: HasMeta) -> None:
        """A newer state of an object that is still in the graph."""
        if self._graph.get(value.metadata.uid) is node:
            for uid in attempts_after(self._graph, node.resource, node.value, value):
                self.enqueue(uid)


def _names(value: HasMeta, owner: ObjectMeta) -> bool:
    """Whether the object has that owner."""
    return any(one.uid == owner.uid for one in value.metadata.owner_references)


def _is_about_owners(change: Change[TypedObject]) -> bool:
    """Whether a change can matter here."""
    old, new = change.old, change.new
    return old is None or new is None or not _is_alike(old.metadata, new.metadata)


def _is_alike(old: ObjectMeta, new: ObjectMeta) -> bool:
    """Whether nothing changed that matters here; most changes are of a status."""
    return (
        old.deletion_timestamp == new.deletion_timestamp
        and old.owner_references == new.owner_references
        and old.finalizers == new.finalizers
    )
