"""The garbage collector: deletes objects whose owners are all gone, and implements foreground and orphan deletion.

Before it deletes an object because an owner is absent, it has looked that owner up live, by name and UID (`owners.py`).

Source: pkg/controller/garbagecollector/garbagecollector.go (v1.36).
"""

from collections.abc import Iterable
from functools import partial
from typing import cast

import msgspec

from kubeactors.api.apiextensions.v1.customresourcedefinition import CustomResourceDefinition
from kubeactors.apimachinery.meta import DeleteOptions, HasMeta, ObjectMeta, OwnerReference, Preconditions, TypedObject
from kubeactors.apimachinery.requests import MERGE_PATCH, Delete, Patch
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
from kubeactors.controllers.garbagecollector.owners import Owners, read
from kubeactors.controllers.garbagecollector.plan import Disown, Remove, plan
from kubeactors.message import Recipient

DEFINITION = "definition/"
"""Prefix of the work queue keys of CustomResourceDefinitions; all other keys are UIDs."""

UNSEEN_SECONDS = 1.0
"""How soon an object is requeued whose owner exists but is not in the graph yet."""


class GarbageCollector(Controller):
    """Reconciles an object (by UID) when its owners or the way it is being deleted have changed."""

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
        self._kinds: dict[str, Watched] = {}
        self._watched: dict[tuple[str, str], None] = {}
        """Group and resource of each watched kind; owner references may name any version of it."""
        self._listers: dict[str, Lister[TypedObject]] = {}
        """The cache of each kind. It may be newer than the graph, which skips changes that do not affect ownership."""
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
        recorder = EventRecorder(self._events, self.ctx, "garbage-collector-controller")
        self._owners = Owners(self._client, recorder, self._graph, self._watched)
        self._monitors: Monitors[ControllerMessage] = Monitors(self.ctx, self._client)

    # Custom kinds.

    def _add(self, source: str, watched: Watched) -> None:
        self._kinds[source] = watched
        self._watched[watched.gvr.group, watched.gvr.resource] = None

    def _remove_kind(self, source: str) -> None:
        gvr = self._kinds.pop(source).gvr
        del self._watched[gvr.group, gvr.resource]
        self._graph.forget(source)

    def _on_definition(self, change: Change[TypedObject]) -> None:
        """Watch a new kind at once; linger on a deleted one, whose watch may still deliver changes."""
        self._on_change(self._definitions.source, change)
        crd = cast("CustomResourceDefinition | None", change.new)
        if crd is not None and watched_by(crd) is not None:
            self._follow(change.key)
        else:
            self.enqueue_after(DEFINITION + change.key, LINGER_SECONDS)

    def _follow(self, name: str) -> None:
        """Make the monitor of this definition watch what the definition says now."""
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

    # Changes.

    def _on_change(self, source: str, change: Change[TypedObject]) -> None:
        old, new = change.old, change.new
        node = self._graph.get(new.metadata.uid) if new is not None else None
        if node is not None and new is not None:
            if node.value is not old and revision_of(new.metadata) < revision_of(node.metadata):
                return  # a live read was newer
            if _is_alike(node.metadata, new.metadata):
                node.value = new
                return
        if new is None:
            self._owners.note_deleted(change.current.metadata)
        for uid in attempts_after(self._graph, source, old, new):
            self.enqueue(uid)

    async def reconcile(self, key: str) -> None:
        """Process the object with this UID, or a definition that may have been deleted."""
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

    # Owners that are being deleted.

    async def _orphan(self, node: Node) -> None:
        """Remove the owner from its dependents, then remove its `orphan` finalizer.

        Dependents are also listed live: one that the graph has not seen would become garbage once its owner is gone.
        Kubernetes trusts its graph here.
        """
        uid = node.metadata.uid
        for dependent in (*self._graph.dependents(uid), *await self._unseen_dependents(node.metadata)):
            metadata = dependent.metadata
            await self._disown(dependent, metadata, tuple(one for one in metadata.owner_references if one.uid != uid))
        await self._remove_finalizer(node, ORPHAN)

    async def _unseen_dependents(self, owner: ObjectMeta) -> list[Node]:
        """The dependents that the API server knows of and the graph does not."""
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
            return ()  # the kind is no longer served, or not yet

    async def _finish_foreground(self, node: Node) -> None:
        """Remove the owner's `foregroundDeletion` finalizer if no dependent blocks it; otherwise enqueue those that do.

        Waits until the informers of custom kinds have synced, whose objects may be dependents. Kubernetes does not.
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

    # Dependents.

    async def _attempt(self, node: Node) -> None:
        metadata = node.metadata
        if not metadata.owner_references:
            return
        owners = {one.uid: await self._owners.state(node, one) for one in metadata.owner_references}
        dependents = tuple(one.metadata for one in self._graph.dependents(metadata.uid))
        action = plan(metadata, owners, dependents)
        if isinstance(action, Disown):
            await self._disown(node, metadata, action.remaining)
        elif isinstance(action, Remove):
            await self._remove(node, metadata, action)
        elif self._owners.any_unseen(metadata.owner_references):
            self.enqueue_after(metadata.uid, UNSEEN_SECONDS)

    # Requests.

    def _watched_of(self, node: Node) -> Watched:
        """The kind of an object.

        Raises:
            NotFound: the kind is no longer served.
        """
        found = self._kinds.get(node.resource)
        if found is None:
            raise NotFound.saying("the server could not find the requested resource")
        return found

    # A decision holds for the state it was based on (`seen`): the graph may have advanced in the meantime.

    def _version(self, node: Node, seen: ObjectMeta) -> str:
        """The newest known resource version whose ownership metadata equals that of `seen`."""
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
        """Stop blocking the owners' deletion: the object and its dependents would otherwise wait for each other."""
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
        """Patch metadata, on the condition that the object is as it was seen.

        Returns the resulting metadata, or `seen` if the object is gone.

        Raises:
            Conflict: the object has changed; the graph has its newest state now, so retry.
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
        """Bring a stale node up to date with a live read, so that the next attempt succeeds."""
        metadata = node.metadata
        live = await read(self._client, self._watched_of(node).gvr, metadata.name, metadata.namespace)
        if live is not None and live.metadata.uid == metadata.uid:
            self._take(node, live)

    def _take(self, node: Node, value: HasMeta) -> None:
        """Apply a newer state of an object, unless it has left the graph."""
        if self._graph.get(value.metadata.uid) is node:
            for uid in attempts_after(self._graph, node.resource, node.value, value):
                self.enqueue(uid)


def _names(value: HasMeta, owner: ObjectMeta) -> bool:
    """Whether the object has this owner."""
    return any(one.uid == owner.uid for one in value.metadata.owner_references)


def _is_about_owners(change: Change[TypedObject]) -> bool:
    """Whether a change affects ownership or deletion."""
    old, new = change.old, change.new
    return old is None or new is None or not _is_alike(old.metadata, new.metadata)


def _is_alike(old: ObjectMeta, new: ObjectMeta) -> bool:
    """Whether ownership and deletion are the same; most changes are of a status."""
    return (
        old.deletion_timestamp == new.deletion_timestamp
        and old.owner_references == new.owner_references
        and old.finalizers == new.finalizers
    )
