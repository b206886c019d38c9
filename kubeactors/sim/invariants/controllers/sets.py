"""Invariants of daemon sets and stateful sets."""

from collections.abc import Iterator
from typing import ClassVar

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api.apps.v1 import DaemonSet, StatefulSet
from kubeactors.api.core.v1 import Pod
from kubeactors.api.core.v1.resourcequota import ResourceQuota
from kubeactors.apimachinery.labels import of_object
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client import controller_of
from kubeactors.sim.bounds.capacity import target
from kubeactors.sim.bounds.goals import REVISION_LABEL
from kubeactors.sim.bounds.rollouts import has_caught_up, is_active, is_available, numbers
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.tree import is_held_up
from kubeactors.sim.world import Commit, World

PATIENCE = 40 * SECOND
"""How long a pod may be missing: a lost request is retried after its timeout."""
LOSSES, PROMPTLY = 70 * SECOND, 10 * SECOND
"""How long after the last fault no request is lost any more, and how soon a pod is created from then on."""
MANAGER = "controller-manager"


class OneDaemonPodPerNode(Invariant):
    """A daemon set creates no second active pod for a node; with `maxSurge`, no second one of the same template.

    Pods that its selector no longer matches do not count, even before they are released.
    """

    name: ClassVar[str] = "one-daemon-pod-per-node"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._made: dict[str, None] = {}
        """The uids of pods created by the daemon set that owns them, as opposed to adopted ones."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Check each pod that is created."""
        pod = commit.new
        if commit.old is not None or not isinstance(pod, Pod):
            return
        reference = controller_of(pod.metadata)
        owner = self.world.by_uid.get(reference.uid) if reference is not None else None
        if not isinstance(owner, DaemonSet):
            return
        self._made[pod.metadata.uid] = None
        node = target(pod)
        selector = of_object(owner.spec.selector)
        others = [one for one in self.world.controlled_by(owner.metadata.uid).values() if one is not pod]
        for one in others:
            if not isinstance(one, Pod) or not is_active(one) or one.metadata.uid not in self._made:
                continue
            if not selector.matches(one.metadata.labels):
                continue
            if target(one) == node and (not _surges(owner) or _hash(one) == _hash(pod)):
                yield f"{title(owner)} created {title(pod)} for {node}, where its {title(one)} is still active"


def _surges(found: DaemonSet) -> bool:
    rolling = found.spec.update_strategy.rolling_update
    return bool(rolling is not None and rolling.max_surge)


def _hash(pod: Pod) -> str:
    return pod.metadata.labels.get(REVISION_LABEL, "")


class StatefulPodsAreRecreated(Invariant):
    """A stateful set's first missing pod is created soon after its predecessors are available, whatever its successors.

    Source: processReplica in pkg/controller/statefulset/stateful_set_control.go (v1.36): each waits until its
    predecessor has been ready for `minReadySeconds`.
    """

    name: ClassVar[str] = "stateful-pods-are-recreated"

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._missing: dict[tuple[str, str], int] = {}
        """By uid of the set and name of the pod: since when it is missing without any component backing off."""

    def looked(self) -> Iterator[str]:
        """Check all stateful sets."""
        missing = {
            (one.metadata.uid, name): one for one in self.world.of(StatefulSet).values() if (name := self._of(one))
        }
        now = self.root.kernel.now
        backs_off = bool(missing) and is_held_up(self.root)
        self._missing = {key: now if backs_off else self._missing.get(key, now) for key in missing}
        for key, since in self._missing.items():
            disturbed = self.world.faults.affected_until(MANAGER)
            patience = PROMPTLY if disturbed + LOSSES < now else PATIENCE
            if max(since, disturbed) + patience < now:
                yield f"{title(missing[key])} lacks its pod {key[1]}, though nothing prevents its creation"

    def _of(self, found: StatefulSet) -> str:
        """The name of the pod that should be created now; empty if there is none."""
        if (
            found.metadata.deletion_timestamp is not None
            or not has_caught_up(found)
            or self.world.log.get(ResourceQuota)
        ):
            return ""
        wall = self.root.kernel.wall + self.root.kernel.now
        for number in numbers(found):
            name = f"{found.metadata.name}-{number}"
            pod = self.world.find(Pod, name, found.metadata.namespace)
            if pod is None:
                return name
            if not is_available(pod, found.spec.min_ready_seconds, wall):
                return ""
        return ""


INVARIANTS: tuple[type[Invariant], ...] = (OneDaemonPodPerNode, StatefulPodsAreRecreated)
