"""Finds the autoscalers that select a pod: two that select the same pod would fight over it.

Source: pkg/controller/util/selectors/bimultimap.go, hpasControllingPodsUnderSelector in
pkg/controller/podautoscaler/horizontal.go (v1.36).
"""

from collections.abc import Iterable

from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.labels import Selector
from kubeactors.client import split_key
from kubeactors.controllers.adoption import selector_value
from kubeactors.controllers.pods import by_labels


class Selecting:
    """The selectors of autoscalers, by the autoscaler's key and by a label that they require."""

    def __init__(self) -> None:
        self._selectors: dict[str, tuple[str, Selector]] = {}
        self._by_value: dict[str, dict[str, Selector]] = {}

    def put(self, key: str, selector: Selector) -> None:
        """Set the selector of an autoscaler."""
        if key in self._selectors and self._selectors[key][1] == selector:
            return
        self.drop(key)
        value = selector_value(split_key(key)[0], selector)
        self._selectors[key] = (value, selector)
        self._by_value.setdefault(value, {})[key] = selector

    def drop(self, key: str) -> None:
        """Remove the selector of an autoscaler."""
        if key in self._selectors:
            value, _ = self._selectors.pop(key)
            del self._by_value[value][key]
            if not self._by_value[value]:
                del self._by_value[value]

    def of(self, pods: Iterable[Pod]) -> list[str]:
        """The keys of the autoscalers that select any of the pods, sorted."""
        found: dict[str, None] = {}
        for pod in pods:
            for value in by_labels(pod):
                for key, selector in self._by_value.get(value, {}).items():
                    if key not in found and selector.matches(pod.metadata.labels):
                        found[key] = None
        return sorted(found)
