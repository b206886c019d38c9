"""The objects of one resource as the cache knows them, found by name, namespace and node."""

from collections.abc import Iterable, Iterator
from operator import attrgetter

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apiserver.selection import NodeOf, Selection

_path = attrgetter("metadata.namespace", "metadata.name")


class Collection:
    """Objects by namespace and name; reading them in key order sorts a namespace only if its names have changed."""

    def __init__(self, node_of: NodeOf | None = None) -> None:
        self._namespaces: dict[str, dict[str, TypedObject]] = {}
        self._sorted: dict[str, list[str]] = {}
        self._node_of = node_of
        self._nodes: dict[str, dict[tuple[str, str], TypedObject]] = {}

    def __len__(self) -> int:
        return sum(len(one) for one in self._namespaces.values())

    def get(self, namespace: str, name: str) -> TypedObject | None:
        """The object of that name."""
        found = self._namespaces.get(namespace)
        return None if found is None else found.get(name)

    def put(self, value: TypedObject) -> TypedObject | None:
        """Take in an object; the one that it replaces is returned."""
        metadata = value.metadata
        namespace, name = metadata.namespace, metadata.name
        objects = self._namespaces.get(namespace)
        if objects is None:
            objects = self._namespaces[namespace] = {}
        previous = objects.get(name)
        if previous is None:
            self._sorted.pop(namespace, None)
        objects[name] = value
        if self._node_of is not None:
            self._move(self._node_of, previous, value)
        return previous

    def remove(self, namespace: str, name: str) -> TypedObject | None:
        """Forget an object, and return it."""
        objects = self._namespaces.get(namespace)
        previous = None if objects is None else objects.pop(name, None)
        if previous is None or objects is None:
            return None
        self._sorted.pop(namespace, None)
        if not objects:
            del self._namespaces[namespace]
        if self._node_of is not None:
            self._move(self._node_of, previous, None)
        return previous

    def select(self, selection: Selection) -> Iterator[TypedObject]:
        """What a selection sees, in key order."""
        candidates = self._candidates(selection)
        return iter(candidates) if selection.matches is None else filter(selection.matches, candidates)

    def _candidates(self, selection: Selection) -> Iterable[TypedObject]:
        if selection.name:
            found = self.get(selection.namespace, selection.name)
            return () if found is None else (found,)
        if selection.node and self._node_of is not None:
            return self._on_node(selection.node, selection.namespace)
        if selection.namespace:
            return self._in_namespace(selection.namespace)
        return self._everything()

    def _on_node(self, node: str, namespace: str) -> list[TypedObject]:
        there = sorted(self._nodes.get(node, {}).values(), key=_path)
        return [one for one in there if not namespace or one.metadata.namespace == namespace]

    def _in_namespace(self, namespace: str) -> Iterator[TypedObject]:
        objects = self._namespaces.get(namespace)
        if objects is None:
            return iter(())
        names = self._sorted.get(namespace)
        if names is None:
            names = self._sorted[namespace] = sorted(objects)
        return map(objects.__getitem__, names)

    def _everything(self) -> Iterator[TypedObject]:
        # In keys a slash follows the namespace: "a-b/x" stands before "a/x".
        for namespace in sorted(self._namespaces, key=lambda one: f"{one}/"):
            yield from self._in_namespace(namespace)

    def _move(self, node_of: NodeOf, previous: TypedObject | None, value: TypedObject | None) -> None:
        before = "" if previous is None else node_of(previous)
        after = "" if value is None else node_of(value)
        if before and before != after and previous is not None:
            there = self._nodes[before]
            del there[_path(previous)]
            if not there:
                del self._nodes[before]
        if after and value is not None:
            self._nodes.setdefault(after, {})[_path(value)] = value
