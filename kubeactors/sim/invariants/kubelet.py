"""What holds of pods on nodes."""

from collections.abc import Iterator, Sequence
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
from kubeactors.sim.disturbances import LONG_AGO
from kubeactors.sim.invariants.inspection import UNDISTURBED, Key, is_condemned, key_of
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.tree import actor_at, actors_within
from kubeactors.sim.world import Commit, World

TERMINAL = ("Succeeded", "Failed")


class TerminalPhasesAreFinal(Invariant):
    """A pod that has ended never runs again."""

    name: ClassVar[str] = "terminal-phases-are-final"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod,)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Its phase stays."""
        old, new = commit.old, commit.new
        if (
            isinstance(old, Pod)
            and isinstance(new, Pod)
            and old.status.phase in TERMINAL
            and new.status.phase != old.status.phase
        ):
            yield f"{title(new)} was {old.status.phase} and became {new.status.phase or 'nothing'}"


class PodIPsAreUnique(Invariant):
    """When all is quiet, no two pods that run have the same address.

    For a while they may: a node that lost its power gives addresses away again that the API still shows at its old pods.
    """

    name: ClassVar[str] = "pod-ips-are-unique"

    def settled(self) -> Iterator[str]:
        """Look at all pods that run."""
        taken: dict[str, Pod] = {}
        for pod in self.world.of(Pod).values():
            address = pod.status.pod_ip
            if address and pod.status.phase not in TERMINAL and not pod.spec.host_network:
                if address in taken:
                    yield f"{title(pod)} and {title(taken[address])} have the address {address}"
                taken[address] = pod


class ScheduledPodsAreAdmitted(Invariant):
    """A kubelet that nothing has befallen takes the pods that the scheduler has found room for.

    But while a pod of its own is not shown, for instance because a user has deleted it, the scheduler counts less there.
    """

    name: ClassVar[str] = "scheduled-pods-are-admitted"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._mirrored: dict[str, int] = {}
        """By node, when a pod of its own came or went last."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Look at each pod that is refused for want of room."""
        old, new = commit.old, commit.new
        if (old is None or new is None) and isinstance(commit.current, Pod) and mirrored(commit.current):
            self._mirrored[commit.current.spec.node_name] = self.root.kernel.now
        if isinstance(new, Pod) and isinstance(old, Pod) and _is_refused(new) and not _is_refused(old):
            node, now = new.spec.node_name, self.root.kernel.now
            since = max(self.world.faults.disturbed_until(node, "", "scheduler"), self._mirrored.get(node, LONG_AGO))
            if not self.world.intents.forced and since + UNDISTURBED < now:
                yield f"{title(new)} was refused by {node}: {new.status.message}"


def _is_refused(pod: Pod) -> bool:
    return pod.status.reason.startswith("OutOf")


class AtMostOnePodPerIdentity(Invariant):
    """The containers of two pods of a stateful set that have the same name never run at the same time.

    But those of a pod that was deleted by force.
    """

    name: ClassVar[str] = "at-most-one-pod-per-identity"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._nodes: dict[Key, dict[str, str]] = {}
        """By namespace and name: the uids that pods of stateful sets have had, and on which nodes these were."""
        self._repeated: dict[Key, None] = {}
        """The names that have been given to a second pod."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Remember who there was; look when a pod has changed."""
        pod = commit.current
        reference = controller_of(pod.metadata)
        if isinstance(pod, Pod) and reference is not None and reference.kind == StatefulSet().kind:
            nodes = self._nodes.setdefault(key_of(pod), {})
            nodes[pod.metadata.uid] = pod.spec.node_name
            if len(nodes) > 1:
                self._repeated[key_of(pod)] = None
                yield from self._look(key_of(pod))

    def looked(self) -> Iterator[str]:
        """Look at all names that there have been twice."""
        for key in self._repeated:
            yield from self._look(key)

    def _look(self, key: Key) -> Iterator[str]:
        """Look at what runs on the nodes where pods of a name have been."""
        nodes, running = self._nodes[key], dict[str, str]()
        for node in dict.fromkeys(nodes.values()):
            uids = (one.config.uid for one in running_on(self.root, node))
            running |= {uid: node for uid in uids if uid in nodes and uid not in self.world.intents.forced}
        first, *others = running.values() or ("",)
        for node in others:
            yield f'pod "{key[0]}/{key[1]}" runs twice, on {first} and on {node}'


