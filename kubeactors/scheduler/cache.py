"""The scheduler's picture of the cluster: nodes, the pods on them, and the pods it has just decided about.

A scheduling cycle runs without interruption, so the cache is its own snapshot: instead of copying, it logs which rows
changed, and verdicts catch up with the log. Positions in the log never repeat, so a node that is deleted and comes
back under its name is a change like any other.

Source: pkg/scheduler/backend/cache/cache.go (v1.36).
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager

from kubeactors.api.core.v1 import Node, Pod, PodSpec
from kubeactors.scheduler.changes import ChangeLog
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.node_table import NodeTable
from kubeactors.scheduler.pod_info import PodInfo, group_key
from kubeactors.scheduler.population import Population


class Cache:
    """Nodes by name and by row, pods by uid."""

    def __init__(self) -> None:
        self.table: NodeTable = NodeTable()
        self.changes: ChangeLog = ChangeLog()
        """Every change of a row."""
        self.node_changes: ChangeLog = ChangeLog()
        """Changes of Node objects only."""
        self.population: Population = Population()
        self.rows: list[NodeInfo | None] = []
        self._nodes: dict[str, NodeInfo] = {}
        self._free_rows: list[int] = []
        self._places: dict[str, str] = {}
        """Node name of each pod that takes room, by uid."""
        self._assumed: dict[str, PodInfo] = {}
        self._nominated: dict[str, str] = {}
        """Node name of each pod that waits for room to be made there, by uid."""
        self.nominated_with_terms: int = 0
        """How many of those bring affinity terms."""
        self.node_count: int = 0
        """How many Nodes exist."""

    def __iter__(self) -> Iterator[NodeInfo]:
        """Nodes that exist, in row order."""
        return (one for one in self.rows if one is not None and one.node is not None)

    def get(self, name: str) -> NodeInfo | None:
        """The node of that name, if its Node exists."""
        info = self._nodes.get(name)
        return info if info is not None and info.node is not None else None

    def pod(self, uid: str) -> PodInfo | None:
        """The pod, if it takes room on a node."""
        place = self._places.get(uid)
        return None if place is None else self._nodes[place].pods[uid]

    def is_assumed(self, uid: str) -> bool:
        """Whether the pod's place is our own decision, not yet confirmed by the API."""
        return uid in self._assumed

    def set_node(self, node: Node) -> None:
        """The Node has come or changed."""
        info = self._info(node.metadata.name)
        self.node_count += info.node is None
        info.set_node(node)
        self.table.write_node(info)
        self._node_changed(info)

    def remove_node(self, name: str) -> None:
        """The Node is gone. Pods on it are remembered until they go too."""
        info = self._nodes.get(name)
        if info is None or info.node is None:
            return
        self.node_count -= 1
        info.set_node(None)
        self.table.write_node(info)
        self._node_changed(info)
        self._drop_if_empty(info)

    def assume(self, pod: PodInfo, node_name: str) -> None:
        """Count the pod on the node before the API knows."""
        self._assumed[pod.uid] = pod
        self._put(pod, node_name)

    def forget(self, uid: str) -> None:
        """The pod that was assumed was not bound. Nothing happens if it is confirmed or gone meanwhile."""
        if self._assumed.pop(uid, None) is not None:
            self._take(uid)

    def confirm(self, pod: Pod) -> bool:
        """The API says that the pod is on its node. False if that is news, or changes what the pod takes there."""
        info = self._nodes.get(pod.spec.node_name)
        known = info.pods.get(pod.metadata.uid) if info is not None else None
        if info is None or known is None or not is_counted_alike(known, pod):
            return False
        self._assumed.pop(pod.metadata.uid, None)
        info.pods[pod.metadata.uid] = PodInfo(
            pod, known.demand, known.host_ports, known.signature, known.group, known.terms, known.claims
        )
        return True

    def set_pod(self, pod: PodInfo) -> None:
        """The API says that the pod is on its node, where it was not, or takes something else there."""
        self._assumed.pop(pod.uid, None)
        place = self._places.get(pod.uid)
        if place is not None and place == pod.pod.spec.node_name:
            info = self._nodes[place]
            known = info.pods[pod.uid]
            if (known.demand, known.host_ports) == (pod.demand, pod.host_ports):
                self.population.add(known, info.row, -1)
                self.population.add(pod, info.row, 1)
                info.pods[pod.uid] = pod
                return
        if place is not None:
            self._take(pod.uid)
        self._put(pod, pod.pod.spec.node_name)

    def remove_pod(self, uid: str) -> bool:
        """The pod is gone, or has ended: its room is free. False if it had none."""
        self._assumed.pop(uid, None)
        if uid not in self._places:
            return False
        self._take(uid)
        return True

    @contextmanager
    def without(self, uid: str) -> Generator[None]:
        """The pod is on no node as long as the block lasts."""
        place, is_assumed = self._places.get(uid), self._assumed.get(uid)
        pod = self.pod(uid)
        if pod is not None:
            self._take(uid)
        try:
            yield
        finally:
            if pod is not None and place is not None:
                self._put(pod, place)
            if is_assumed is not None:
                self._assumed[uid] = is_assumed

    # Room that is being made.

    def nominate(self, pod: PodInfo, node_name: str) -> None:
        """Pods are being removed from the node to make room for this one: keep it from pods below it."""
        self.withdraw(pod.uid)
        info = self._info(node_name)
        info.nominated[pod.uid] = pod
        self._nominated[pod.uid] = node_name
        self.nominated_with_terms += bool(pod.terms)
        self.changes.add(info.row)

    def renominate(self, pod: PodInfo, node_name: str | None) -> tuple[PodInfo, ...]:
        """What came of an attempt: None leaves things as they are, an empty name says that no room is being made.

        Returns:
            Pods below, which had hoped for the same node and hope no more.
        """
        if node_name is None:
            return ()
        info = self.get(node_name) if node_name else None
        if info is None:
            self.withdraw(pod.uid)
            return ()
        displaced = tuple(one for one in info.nominated.values() if one.priority < pod.priority)
        for one in displaced:
            self.withdraw(one.uid)
        self.nominate(pod, node_name)
        return displaced

    def withdraw(self, uid: str) -> None:
        """The pod needs that room no more."""
        name = self._nominated.pop(uid, None)
        if name is not None:
            info = self._nodes[name]
            self.nominated_with_terms -= bool(info.nominated.pop(uid).terms)
            self.changes.add(info.row)
            self._drop_if_empty(info)

    def nominated_nodes(self) -> Iterator[NodeInfo]:
        """The nodes where room is being made."""
        return (self._nodes[name] for name in dict.fromkeys(self._nominated.values()))

    def nomination(self, uid: str) -> str:
        """The node where room is made for the pod; empty if there is none."""
        return self._nominated.get(uid, "")

    def _put(self, pod: PodInfo, node_name: str) -> None:
        self.withdraw(pod.uid)
        info = self._info(node_name)
        info.add(pod)
        self.population.add(pod, info.row, 1)
        self._places[pod.uid] = node_name
        self.table.write_pods(info)
        self.changes.add(info.row)

    def _take(self, uid: str) -> None:
        info = self._nodes[self._places.pop(uid)]
        self.population.add(info.remove(uid), info.row, -1)
        self.table.write_pods(info)
        self.changes.add(info.row)
        self._drop_if_empty(info)

    def _node_changed(self, info: NodeInfo) -> None:
        self.node_changes.add(info.row)
        self.changes.add(info.row)

    def _info(self, name: str) -> NodeInfo:
        info = self._nodes.get(name)
        if info is None:
            info = self._nodes[name] = NodeInfo(name, self._new_row())
            self.rows[info.row] = info
        return info

    def _new_row(self) -> int:
        if self._free_rows:
            return self._free_rows.pop()
        self.rows.append(None)
        self.table.grow(len(self.rows))
        return len(self.rows) - 1

    def _drop_if_empty(self, info: NodeInfo) -> None:
        if info.node is None and not info.pods and not info.nominated:
            del self._nodes[info.name]
            self.rows[info.row] = None
            self._free_rows.append(info.row)
            self.table.clear(info.row)
            self._node_changed(info)


def is_counted_alike(known: PodInfo, pod: Pod) -> bool:
    """Whether the pod takes the same room as before, and selectors see the same of it."""
    old, new = known.pod, pod
    if old.metadata.deletion_timestamp is None and new.metadata.deletion_timestamp is None:
        alike = old.metadata.labels is new.metadata.labels or old.metadata.labels == new.metadata.labels
    else:
        alike = known.group == group_key(new)
    return alike and takes_the_same(old.spec, new.spec)


def takes_the_same(one: PodSpec, other: PodSpec) -> bool:
    """Whether two specs of one pod ask a node for the same. What never changes in a pod is not compared."""
    return (
        (one.containers is other.containers or one.containers == other.containers)
        and (one.init_containers is other.init_containers or one.init_containers == other.init_containers)
        and (one.resources is other.resources or one.resources == other.resources)
    )
