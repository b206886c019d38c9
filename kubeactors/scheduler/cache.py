"""The scheduler's cache: nodes, the pods on them, assumed pods and nominated pods.

A scheduling cycle is never interrupted, so the cache is its own snapshot: instead of copying, it logs which rows
changed, and verdicts catch up with the log. Positions in the log never repeat, so a node that is deleted and created
again under its name is a change like any other.

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
    """Nodes by name and by row, pods by UID."""

    def __init__(self) -> None:
        self.table: NodeTable = NodeTable()
        self.changes: ChangeLog = ChangeLog()
        """Every change of a row."""
        self.node_changes: ChangeLog = ChangeLog()
        """Changes of rows by Node objects only."""
        self.population: Population = Population()
        self.rows: list[NodeInfo | None] = []
        self._nodes: dict[str, NodeInfo] = {}
        self._free_rows: list[int] = []
        self._places: dict[str, str] = {}
        """The node name of each pod that occupies resources, by UID."""
        self._assumed: dict[str, PodInfo] = {}
        self._nominated: dict[str, str] = {}
        """The node name of each nominated pod, by UID."""
        self.nominated_with_terms: int = 0
        """How many nominated pods have affinity terms."""
        self.node_count: int = 0
        """The number of existing Nodes."""

    def __iter__(self) -> Iterator[NodeInfo]:
        """The existing nodes, in row order."""
        return (one for one in self.rows if one is not None and one.node is not None)

    def get(self, name: str) -> NodeInfo | None:
        """The node of this name, if its Node exists."""
        info = self._nodes.get(name)
        return info if info is not None and info.node is not None else None

    def pod(self, uid: str) -> PodInfo | None:
        """The pod, if it occupies resources on a node."""
        place = self._places.get(uid)
        return None if place is None else self._nodes[place].pods[uid]

    def is_assumed(self, uid: str) -> bool:
        """Whether the pod is assumed: placed by us, and not confirmed by its informer yet."""
        return uid in self._assumed

    def set_node(self, node: Node) -> None:
        """Add or update a Node."""
        info = self._info(node.metadata.name)
        self.node_count += info.node is None
        info.set_node(node)
        self.table.write_node(info)
        self._node_changed(info)

    def remove_node(self, name: str) -> None:
        """Remove a Node. The pods on it are kept until they are deleted, too."""
        info = self._nodes.get(name)
        if info is None or info.node is None:
            return
        self.node_count -= 1
        info.set_node(None)
        self.table.write_node(info)
        self._node_changed(info)
        self._drop_if_empty(info)

    def assume(self, pod: PodInfo, node_name: str) -> None:
        """Assume the pod on the node, before it is bound."""
        self._assumed[pod.uid] = pod
        self._put(pod, node_name)

    def forget(self, uid: str) -> None:
        """Remove an assumed pod that was not bound. No effect if it is confirmed or gone meanwhile."""
        if self._assumed.pop(uid, None) is not None:
            self._take(uid)

    def confirm(self, pod: Pod) -> bool:
        """Confirm a bound pod. False if it is not known on its node, or has changed relevantly: use `set_pod`."""
        info = self._nodes.get(pod.spec.node_name)
        known = info.pods.get(pod.metadata.uid) if info is not None else None
        if info is None or known is None or not counts_equally(known, pod):
            return False
        self._assumed.pop(pod.metadata.uid, None)
        info.pods[pod.metadata.uid] = PodInfo(
            pod, known.demand, known.host_ports, known.signature, known.group, known.terms, known.claims
        )
        return True

    def set_pod(self, pod: PodInfo) -> None:
        """Add or update a bound pod."""
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
        """Remove a pod that is gone or finished. False if it was on no node."""
        self._assumed.pop(uid, None)
        if uid not in self._places:
            return False
        self._take(uid)
        return True

    @contextmanager
    def without(self, uid: str) -> Generator[None]:
        """A block during which the pod is on no node."""
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

    # Nominated pods.

    def nominate(self, pod: PodInfo, node_name: str) -> None:
        """Nominate the pod for a node on which it preempts others: pods of lower priority cannot take the room."""
        self.withdraw(pod.uid)
        info = self._info(node_name)
        info.nominated[pod.uid] = pod
        self._nominated[pod.uid] = node_name
        self.nominated_with_terms += bool(pod.terms)
        self.changes.add(info.row)

    def renominate(self, pod: PodInfo, node_name: str | None) -> tuple[PodInfo, ...]:
        """Set the nomination after a scheduling cycle: None keeps it, an empty name clears it.

        Returns:
            The pods of lower priority that were nominated for the same node, whose nominations are cleared.
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
        """Clear the pod's nomination."""
        name = self._nominated.pop(uid, None)
        if name is not None:
            info = self._nodes[name]
            self.nominated_with_terms -= bool(info.nominated.pop(uid).terms)
            self.changes.add(info.row)
            self._drop_if_empty(info)

    def nominated_nodes(self) -> Iterator[NodeInfo]:
        """The nodes with nominated pods."""
        return (self._nodes[name] for name in dict.fromkeys(self._nominated.values()))

    def nomination(self, uid: str) -> str:
        """The node for which the pod is nominated; empty if there is none."""
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


def counts_equally(known: PodInfo, pod: Pod) -> bool:
    """Whether the pod's requests and everything that selectors match are unchanged."""
    old, new = known.pod, pod
    if old.metadata.deletion_timestamp is None and new.metadata.deletion_timestamp is None:
        alike = old.metadata.labels is new.metadata.labels or old.metadata.labels == new.metadata.labels
    else:
        alike = known.group == group_key(new)
    return alike and requests_equal(old.spec, new.spec)


def requests_equal(one: PodSpec, other: PodSpec) -> bool:
    """Whether two specs of one pod request the same. Immutable fields are not compared."""
    return (
        (one.containers is other.containers or one.containers == other.containers)
        and (one.init_containers is other.init_containers or one.init_containers == other.init_containers)
        and (one.resources is other.resources or one.resources == other.resources)
    )
