"""Who owns whom: all objects by uid, and the dependents of each.

Owners need not be in the graph for their dependents to be known: an owner may come later, or never.

Source: pkg/controller/garbagecollector/{graph,graph_builder}.go (v1.36), without its virtual nodes.
"""

from collections.abc import Iterable

from kubeactors.apimachinery.meta import HasMeta, ObjectMeta, OwnerReference

FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"
"""Finalizers by which a deletion says what becomes of the dependents."""


class Node:
    """One object. `value` is its newest known state."""

    __slots__ = ("resource", "value")

    def __init__(self, resource: str, value: HasMeta) -> None:
        self.resource: str = resource
        self.value: HasMeta = value

    @property
    def metadata(self) -> ObjectMeta:
        """The object's."""
        return self.value.metadata


class Graph:
    """Nodes by uid, dependents by the uid of their owner."""

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}
        self._dependents: dict[str, dict[str, None]] = {}

    def __len__(self) -> int:
        return len(self._nodes)

    def get(self, uid: str) -> Node | None:
        """The object with that uid, if it has been seen and has not gone."""
        return self._nodes.get(uid)

    def dependents(self, uid: str) -> tuple[Node, ...]:
        """The objects that name this one among their owners."""
        return tuple(self._nodes[one] for one in self._dependents.get(uid, ()))

    def has_dependents(self, uid: str) -> bool:
        """Whether any object names this one among its owners."""
        return uid in self._dependents

    def put(self, resource: str, value: HasMeta) -> HasMeta | None:
        """Add or change an object; its state before."""
        uid = value.metadata.uid
        node = self._nodes.get(uid)
        if node is None:
            self._nodes[uid] = Node(resource, value)
            self._link(uid, value.metadata.owner_references)
            return None
        old, node.value = node.value, value
        if old.metadata.owner_references != value.metadata.owner_references:
            self._unlink(uid, old.metadata.owner_references)
            self._link(uid, value.metadata.owner_references)
        return old

    def remove(self, uid: str) -> Node | None:
        """The object has gone; it is returned. Its dependents stay known."""
        node = self._nodes.pop(uid, None)
        if node is not None:
            self._unlink(uid, node.metadata.owner_references)
        return node

    def forget(self, resource: str) -> None:
        """The objects of a resource are not known any more; that does not say that they have gone."""
        for uid in [uid for uid, node in self._nodes.items() if node.resource == resource]:
            self.remove(uid)

    def _link(self, uid: str, owners: Iterable[OwnerReference]) -> None:
        for owner in owners:
            self._dependents.setdefault(owner.uid, {})[uid] = None

    def _unlink(self, uid: str, owners: Iterable[OwnerReference]) -> None:
        for owner in owners:
            dependents = self._dependents.get(owner.uid)
            if dependents is not None:
                dependents.pop(uid, None)
                if not dependents:
                    del self._dependents[owner.uid]


def waits_for_dependents(metadata: ObjectMeta) -> bool:
    """Whether the object is being deleted in the foreground: after its dependents."""
    return metadata.deletion_timestamp is not None and FOREGROUND in metadata.finalizers


def waits_for_orphans(metadata: ObjectMeta) -> bool:
    """Whether the object is being deleted, and its dependents are to stay."""
    return metadata.deletion_timestamp is not None and ORPHAN in metadata.finalizers


def blocks(dependent: ObjectMeta, owner_uid: str) -> bool:
    """Whether the dependent must go before its owner does in a foreground deletion."""
    return any(one.uid == owner_uid and one.block_owner_deletion for one in dependent.owner_references)


def attempts_after(graph: Graph, resource: str, old: HasMeta | None, new: HasMeta | None) -> tuple[str, ...]:
    """Take a change into the graph; the uids of the objects that must be looked at because of it.

    An object that comes or goes together with others is looked at once it is known to have an owner that is not there.
    """
    if new is None:
        return _after_removal(graph, old.metadata.uid) if old is not None else ()
    before = graph.put(resource, new)
    metadata = new.metadata
    attempts: dict[str, None] = {}
    if waits_for_dependents(metadata) or waits_for_orphans(metadata):
        attempts[metadata.uid] = None
        if before is None or not waits_for_dependents(before.metadata):
            attempts |= dict.fromkeys(one.metadata.uid for one in graph.dependents(metadata.uid))
    owners = metadata.owner_references
    if before is None or owners != before.metadata.owner_references:
        attempts |= _unowned(graph, metadata)
        attempts |= _freed(graph, before, owners)
    return tuple(attempts)


def _unowned(graph: Graph, metadata: ObjectMeta) -> dict[str, None]:
    """The object itself, if one of its owners is missing, stands in another namespace, or waits for it to go."""
    for one in metadata.owner_references:
        owner = graph.get(one.uid)
        near = owner is not None and owner.metadata.namespace in {"", metadata.namespace}
        if owner is None or not near or waits_for_dependents(owner.metadata):
            return {metadata.uid: None}
    return {}


def _freed(graph: Graph, before: HasMeta | None, owners: tuple[OwnerReference, ...]) -> dict[str, None]:
    """Owners that waited for an object which does not block them any more."""
    if before is None:
        return {}
    blocking = [one.uid for one in owners if one.block_owner_deletion]
    lost = [one.uid for one in before.metadata.owner_references if one.uid not in blocking]
    return {uid: None for uid in lost if _is_waiting(graph, uid)}


def _after_removal(graph: Graph, uid: str) -> tuple[str, ...]:
    node = graph.remove(uid)
    dependents = [one.metadata.uid for one in graph.dependents(uid)]
    owners = node.metadata.owner_references if node is not None else ()
    waiting = [one.uid for one in owners if _is_waiting(graph, one.uid)]
    return (*dependents, *waiting)


def _is_waiting(graph: Graph, uid: str) -> bool:
    owner = graph.get(uid)
    return owner is not None and waits_for_dependents(owner.metadata)
