"""Applies a configuration to a value: fields in the configuration win, all others stay.

Source: structured-merge-diff/typed/merge.go (v1.36).
"""

from typing import cast

from kubeactors.apimachinery.managedfields.compare import MISSING, List, Map
from kubeactors.apimachinery.managedfields.elements import item_of
from kubeactors.apimachinery.managedfields.schema import LIST, SCALAR, Node


def merge(live: object, config: object, node: Node) -> object:
    """The merged value. Neither argument is changed.

    >>> merge({"a": "1", "b": "2"}, {"b": "3"}, Node("map"))
    {'a': '1', 'b': '3'}
    """
    if config is MISSING:
        return live
    node = node.given(config)
    if live is MISSING or node.kind == SCALAR or node.atomic or (not live and not config):
        return config
    if node.kind == LIST:
        return _lists(cast("List", live or []), cast("List", config or []), node)
    return _maps(cast("Map", live or {}), cast("Map", config or {}), node)


def _maps(live: Map, config: Map, node: Node) -> Map:
    made = {name: merge(value, config.get(name, MISSING), node.child(name)) for name, value in live.items()}
    made.update((name, value) for name, value in config.items() if name not in live)
    return made


def _lists(live: List, config: List, node: Node) -> List:
    """The items of both: those of the configuration in its order, the others interleaved."""
    left = [item_of(node, one) for one in live]
    right = [item_of(node, one) for one in config]
    return _Merge(node, left, right, live, config).run()


class _Merge:
    """Walks both lists in parallel."""

    def __init__(self, node: Node, left: list[str], right: list[str], live: List, config: List) -> None:
        self._node = node
        self._left, self._right = left, right
        self._live, self._config = live, config
        self._of_live = _unique(left, live)
        self._of_config = dict(zip(right, config, strict=True))
        self._shared = [one for one in right if one in self._of_live]
        self._done: dict[str, None] = {}
        self._made: List = []

    def run(self) -> List:
        i = j = 0
        while i < len(self._left) or j < len(self._right):
            if i < len(self._left) and j < len(self._right):
                here = self._left[i]
                if here == self._right[j]:
                    self._take(here)
                    i, j = i + 1, j + 1
                    self._shared = self._shared[1:]
                    continue
                if here in self._of_config and self._shared and self._shared[0] != here:
                    i += 1  # it is inserted where the configuration has it
                    continue
            if i < len(self._left):
                here = self._left[i]
                if here not in self._of_config:
                    self._made.append(self._live[i])
                    i += 1
                    continue
                if here in self._done:
                    i += 1
            if j < len(self._right):
                here = self._right[j]
                self._take(here)
                j += 1
                if self._shared and self._shared[0] == here:
                    self._shared = self._shared[1:]
        return self._made

    def _take(self, element: str) -> None:
        self._done[element] = None
        live = self._of_live.get(element, MISSING)
        assert self._node.element is not None, "lists that are not atomic have a type of items"
        self._made.append(merge(live, self._of_config[element], self._node.element))


def _unique(elements: list[str], items: List) -> Map:
    """Items by element; those of duplicate elements are dropped."""
    made: Map = {}
    for element, item in zip(elements, items, strict=True):
        made[element] = None if element in made else item
    return made
