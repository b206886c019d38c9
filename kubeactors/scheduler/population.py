"""Counts the pods on nodes by selectors, and by the affinity terms that pods have themselves."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

import msgspec

from kubeactors.apimachinery.labels import Selector
from kubeactors.scheduler.headcount import Domains, Headcount
from kubeactors.scheduler.pod_info import GroupKey, PodInfo
from kubeactors.scheduler.storage_users import StorageUsers
from kubeactors.scheduler.terms import Target, Term

NamespaceLabels: TypeAlias = Callable[[str], Mapping[str, str]]

_NO_LABELS: Mapping[str, str] = MappingProxyType({})


class Selection(msgspec.Struct, frozen=True):
    """The pods that match all targets, terminating ones optionally left out."""

    targets: tuple[Target, ...]
    terminating: bool = True


class _Group(Headcount):
    """The pods of a namespace with the same labels."""

    __slots__ = ("selected",)

    def __init__(self, selected: list["_Selected"]) -> None:
        super().__init__()
        self.selected = selected


class _Selected(Headcount):
    """The pods of a selection."""

    __slots__ = ("selection", "users")

    def __init__(self, selection: Selection) -> None:
        super().__init__()
        self.selection = selection
        self.users = 0


class Population:
    """Counts by selection, for selections that are held; and by term, for terms of pods on nodes."""

    def __init__(self) -> None:
        self.namespace_labels: NamespaceLabels = lambda _: _NO_LABELS
        """Looks up the labels of a namespace."""
        self.terms: dict[Term, Headcount] = {}
        """The pods that have each term."""
        self.terms_version: int = 0
        """Incremented when a term appears or disappears."""
        self._groups: dict[GroupKey, _Group] = {}
        self._held: dict[Selection, _Selected] = {}
        self._by_label: dict[tuple[str, str], dict[Selection, None]] = {}
        """Selections by a label that they require; None for those without an exact requirement."""
        self._by_nothing: dict[Selection, None] = {}
        self._domains: dict[str, Domains] = {}
        self.storage: StorageUsers = StorageUsers()
        """The claims and disks that pods use."""

    def add(self, pod: PodInfo, row: int, change: int) -> None:
        """Add a pod to the row (change 1), or remove it (-1)."""
        group = self._groups.get(pod.group)
        if group is None:
            group = self._groups[pod.group] = _Group(self._selected_by(pod.group))
        group.add(row, change)
        for one in group.selected:
            one.add(row, change)
        if not group.rows:
            del self._groups[pod.group]
        for term in pod.terms:
            self._bring(term, row, change)
        if pod.claims or pod.disks:
            self.storage.add(pod, row, change)

    def hold(self, selection: Selection) -> Headcount:
        """Count the pods of the selection until `release`."""
        held = self._held.get(selection)
        if held is None:
            held = self._held[selection] = _Selected(selection)
            self._shelf(selection)[selection] = None
            for key, group in self._groups.items():
                if self.matches(selection, key):
                    group.selected.append(held)
                    for row, count in group.rows.items():
                        held.add(row, count)
        held.users += 1
        return held

    def release(self, selection: Selection) -> None:
        """End one `hold` of the selection."""
        held = self._held[selection]
        held.users -= 1
        if held.users:
            return
        del self._held[selection]
        del self._shelf(selection)[selection]
        for group in self._groups.values():
            if held in group.selected:
                group.selected.remove(held)

    def domains(self, key: str) -> Domains:
        """The domains of a node label."""
        found = self._domains.get(key)
        if found is None:
            found = self._domains[key] = Domains(key)
        return found

    def matches(self, selection: Selection, group: GroupKey) -> bool:
        """Whether the selection matches the pods of a group."""
        if group.terminating and not selection.terminating:
            return False
        return all(self.is_target(one, group) for one in selection.targets)

    def is_target(self, target: Target, group: GroupKey) -> bool:
        """Whether a term's target matches the pods of a group."""
        if not target.selector.matches(group.label_map):
            return False
        if group.namespace in target.namespaces:
            return True
        everywhere = target.namespace_selector
        return everywhere is not None and everywhere.matches(self.namespace_labels(group.namespace))

    def _bring(self, term: Term, row: int, change: int) -> None:
        headcount = self.terms.get(term)
        if headcount is None:
            headcount = self.terms[term] = Headcount()
            self.terms_version += 1
        headcount.add(row, change)
        if not headcount.rows:
            del self.terms[term]
            self.terms_version += 1

    def _selected_by(self, group: GroupKey) -> list[_Selected]:
        candidates = dict(self._by_nothing)
        for label in group.labels:
            candidates.update(self._by_label.get(label, {}))
        return [self._held[one] for one in candidates if self.matches(one, group)]

    def _shelf(self, selection: Selection) -> dict[Selection, None]:
        label = _required_label(selection.targets[0].selector)
        return self._by_nothing if label is None else self._by_label.setdefault(label, {})


def _required_label(selector: Selector) -> tuple[str, str] | None:
    """A label that every selected object has."""
    for one in selector.requirements:
        value = selector.exact(one.key)
        if value is not None:
            return one.key, value
    return None