class PodsTerminateGracefully(Invariant):
    """A pod that is on a node and has not ended goes when its kubelet says so, after somebody has asked for it.

    Only a pod whose node is gone, or that a user deletes by force, may go without.
    """

    name: ClassVar[str] = "pods-terminate-gracefully"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod,)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Look at each pod that is removed."""
        old = commit.old
        if commit.new is not None or not isinstance(old, Pod) or not old.spec.node_name or is_condemned(old):
            return
        if old.metadata.uid in self.world.intents.forced:
            return
        if old.metadata.deletion_timestamp is None and old.status.phase not in TERMINAL:
            yield f"{title(old)} was removed, and nobody has asked it to go"


class FinishedPodsAreNotRestarted(Invariant):
    """No container is made of a pod that has ended before, or that the API has forgotten."""

    name: ClassVar[str] = "finished-pods-are-not-restarted"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._gone: dict[str, dict[str, int]] = {}
        """By node: the uids of its pods that have ended or are gone, and since when (unix nanoseconds)."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Remember who has gone."""
        pod = commit.current
        if isinstance(pod, Pod) and pod.spec.node_name and (commit.new is None or pod.status.phase in TERMINAL):
            gone = self._gone.setdefault(pod.spec.node_name, {})
            gone.setdefault(pod.metadata.uid, self.root.kernel.wall + self.root.kernel.now)
        yield from ()

    def looked(self) -> Iterator[str]:
        """Look at what there is on the nodes where they were."""
        for node, ended in self._gone.items():
            kubelet = kubelet_on(self.root, node)
            for one in sandboxes_of(kubelet):
                gone = None if one.config.uid in self.world.intents.forced else ended.get(one.config.uid)
                containers = containers_of(kubelet, one) if gone is not None else ()
                if gone is not None and any(made.created_at > gone + SECOND // 10 for made in containers):
                    name = f"{one.config.namespace}/{one.config.name}"
                    yield f"containers of {name} were made on {node} after it had ended"


class RunningContainersMatchTheAPI(Invariant):
    """When all is quiet, nodes run what the API says that they run."""

    name: ClassVar[str] = "running-containers-match-the-api"

    def settled(self) -> Iterator[str]:
        """Compare what runs on each node with the pods there are."""
        nodes = (node for node, _ in kubelets(self.root))
        running = {one.config.uid: (node, one) for node in nodes for one in running_on(self.root, node)}
        pods = {mirrored(pod) or pod.metadata.uid: pod for pod in self.world.of(Pod).values()}
        own = {one.metadata.uid for _, kubelet in kubelets(self.root) for one in kubelet._static}  # noqa: SLF001 -- as below
        for uid, (node, one) in running.items():
            pod = pods.get(uid)
            if uid not in own and (pod is None or pod.status.phase in TERMINAL or pod.spec.node_name != node):
                yield f"containers of {one.config.namespace}/{one.config.name} run on {node}, and nobody wants them"
        for uid, pod in pods.items():
            if pod.status.phase == "Running" and uid not in running:
                yield f"{title(pod)} is said to run on {pod.spec.node_name}, and does not"


class MirrorPodsMatchStaticPods(Invariant):
    """When all is quiet, the API shows each pod that a node runs by itself, whoever has deleted that; and no other."""

    name: ClassVar[str] = "mirror-pods-match-static-pods"

    def settled(self) -> Iterator[str]:
        """Compare what is shown with what kubelets run by themselves."""
        shown = {mirrored(one): one for one in self.world.of(Pod).values() if mirrored(one)}
        nodes = {one.metadata.name for one in self.world.of(Node).values()}
        for node, kubelet in kubelets(self.root):
            for own in kubelet._static if node in nodes else ():  # noqa: SLF001 -- as below
                mirror = shown.pop(own.metadata.uid, None)
                if mirror is None or mirror.metadata.deletion_timestamp is not None:
                    if not self._may_be_refused(own):
                        yield f"{node} runs {title(own)}, which the API does not show"
                elif mirror.status.phase != "Running":
                    yield f'{node} runs {title(own)}, and the API says that it is "{mirror.status.phase}"'
        yield from (f"{title(one)} shows what no node runs by itself" for one in shown.values())

    def _may_be_refused(self, own: Pod) -> bool:
        """Whether there may be no more pods in its namespace: what shows it is a pod like others then."""
        return any(one.metadata.namespace == own.metadata.namespace for one in self.world.of(ResourceQuota).values())


class NodeStatusesMatchKubelets(Invariant):
    """When all is quiet, each Node shows what its kubelet says of it, whoever has written something else."""

    name: ClassVar[str] = "node-statuses-match-kubelets"

    def settled(self) -> Iterator[str]:
        """Ask each kubelet what it would write of its Node as that is now."""
        nodes = {one.metadata.name: one for one in self.world.of(Node).values()}
        for name, kubelet in kubelets(self.root):
            node, reporter = nodes.get(name), kubelet._reporter  # noqa: SLF001 -- as below
            if node is not None and reporter.node is not None and reporter.is_wrong(node, ""):
                yield f"{title(node)} does not show what its kubelet would say of it"


def running_on(root: Cell, node: str) -> Iterator[PodSandbox]:
    """Every pod on a node of which a container runs."""
    kubelet = kubelet_on(root, node)
    for one in sandboxes_of(kubelet):
        if any(container.state is ContainerState.RUNNING for container in containers_of(kubelet, one)):
            yield one


def sandboxes_of(kubelet: Kubelet | None) -> Sequence[PodSandbox]:
    """The pods of a node; none if it is off."""
    return kubelet._runtime.list_pod_sandboxes() if kubelet is not None else ()  # noqa: SLF001 -- an invariant looks inside


def containers_of(kubelet: Kubelet | None, sandbox: PodSandbox) -> Sequence[RuntimeContainer]:
    """The containers of one of them as they are now."""
    return kubelet._runtime.list_containers(sandbox.id, kubelet.ctx.steady) if kubelet is not None else ()  # noqa: SLF001 -- as above


def runtimes(root: Cell) -> Iterator[tuple[str, ContainerRuntime, int]]:
    """The runtimes of all nodes that are on, with the names of the nodes, and what time it is there."""
    for node, kubelet in kubelets(root):
        yield node, kubelet._runtime, kubelet.ctx.steady  # noqa: SLF001 -- an invariant looks inside


def kubelet_on(root: Cell, node: str) -> Kubelet | None:
    """The kubelet of a node; None if that is off, or has no name."""
    return actor_at(root, Kubelet, "machines", node)


def kubelets(root: Cell) -> Iterator[tuple[str, Kubelet]]:
    """The kubelets of all nodes that are on, with the names of the nodes."""
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
