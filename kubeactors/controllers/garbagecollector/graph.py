"""The ownership graph: all objects by UID, and the dependents of each.

The dependents of an owner are known even if the owner is not in the graph: it may arrive later, or never.

Source: pkg/controller/garbagecollector/{graph,graph_builder}.go (v1.36), without its virtual nodes.
"""

from collections.abc import Iterable

from kubeactors.apimachinery.meta import HasMeta, ObjectMeta, OwnerReference

FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"
"""The finalizers that record the propagation policy of a deletion."""


class Node:
    """An object. `value` is its newest known state."""

    __slots__ = ("resource", "value")

    def __init__(self, resource: str, value: HasMeta) -> None:
        self.resource: str = resource
        self.value: HasMeta = value

    @property
    def metadata(self) -> ObjectMeta:
        """The object's metadata."""
        return self.value.metadata


class Graph:
    """Nodes by UID, and dependents by the UID of their owner."""

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}
        self._dependents: dict[str, dict[str, None]] = {}

    def __len__(self) -> int:
        return len(self._nodes)

    def get(self, uid: str) -> Node | None:
        """The object with this UID, if it has been seen and not been deleted."""
        return self._nodes.get(uid)

    def dependents(self, uid: str) -> tuple[Node, ...]:
        """The objects that name this UID among their owners."""
        return tuple(self._nodes[one] for one in self._dependents.get(uid, ()))

    def has_dependents(self, uid: str) -> bool:
        """Whether any object names this UID among its owners."""
        return uid in self._dependents

    def put(self, resource: str, value: HasMeta) -> HasMeta | None:
        """Add or update an object. Returns its previous state."""
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
        """Remove and return a deleted object. Its dependents stay known."""
        node = self._nodes.pop(uid, None)
        if node is not None:
            self._unlink(uid, node.metadata.owner_references)
        return node

    def forget(self, resource: str) -> None:
        """Drop all objects of a resource, which may still exist."""
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
    """Whether the object is in foreground deletion: it is deleted after its dependents."""
    return metadata.deletion_timestamp is not None and FOREGROUND in metadata.finalizers


def waits_for_orphans(metadata: ObjectMeta) -> bool:
    """Whether the object is being deleted and its dependents are to be orphaned."""
    return metadata.deletion_timestamp is not None and ORPHAN in metadata.finalizers


def blocks(dependent: ObjectMeta, owner_uid: str) -> bool:
    """Whether the dependent must be deleted before this owner in a foreground deletion."""
    return any(one.uid == owner_uid and one.block_owner_deletion for one in dependent.owner_references)


def attempts_after(graph: Graph, resource: str, old: HasMeta | None, new: HasMeta | None) -> tuple[str, ...]:
    """Apply a change to the graph. Returns the UIDs of the objects to process because of it.

    A new object is processed only if one of its owners is missing from the graph or otherwise in doubt.
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
    """The object itself, if an owner is missing, is in another namespace, or waits for its dependents."""
    for one in metadata.owner_references:
        owner = graph.get(one.uid)
        near = owner is not None and owner.metadata.namespace in {"", metadata.namespace}
        if owner is None or not near or waits_for_dependents(owner.metadata):
            return {metadata.uid: None}
    return {}


def _freed(graph: Graph, before: HasMeta | None, owners: tuple[OwnerReference, ...]) -> dict[str, None]:
    """The owners in foreground deletion that this object no longer blocks."""
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
