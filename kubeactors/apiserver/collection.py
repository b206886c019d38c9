"""The cached objects of one resource, indexed by name, namespace and node."""

from collections.abc import Iterable, Iterator
from itertools import chain
from operator import attrgetter

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apiserver.selection import NodeOf, Selection

_path = attrgetter("metadata.namespace", "metadata.name")


class _Namespace:
    """Objects by name, sorted on demand: usually they are in order already."""

    __slots__ = ("_added", "_names", "_removed", "objects")

    def __init__(self) -> None:
        self.objects: dict[str, TypedObject] = {}
        self._names: list[str] = []
        self._added: list[str] = []
        self._removed = False

    def put(self, name: str, value: TypedObject) -> TypedObject | None:
        previous = self.objects.get(name)
        if previous is None:
            self._added.append(name)
        self.objects[name] = value
        return previous

    def remove(self, name: str) -> TypedObject | None:
        self._removed = True
        return self.objects.pop(name, None)

    def in_order(self) -> Iterator[TypedObject]:
        if self._removed:
            known = filter(self.objects.__contains__, chain(self._names, self._added))
            self._names = sorted(dict.fromkeys(known))
        elif self._added:
            self._names += self._added
            self._names.sort()
        self._added, self._removed = [], False
        return map(self.objects.__getitem__, self._names)


class Collection:
    """Objects indexed by namespace and name, and by node if the kind has one."""

    def __init__(self, node_of: NodeOf | None = None) -> None:
        self._namespaces: dict[str, _Namespace] = {}
        self._node_of = node_of
        self._nodes: dict[str, dict[tuple[str, str], TypedObject]] = {}

    def count(self, namespace: str = "") -> int:
        """The number of objects, in one namespace or in all."""
        if namespace:
            found = self._namespaces.get(namespace)
            return 0 if found is None else len(found.objects)
        return sum(len(one.objects) for one in self._namespaces.values())

    def get(self, namespace: str, name: str) -> TypedObject | None:
        """The object of that name, or None."""
        found = self._namespaces.get(namespace)
        return None if found is None else found.objects.get(name)

    def put(self, value: TypedObject) -> TypedObject | None:
        """Insert or replace an object; returns the previous one."""
        metadata = value.metadata
        found = self._namespaces.get(metadata.namespace)
        if found is None:
            found = self._namespaces[metadata.namespace] = _Namespace()
        previous = found.put(metadata.name, value)
        if self._node_of is not None:
            self._move(self._node_of, previous, value)
        return previous

    def remove(self, namespace: str, name: str) -> TypedObject | None:
        """Remove an object, and return it."""
        found = self._namespaces.get(namespace)
        previous = None if found is None else found.remove(name)
        if previous is None or found is None:
            return None
        if not found.objects:
            del self._namespaces[namespace]
        if self._node_of is not None:
            self._move(self._node_of, previous, None)
        return previous

    def within(self, namespace: str = "") -> Iterator[TypedObject]:
        """The objects of a namespace, or of all, in key order."""
        if not namespace:
            return self._everything()
        found = self._namespaces.get(namespace)
        return iter(()) if found is None else found.in_order()

    def select(self, selection: Selection) -> Iterator[TypedObject]:
        """The objects of a selection, in key order."""
        candidates = self._candidates(selection)
        return iter(candidates) if selection.matches is None else filter(selection.matches, candidates)

    def _candidates(self, selection: Selection) -> Iterable[TypedObject]:
        if selection.name:
            found = self.get(selection.namespace, selection.name)
            return () if found is None else (found,)
        if selection.node and self._node_of is not None:
            return self._on_node(selection.node, selection.namespace)
        return self.within(selection.namespace)

    def _on_node(self, node: str, namespace: str) -> list[TypedObject]:
        there = sorted(self._nodes.get(node, {}).values(), key=_path)
        return [one for one in there if not namespace or one.metadata.namespace == namespace]

    def _everything(self) -> Iterator[TypedObject]:
        if len(self._namespaces) < 2:
            return chain.from_iterable(one.in_order() for one in self._namespaces.values())
        # Keys are compared with their slash: "a-b/x" sorts before "a/x".
        names = sorted(self._namespaces, key=lambda one: f"{one}/")
        return chain.from_iterable(self._namespaces[name].in_order() for name in names)

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
