"""Invariants of kubelets: which containers run, and how pods terminate."""

from collections.abc import Container, Iterator, Sequence
from typing import ClassVar

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api.apps.v1 import StatefulSet
from kubeactors.api.core.v1 import Node, Pod
from kubeactors.api.core.v1.resourcequota import ResourceQuota
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client import controller_of
from kubeactors.kubelet import Kubelet
from kubeactors.kubelet.runtimes import ContainerRuntime, ContainerState, PodSandbox, RuntimeContainer
from kubeactors.kubelet.static_pods import mirrored
from kubeactors.sim.disturbances import LONG_AGO, RETRIED
from kubeactors.sim.invariants.inspection import Key, informed_at, is_lost_with_node, key_of
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.tree import actor_at, actors_within
from kubeactors.sim.world import Commit, World

TERMINAL = ("Succeeded", "Failed")


class TerminalPhasesAreFinal(Invariant):
    """A pod in phase Succeeded or Failed keeps that phase."""

    name: ClassVar[str] = "terminal-phases-are-final"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod,)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Compare the phase before and after."""
        old, new = commit.old, commit.new
        if (
            isinstance(old, Pod)
            and isinstance(new, Pod)
            and old.status.phase in TERMINAL
            and new.status.phase != old.status.phase
        ):
            yield f"{title(new)} went from the terminal phase {old.status.phase} to {new.status.phase or 'none'}"


class PodIPsAreUnique(Invariant):
    """When all is quiet, no two active pods have the same IP.

    Before that they may: after a power loss a node reuses IPs that the API still shows at its old pods.
    """

    name: ClassVar[str] = "pod-ips-are-unique"

    def settled(self) -> Iterator[str]:
        """Compare the IPs of all active pods."""
        taken: dict[str, Pod] = {}
        for pod in self.world.of(Pod).values():
            address = pod.status.pod_ip
            if address and pod.status.phase not in TERMINAL and not pod.spec.host_network:
                if address in taken:
                    yield f"{title(pod)} and {title(taken[address])} both have the IP {address}"
                taken[address] = pod


class ScheduledPodsAreAdmitted(Invariant):
    """An undisturbed kubelet admits the pods that the scheduler has bound to its node.

    Not judged while a static pod has no mirror pod, for instance because a user deleted that: the scheduler does not
    account for it then.
    """

    name: ClassVar[str] = "scheduled-pods-are-admitted"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._mirrored: dict[str, int] = {}
        """By node: when a mirror pod was last created or deleted."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Look at each pod that is rejected for lack of resources."""
        old, new = commit.old, commit.new
        if (old is None or new is None) and isinstance(commit.current, Pod) and mirrored(commit.current):
            self._mirrored[commit.current.spec.node_name] = self.root.kernel.now
        if isinstance(new, Pod) and isinstance(old, Pod) and _is_rejected(new) and not _is_rejected(old):
            node, now = new.spec.node_name, self.root.kernel.now
            known = max(informed_at(self.world, node, "", "scheduler"), self._mirrored.get(node, LONG_AGO) + RETRIED)
            if not self.world.intents.force_deleted and known < now:
                yield f"{title(new)} was bound to {node}, whose kubelet rejected it: {new.status.message}"


def _is_rejected(pod: Pod) -> bool:
    return pod.status.reason.startswith("OutOf")


class AtMostOnePodPerIdentity(Invariant):
    """The containers of two stateful pods of one name never run at the same time, unless a user force-deleted one of them."""

    name: ClassVar[str] = "at-most-one-pod-per-identity"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._nodes: dict[Key, dict[str, str]] = {}
        """By namespace and name: the uids of the stateful pods of that name, and their nodes."""
        self._repeated: dict[Key, None] = {}
        """The names that a second pod has had."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Record the pod; check its name if another pod had it before."""
        pod = commit.current
        reference = controller_of(pod.metadata)
        if isinstance(pod, Pod) and reference is not None and reference.kind == StatefulSet().kind:
            nodes = self._nodes.setdefault(key_of(pod), {})
            nodes[pod.metadata.uid] = pod.spec.node_name
            if len(nodes) > 1:
                self._repeated[key_of(pod)] = None
                yield from self._look(key_of(pod))

    def looked(self) -> Iterator[str]:
        """Check all names that more than one pod has had."""
        for key in self._repeated:
            yield from self._look(key)

    def _look(self, key: Key) -> Iterator[str]:
        """Look at the containers on all nodes where pods of this name have been."""
        nodes, running = self._nodes[key], dict[str, str]()
        uids = [uid for uid in nodes if uid not in self.world.intents.force_deleted]
        for node in dict.fromkeys(nodes.values()):
            running |= {one.config.uid: node for one in running_on(self.root, node, uids)}
        first, *others = running.values() or ("",)
        for node in others:
            yield f'pod "{key[0]}/{key[1]}" runs on {first} and on {node} at the same time'


