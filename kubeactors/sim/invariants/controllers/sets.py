"""What holds of daemon sets."""

from collections.abc import Iterator
from typing import ClassVar

from kubeactors.actor.cell import Cell
from kubeactors.api.apps.v1 import DaemonSet
from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client import controller_of
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.rollouts import is_active
from kubeactors.sim.room import target
from kubeactors.sim.world import Commit, World


class OneDaemonPerNode(Invariant):
    """A daemon set never creates a pod for a node that has one of its pods already."""

    name: ClassVar[str] = "one-daemon-per-node"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._made: dict[str, None] = {}
        """The uids of pods that were created by the daemon set that owns them; others it has adopted."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Look at each pod that is created."""
        pod = commit.new
        if commit.old is not None or not isinstance(pod, Pod):
            return
        reference = controller_of(pod.metadata)
        owner = self.world.by_uid.get(reference.uid) if reference is not None else None
        if not isinstance(owner, DaemonSet):
            return
        self._made[pod.metadata.uid] = None
        node = target(pod)
        others = [one for one in self.world.controlled_by(owner.metadata.uid).values() if one is not pod]
        for one in others:
            if isinstance(one, Pod) and is_active(one) and target(one) == node and one.metadata.uid in self._made:
                yield f"{title(owner)} has created {title(pod)} for {node}, where {title(one)} is"


INVARIANTS: tuple[type[Invariant], ...] = (OneDaemonPerNode,)
