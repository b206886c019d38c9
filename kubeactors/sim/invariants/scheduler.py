"""What holds of placement."""

from collections.abc import Iterator
from typing import ClassVar

from kubeactors.api.core.v1 import Node, Pod
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.room import has_room, takes_pods
from kubeactors.sim.world import Commit


class BoundOnce(Invariant):
    """A pod never leaves the node that it was bound to."""

    name: ClassVar[str] = "bound-once"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod,)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Its node stays."""
        old, new = commit.old, commit.new
        if (
            isinstance(old, Pod)
            and isinstance(new, Pod)
            and old.spec.node_name
            and new.spec.node_name != old.spec.node_name
        ):
            yield f"{title(new)} was bound to {old.spec.node_name} and then to {new.spec.node_name or 'nothing'}"


class NodesHaveRoom(Invariant):
    """The pods that are bound to a node fit on it."""

    name: ClassVar[str] = "nodes-have-room"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod,)

    def committed(self, commit: Commit) -> Iterator[str]:
        """A pod is bound to a node that has room for it."""
        old, new = commit.old, commit.new
        if not isinstance(new, Pod) or not new.spec.node_name or (isinstance(old, Pod) and old.spec.node_name):
            return
        node = self.world.find(Node, new.spec.node_name, "")
        if node is not None and not has_room(node, list(self.world.of(Pod).values())):
            yield f"{title(new)} was bound to {node.metadata.name}, which had no room for it"


class SchedulableIsScheduled(Invariant):
    """When all is quiet, no pod waits that some node would take."""

    name: ClassVar[str] = "schedulable-is-scheduled"

    def settled(self) -> Iterator[str]:
        """Try every node for every pod that waits."""
        pods = list(self.world.of(Pod).values())
        nodes = self.world.of(Node).values()
        for pod in pods:
            if pod.spec.node_name or pod.metadata.deletion_timestamp is not None:
                continue
            for node in nodes:
                if takes_pods(node, pod) and has_room(node, pods, pod):
                    yield f"{title(pod)} waits, though {node.metadata.name} has room for it"
                    break


INVARIANTS: tuple[type[Invariant], ...] = (BoundOnce, NodesHaveRoom, SchedulableIsScheduled)