class PodsTerminateGracefully(Invariant):
    """An active pod on a node is removed only after its deletion was requested and its kubelet has confirmed it.

    Exempt are pods whose node no longer exists, and those that a user force-deletes.
    """

    name: ClassVar[str] = "pods-terminate-gracefully"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod,)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Look at each pod that is removed."""
        old = commit.old
        if commit.new is not None or not isinstance(old, Pod) or not old.spec.node_name or is_lost_with_node(old):
            return
        if old.metadata.uid in self.world.intents.force_deleted:
            return
        if old.metadata.deletion_timestamp is None and old.status.phase not in TERMINAL:
            yield f"{title(old)} was removed while active, without a graceful deletion"


class FinishedPodsAreNotRestarted(Invariant):
    """No container is created for a pod that has finished, or was removed from the API, before."""

    name: ClassVar[str] = "finished-pods-are-not-restarted"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._gone: dict[str, dict[str, int]] = {}
        """By node: the uids of its finished or removed pods, and since when (unix nanoseconds)."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Record finished and removed pods."""
        pod = commit.current
        if isinstance(pod, Pod) and pod.spec.node_name and (commit.new is None or pod.status.phase in TERMINAL):
            gone = self._gone.setdefault(pod.spec.node_name, {})
            gone.setdefault(pod.metadata.uid, self.root.kernel.wall + self.root.kernel.now)
        yield from ()

    def looked(self) -> Iterator[str]:
        """Look for containers of these pods on their nodes."""
        for node, ended in self._gone.items():
            kubelet = kubelet_on(self.root, node)
            for one in sandboxes_of(kubelet):
                gone = None if one.config.uid in self.world.intents.force_deleted else ended.get(one.config.uid)
                containers = containers_of(kubelet, one) if gone is not None else ()
                if gone is not None and any(made.created_at > gone + SECOND // 10 for made in containers):
                    name = f"{one.config.namespace}/{one.config.name}"
                    yield f'containers of pod "{name}" were created on {node} after the pod had finished or was removed'


class RunningContainersMatchTheAPI(Invariant):
    """When all is quiet, the pods that run on nodes are those that the API shows as running there."""

    name: ClassVar[str] = "running-containers-match-the-api"

    def settled(self) -> Iterator[str]:
        """Compare what runs on each node with the pods in the store."""
        nodes = (node for node, _ in kubelets(self.root))
        running = {one.config.uid: (node, one) for node in nodes for one in running_on(self.root, node)}
        pods = {mirrored(pod) or pod.metadata.uid: pod for pod in self.world.of(Pod).values()}
        own = {one.metadata.uid for _, kubelet in kubelets(self.root) for one in kubelet._static}  # noqa: SLF001 -- as below
        for uid, (node, one) in running.items():
            pod = pods.get(uid)
            if uid not in own and (pod is None or pod.status.phase in TERMINAL or pod.spec.node_name != node):
                yield f'containers of pod "{one.config.namespace}/{one.config.name}" run on {node}, but no active pod there owns them'
        for uid, pod in pods.items():
            if pod.status.phase == "Running" and uid not in running:
                yield f"{title(pod)} is Running on {pod.spec.node_name} by its status, but no container of it runs there"


class MirrorPodsMatchStaticPods(Invariant):
    """When all is quiet, each static pod has a mirror pod, even if a user deleted that, and there are no other mirror pods."""

    name: ClassVar[str] = "mirror-pods-match-static-pods"

    def settled(self) -> Iterator[str]:
        """Compare mirror pods with kubelets' static pods."""
        shown = {mirrored(one): one for one in self.world.of(Pod).values() if mirrored(one)}
        nodes = {one.metadata.name for one in self.world.of(Node).values()}
        for node, kubelet in kubelets(self.root):
            for own in kubelet._static if node in nodes else ():  # noqa: SLF001 -- as below
                mirror = shown.pop(own.metadata.uid, None)
                if mirror is None or mirror.metadata.deletion_timestamp is not None:
                    if not self._may_be_rejected(own):
                        yield f"static {title(own)} on {node} has no mirror pod"
                elif mirror.status.phase != "Running":
                    yield f'static {title(own)} runs on {node}, but the phase of its mirror pod is "{mirror.status.phase}"'
        yield from (f"{title(one)} is the mirror of no static pod" for one in shown.values())

    def _may_be_rejected(self, own: Pod) -> bool:
        """Whether a quota may forbid another pod in its namespace: quotas count mirror pods, too."""
        return any(one.metadata.namespace == own.metadata.namespace for one in self.world.of(ResourceQuota).values())


class NodeStatusesMatchKubelets(Invariant):
    """When all is quiet, each Node has what its kubelet would write, whatever others have written."""

    name: ClassVar[str] = "node-statuses-match-kubelets"

    def settled(self) -> Iterator[str]:
        """Ask each kubelet whether it would change its Node."""
        nodes = {one.metadata.name: one for one in self.world.of(Node).values()}
        for name, kubelet in kubelets(self.root):
            node, reporter = nodes.get(name), kubelet._reporter  # noqa: SLF001 -- as below
            if node is not None and reporter.node is not None and reporter.is_wrong(node, ""):
                yield f"{title(node)} differs from what its kubelet reports"


def running_on(root: Cell, node: str, uids: Container[str] | None = None) -> Iterator[PodSandbox]:
    """Every pod sandbox on a node with a running container; only those of pods with these uids, if given."""
    kubelet = kubelet_on(root, node)
    for one in sandboxes_of(kubelet):
        if (uids is None or one.config.uid in uids) and any(
            container.state is ContainerState.RUNNING for container in containers_of(kubelet, one)
        ):
            yield one


def sandboxes_of(kubelet: Kubelet | None) -> Sequence[PodSandbox]:
    """The pod sandboxes of a node; none if it is off."""
    return kubelet._runtime.list_pod_sandboxes() if kubelet is not None else ()  # noqa: SLF001 -- an invariant looks inside


def containers_of(kubelet: Kubelet | None, sandbox: PodSandbox) -> Sequence[RuntimeContainer]:
    """The containers of a sandbox, as they are now."""
    return kubelet._runtime.list_containers(sandbox.id, kubelet.ctx.steady) if kubelet is not None else ()  # noqa: SLF001 -- as above


def runtimes(root: Cell) -> Iterator[tuple[str, ContainerRuntime, int]]:
    """The name, the runtime and the monotonic time of each node that is on."""
    for node, kubelet in kubelets(root):
        yield node, kubelet._runtime, kubelet.ctx.steady  # noqa: SLF001 -- an invariant looks inside


def kubelet_on(root: Cell, node: str) -> Kubelet | None:
    """The kubelet of a node; None if the node is off, or the name is empty."""
    return actor_at(root, Kubelet, "machines", node)


def kubelets(root: Cell) -> Iterator[tuple[str, Kubelet]]:
    """The name and the kubelet of each node that is on."""
    for path, kubelet in actors_within("machines", root, Kubelet):
        yield path.rpartition("/")[2], kubelet


INVARIANTS: tuple[type[Invariant], ...] = (
    TerminalPhasesAreFinal,
    PodIPsAreUnique,
    ScheduledPodsAreAdmitted,
    AtMostOnePodPerIdentity,
    PodsTerminateGracefully,
    FinishedPodsAreNotRestarted,
    RunningContainersMatchTheAPI,
    MirrorPodsMatchStaticPods,
    NodeStatusesMatchKubelets,
)
