"""Counts pods by row, and by topology domain (the value of a node label).

Counts are maintained incrementally as pods are added and removed; they are never recomputed from the pods.
"""

from collections.abc import Callable
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from kubeactors.api.core.v1 import Node
from kubeactors.scheduler.changes import ChangeLog
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.node_table import NodeTable

Counts: TypeAlias = npt.NDArray[np.int64]
Places: TypeAlias = npt.NDArray[np.intp]

NOWHERE = -1
HOSTNAME = "kubernetes.io/hostname"


class NodeRows(Protocol):
    """The nodes by row, as the `Cache` holds them."""

    rows: list[NodeInfo | None]
    table: NodeTable
    node_changes: ChangeLog


class Headcount:
    """The number of pods of some group on each row. Rows without any are left out."""

    __slots__ = ("followers", "rows")

    def __init__(self) -> None:
        self.rows: dict[int, int] = {}
        self.followers: list[DomainCounts] = []

    def add(self, row: int, change: int) -> None:
        """Change the count of the row."""
        count = self.rows.get(row, 0) + change
        if count:
            self.rows[row] = count
        else:
            del self.rows[row]
        for one in self.followers:
            one.add(row, change)


class Domains:
    """The values of a node label, numbered in order of appearance."""

    def __init__(self, key: str) -> None:
        self.key: str = key
        self._numbers: dict[str, int] = {}
        self._places: Places = np.zeros(0, np.intp)
        self._position = 0
        """The position in the log of node changes up to which `_places` is current."""

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, node: Node) -> int:
        """The number of the node's domain; `NOWHERE` if it lacks the label."""
        value = node.metadata.labels.get(self.key)
        return NOWHERE if value is None else self._numbers.setdefault(value, len(self._numbers))

    def places(self, cache: NodeRows) -> Places:
        """The domain of each row, shared by all counts over this label. Copy it to keep it."""
        log = cache.node_changes
        rows = log.since(self._position) if len(self._places) == cache.table.capacity else None
        if rows is None:
            self._places = np.full(cache.table.capacity, NOWHERE, np.intp)
            rows = list(range(len(cache.rows)))
        for row in rows:
            info = cache.rows[row]
            self._places[row] = NOWHERE if info is None or info.node is None else self.number(info.node)
        self._position = log.position
        return self._places


def everywhere(_: Node) -> bool:
    """Count pods on all nodes."""
    return True


class DomainCounts:
    """The pods of a headcount by domain, over the nodes that count.

    Arrays by domain have an extra zero at their end, which `NOWHERE` indexes.

    Args:
        cache: the nodes.
        headcount: the pods to count.
        domains: the topology.
        counts_on: whether pods on a node count. Nodes without the label never do.
    """

    def __init__(
        self, cache: NodeRows, headcount: Headcount, domains: Domains, counts_on: Callable[[Node], bool] = everywhere
    ) -> None:
        self._cache = cache
        self._headcount = headcount
        self._domains = domains
        self._counts_on = counts_on
        self._position = 0
        self._place = np.zeros(0, np.intp)
        """The domain in which the pods of each row count."""
        self.where: Places = np.zeros(0, np.intp)
        """The domain of each row, whether or not its pods count."""
        self.counts: Counts = np.zeros(1, np.int64)
        """Pods by domain."""
        self.nodes: Counts = np.zeros(1, np.int64)
        """The number of nodes that count, by domain."""
        self._place_all()
        headcount.followers.append(self)

    def close(self) -> None:
        """Stop following the headcount."""
        self._headcount.followers.remove(self)

    def add(self, row: int, change: int) -> None:
        """Apply a change of a row's count."""
        if row < len(self._place) and (domain := self._place[row]) != NOWHERE:
            self.counts[domain] += change

    def refresh(self) -> None:
        """Catch up with changes of nodes."""
        log = self._cache.node_changes
        if self._position == log.position:
            return
        rows = log.since(self._position)
        if rows is None or len(self._place) != self._cache.table.capacity:
            self._place_all()
            return
        for row in rows:
            self._move(row)
        self._position = log.position

    def by_row(self) -> Counts:
        """The number of pods in the domain of each row."""
        counts: Counts = self.counts[self.where]
        return counts

    def least(self) -> tuple[int, int]:
        """The minimum number of pods in a domain that counts, and the number of such domains."""
        counted = self.counts[self.nodes > 0]
        return (int(counted.min()), len(counted)) if len(counted) else (0, 0)

    def _move(self, row: int) -> None:
        where, place = self._look(row)
        old, count = self._place[row], self._headcount.rows.get(row, 0)
        self.where[row] = where
        self._make_room()
        if old == place:
            return
        if old != NOWHERE:
            self.counts[old] -= count
            self.nodes[old] -= 1
        if place != NOWHERE:
            self.counts[place] += count
            self.nodes[place] += 1
        self._place[row] = place

    def _look(self, row: int) -> tuple[int, int]:
        info = self._cache.rows[row] if row < len(self._cache.rows) else None
        node = info.node if info is not None else None
        if node is None:
            return NOWHERE, NOWHERE
        where = self._domains.number(node)
        return where, where if self._counts_on(node) else NOWHERE

    def _place_all(self) -> None:
        self.where = self._domains.places(self._cache).copy()
        self._place = self.where.copy()
        if self._counts_on is not everywhere:
            looks = (self._look(row)[1] for row in range(self._cache.table.capacity))
            self._place = np.fromiter(looks, np.intp, self._cache.table.capacity)
        size = len(self._domains) + 1
        self.nodes = np.bincount(self._place[self._place >= 0], minlength=size)
        rows = self._headcount.rows
        places = self._place[np.fromiter(rows.keys(), np.intp, len(rows))]
        pods = np.fromiter(rows.values(), np.int64, len(rows))
        counted = places != NOWHERE
        self.counts = np.bincount(places[counted], pods[counted], minlength=size).astype(np.int64)
        self._position = self._cache.node_changes.position

    def _make_room(self) -> None:
        missing = len(self._domains) + 1 - len(self.counts)
        if missing > 0:
            missing += len(self.counts)
            self.counts = np.pad(self.counts, (0, missing))
            self.nodes = np.pad(self.nodes, (0, missing))
