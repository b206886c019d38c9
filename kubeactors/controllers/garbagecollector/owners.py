"""Looks up the owners of objects: in the graph, and live if the graph does not show them.

Source: isDangling in pkg/controller/garbagecollector/garbagecollector.go (v1.36).
"""

from collections.abc import Container, Iterable

from kubeactors.apimachinery.meta import HasMeta, ObjectMeta, OwnerReference, TypedObject
from kubeactors.apimachinery.requests import Get, GroupVersionResource
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apimachinery.status import NotFound
from kubeactors.client import Client, EventRecorder
from kubeactors.client.correlation import Lru
from kubeactors.controllers.garbagecollector.graph import Graph, Node, waits_for_dependents
from kubeactors.controllers.garbagecollector.plan import Owner

ABSENT_OWNERS = 500
"""How many absent owners are remembered. The entries never become wrong: a UID is never used again."""


class Owners:
    """What is known of owners. `watched` are the groups and resources of the kinds in the graph."""

    def __init__(
        self, client: Client, recorder: EventRecorder, graph: Graph, watched: Container[tuple[str, str]]
    ) -> None:
        self._client = client
        self._recorder = recorder
        self._graph = graph
        self._watched = watched
        self._absent: Lru[bool] = Lru(ABSENT_OWNERS)
        """Owners that a live read did not find, by all that a reference says of them."""
        self._deleted: Lru[bool] = Lru(ABSENT_OWNERS)
        """The UIDs of owners whose deletion was seen."""

    def note_deleted(self, metadata: ObjectMeta) -> None:
        """Remember the deletion of an owner: once its kind is gone, too, the API server cannot be asked."""
        if self._graph.has_dependents(metadata.uid):
            self._deleted[metadata.uid] = True

    def any_unseen(self, references: Iterable[OwnerReference]) -> bool:
        """Whether one of these owners is of a watched kind and not in the graph: its deletion might never be seen."""
        return any(self._graph.get(one.uid) is None and self.kind_of(one) is not None for one in references)

    def kind_of(self, reference: OwnerReference) -> Kind[TypedObject] | None:
        """The kind of an owner; None if it is not watched."""
        kind = self._client.scheme.by_kind(reference.api_version, reference.kind)
        return kind if kind is not None and (kind.group, kind.resource) in self._watched else None

    async def state(self, node: Node, reference: OwnerReference) -> Owner:
        """The state of an owner of this object. Only a live read, now or before, finds that an owner is absent.

        An owner in another namespace is absent, and reported by an event.
        """
        kind, namespace = self.kind_of(reference), node.metadata.namespace
        if kind is None:
            return Owner.ABSENT if self._deleted.get(reference.uid) else Owner.SOLID  # no one else could tell
        if kind.namespaced and not namespace:
            self._warn_of_namespace(node, reference)
            return Owner.SOLID  # the reference does not say which namespace is meant
        known = self._graph.get(reference.uid)
        if known is not None and known.metadata.namespace in {"", namespace}:
            return _present(known)
        namespace = namespace if kind.namespaced else ""
        place = (reference.api_version, reference.kind, namespace, reference.name, reference.uid)
        if self._absent.get(place):
            return Owner.ABSENT
        found = await read(self._client, kind.gvr, reference.name, namespace)
        if found is not None and found.metadata.uid == reference.uid:
            return _present(found)
        self._absent[place] = True
        self._warn_of_namespace(node, reference)
        return Owner.ABSENT

    def _warn_of_namespace(self, node: Node, reference: OwnerReference) -> None:
        """Report an owner that exists, but in another namespace."""
        namespace = node.metadata.namespace
        if self._graph.get(reference.uid) is None:
            return
        place = f"{reference.api_version}/{reference.kind}, namespace: {namespace}"
        owner = f"[{place}, name: {reference.name}, uid: {reference.uid}]"
        message = f'ownerRef {owner} does not exist in namespace "{namespace}"'
        self._recorder.warning(node.value, "OwnerRefInvalidNamespace", message)


async def read(client: Client, resource: GroupVersionResource, name: str, namespace: str) -> HasMeta | None:
    """Read an object live; None if it does not exist."""
    request = Get(resource=resource, namespace=namespace, name=name, user=client.user)
    try:
        return (await client.send(request)).object
    except NotFound:
        return None


def _present(owner: HasMeta | Node) -> Owner:
    return Owner.WAITING if waits_for_dependents(owner.metadata) else Owner.SOLID
