"""User actions: first users create a few workloads, then they change them."""

from collections.abc import Callable

from kubeactors.sim import workload
from kubeactors.sim.grammar.creations import MAX_REPLICAS, Creations
from kubeactors.sim.grammar.source import Source
from kubeactors.sim.grammar.subjects import (
    CRON_JOB,
    DAEMON_SET,
    DEPLOYMENT,
    KEEPERS,
    SET_KINDS,
    STATEFUL_SET,
    Subject,
    subjects,
)
from kubeactors.sim.workload import AnyAction

CRON_SECONDS = 150.0
"""A CronJob, which is due every minute, is suspended after this time at the earliest."""
IMAGES = ("2", "3", "1", workload.SLOW_IMAGE)
PROPAGATIONS: tuple[workload.Propagation, ...] = ("Background", "Orphan", "Foreground")
OFFSETS = (0.0, 0.0, 0.01, 0.05, 0.2, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0)
"""The delay of an action after another one, in seconds."""
AMID = (0.3, 0.5, 0.8, 1.2, 2.0, 4.0)
"""The delay of an action that interrupts a rollout or a scaling, in seconds."""
TAINTED = (3.0, 10.0, 30.0)
"""How long taints last, in seconds: shorter and longer than pods tolerate them."""
APART, VISITS, HELD = (1.0, 0.2, 4.0), (15.0, 3.0, 0.5, 40.0), (0.0, 5.0, 15.0)
"""How far apart foreign machines join, how long they stay, and how long finalizers keep their Nodes, in seconds."""
MOMENT_SECONDS = 20
"""The least distance of moments: most effects of one are over by the next. One may come much later, when long lags
end."""

COMMON_ONE_IN = 7
"""One action in so many is about nodes or namespaces: most of these disrupt much of what is in progress."""

Make = Callable[[float], AnyAction]


class Actions:
    """Draws user actions.

    Args:
        source: makes the choices.
        nodes: the names of the nodes.
    """

    def __init__(self, source: Source, nodes: tuple[str, ...]) -> None:
        self._source = source
        self._nodes = nodes
        far = source.choice((2, 2, 2, 16))
        self._moments = tuple(MOMENT_SECONDS * number for number in (0, 1, far)[: source.integer(1, 3)])
        self._pods = 0
        self._sizes = (source.integer(0, MAX_REPLICAS), source.integer(1, MAX_REPLICAS))
        self._number = source.integer(0, MAX_REPLICAS)
        self._masks: dict[str, int] = {}
        self._gone: dict[Subject, None] = {}
        """Workloads that are deleted, and not recreated."""
        self._slow: dict[Subject, None] = {}
        """Workloads that were updated to the slow image."""
        self._under_way: tuple[Subject, float] | None = None
        """The workload with a rollout or scaling in progress, and since when."""
        self._creations = Creations(source, self._size)
        self.subjects: tuple[Subject, ...] = subjects(source)
        self.times: list[float] = []
        """The times of actions, in the order in which they were drawn."""
        self.cordoned: dict[str, None] = {}
        """Nodes to uncordon at the end."""

    def creations(self) -> list[AnyAction]:
        """The creations of the workloads, one after the other."""
        made = [self._create(one, 0.1 * index) for index, one in enumerate(self.subjects)]
        self.times += [one.at for one in made]
        return made

    def another(self) -> AnyAction:
        """One more action."""
        if self._under_way is not None and self._source.integer(0, 1):
            return self._amid(*self._under_way)
        self._under_way = None
        subject = self._source.choice(self.subjects)
        at = self._at()
        if subject in self._gone and self._source.integer(0, 1):
            return self._create(subject, at)
        if self._source.integer(0, COMMON_ONE_IN - 1):
            return self._source.choice(self._swarm(subject.kind, self._about(subject)))(at)
        return self._source.choice(self._swarm("", self._common(subject)))(at)

    def _amid(self, subject: Subject, since: float) -> AnyAction:
        """An action that interrupts a rollout or scaling that has just begun."""
        at = round(since + self._source.choice(AMID), 3)
        self.times.append(at)
        scale, roll = self._scale(subject), self._roll_to(subject)
        pausing, delete = self._pausing(subject.name), self._delete_one(subject.name)
        makes: dict[str, tuple[Make, ...]] = {
            DEPLOYMENT: (*(scale,) * 3, *(roll,) * 3, *pausing, delete),
            STATEFUL_SET: (scale, *(delete,) * 2, roll),
            DAEMON_SET: (delete, roll),
            **dict.fromkeys(KEEPERS, (*(scale,) * 2, delete, roll)),
        }
        return self._source.choice(makes[subject.kind])(at)

    def end(self, at: float) -> list[AnyAction]:
        """Final actions that undo whatever would keep the cluster from converging."""
        opened = [workload.Uncordon(at=at, node=node) for node in self.cordoned]
        ticking = [one.name for one in self.subjects if one.kind == CRON_JOB]
        rolled = [self._roll(one, at, IMAGES[0]) for one in self._slow]
        return [*opened, *rolled, *(workload.SuspendCronJob(at=max(at, CRON_SECONDS), name=name) for name in ticking)]

    def _swarm(self, what: str, makes: tuple[Make, ...]) -> tuple[Make, ...]:
        """Leave some out, the same ones throughout a plan, so that the others happen more often.

        Source: Groce et al., "Swarm Testing" (2012).
        """
        distinct = tuple(dict.fromkeys(makes))
        if what not in self._masks:
            self._masks[what] = self._source.integer(0, (1 << len(distinct)) - 1)
        return tuple(one for one in makes if self._masks[what] >> distinct.index(one) & 1) or makes

    def _size(self, most: int) -> int:
        """A number of replicas: often a former one."""
        return min(self._source.choice((*self._sizes, self._source.integer(0, most))), most)

    def _which(self) -> int:
        """The index of a pod: often one of a former action."""
        return self._source.choice((self._number, self._source.integer(0, MAX_REPLICAS)))

    def _at(self) -> float:
        """A time: at a moment, or soon after another action."""
        base = self._source.choice((self.times[-1], self.times[-1], *(moment + 1.0 for moment in self._moments)))
        at = round(base + self._source.choice(OFFSETS), 3)
        self.times.append(at)
        return at

    # Actions on one kind.

    def _create(self, subject: Subject, at: float) -> AnyAction:
        self._gone.pop(subject, None)
        return self._creations.of(subject, at)

    def _about(self, subject: Subject) -> tuple[Make, ...]:
        if subject.kind == DEPLOYMENT:
            return self._about_deployment(subject.name)
        again: Make = lambda at: self._create(subject, at)  # noqa: E731 -- one of several that look alike
        delete: Make = lambda at: self._delete_set(subject, at)  # noqa: E731
        if subject.kind == STATEFUL_SET:
            scale = self._scale(subject)
            roll = self._roll_to(subject)
            return (*(scale,) * 4, *(roll,) * 3, *(delete,) * 2, again, *(self._delete_pod(subject.name),) * 4)
        if subject.kind == DAEMON_SET:
            roll, relabel = self._roll_to(subject), self._relabel(subject.name)
            return (*(roll,) * 4, delete, again, *(relabel,) * 2, *(self._delete_pod(subject.name),) * 4)
        if subject.kind in KEEPERS:
            return self._about_replicas(subject, delete, again)
        return (delete, again, *(self._delete_pod(subject.name),) * 4)

    def _about_replicas(self, subject: Subject, delete: Make, again: Make) -> tuple[Make, ...]:
        """It adopts pods by the users' label: those that users add, and those that it orphaned when it was deleted."""
        name = subject.name
        relabel = self._relabel(name)
        return (
            *(self._scale(subject),) * 4,
            *(self._roll_to(subject),) * 2,
            *(relabel,) * 2,
            *(delete,) * 2,
            *(again,) * 2,
            lambda at: self._add_pod(name, at),
            *(self._delete_pod(name),) * 2,
        )

    def _about_deployment(self, name: str) -> tuple[Make, ...]:
        scale, pausing = self._scale(Subject(DEPLOYMENT, name)), self._pausing(name)
        roll = self._roll_to(Subject(DEPLOYMENT, name))
        relabel = self._relabel(name)
        delete: Make = lambda at: self._delete_deployment(name, at)  # noqa: E731
        again: Make = lambda at: workload.RecreateService(at=at, name=name)  # noqa: E731
        foreign: Make = lambda at: workload.CreateWithForeignOwner(at=at, name=name)  # noqa: E731
        return (
            *(scale,) * 4,
            *(roll,) * 4,
            *(relabel,) * 2,
            *(delete,) * 2,
            *(again,) * 2,
            *pausing,
            lambda at: self._add_pod(name, at),
            lambda at: workload.RecreatePod(at=at, name=name, pod=f"{name}-extra-{max(self._pods, 1)}"),
            lambda at: workload.DeleteSlices(at=at, name=name),
            lambda at: workload.EmptySlices(at=at, name=name),
            *(foreign,) * 2,
            lambda at: workload.CreateWithUnknownOwner(at=at, name=name),
            lambda at: self._create(Subject(DEPLOYMENT, name), at),
            self._delete_pod(name),
        )

    def _delete_pod(self, name: str) -> Make:
        return lambda at: workload.DeletePod(
            at=at, name=name, number=self._which(), force=not self._source.integer(0, 3)
        )

    def _relabel(self, name: str) -> Make:
        return lambda at: workload.RelabelPod(at=at, name=name, number=self._which())

    def _delete_one(self, name: str) -> Make:
        """Delete a pod, often the first: others may wait for it."""
        return lambda at: workload.DeletePod(at=at, name=name, number=self._source.choice((0, self._which())))

    def _delete_deployment(self, name: str, at: float) -> AnyAction:
        self._gone[Subject(DEPLOYMENT, name)] = None
        return workload.DeleteDeployment(at=at, name=name, propagation=self._source.choice(PROPAGATIONS))

    def _delete_set(self, subject: Subject, at: float) -> AnyAction:
        self._gone[subject] = None
        propagation = self._source.choice(PROPAGATIONS)
        return workload.DeleteWorkload(at=at, of=SET_KINDS[subject.kind], name=subject.name, propagation=propagation)

    def _roll_to(self, subject: Subject) -> Make:
        def roll(at: float) -> AnyAction:
            image = self._source.choice(IMAGES)
            if image == workload.SLOW_IMAGE:
                self._slow[subject] = None
            self._under_way = subject, at
            return self._roll(subject, at, image)

        return roll

    def _scale(self, subject: Subject) -> Make:
        def scale(at: float) -> AnyAction:
            self._under_way = subject, at
            if subject.kind == DEPLOYMENT:
                return workload.Scale(at=at, name=subject.name, replicas=self._size(MAX_REPLICAS))
            if subject.kind in KEEPERS:
                of, size = KEEPERS[subject.kind], self._size(4)
                return workload.ScaleReplicationController(at=at, name=subject.name, of=of, replicas=size)
            return workload.ScaleStatefulSet(at=at, name=subject.name, replicas=self._size(4))

        return scale

    @staticmethod
    def _pausing(name: str) -> tuple[Make, ...]:
        """Pause, resume or undo a rollout."""
        pause: Make = lambda at: workload.Pause(at=at, name=name)  # noqa: E731 -- used twice
        return (
            *(pause,) * 2,
            lambda at: workload.Resume(at=at, name=name),
            lambda at: workload.Undo(at=at, name=name),
        )

    @staticmethod
    def _roll(subject: Subject, at: float, image: str) -> AnyAction:
        if subject.kind == DEPLOYMENT:
            return workload.Roll(at=at, name=subject.name, image=image)
        return workload.RollWorkload(at=at, of=SET_KINDS[subject.kind], name=subject.name, image=image)

    def _add_pod(self, name: str, at: float) -> AnyAction:
        self._pods += 1
        return workload.CreatePod(at=at, name=name, pod=f"{name}-extra-{self._pods}")

    # Actions on nodes and namespaces.

    def _common(self, subject: Subject) -> tuple[Make, ...]:
        return (
            self._cordon,
            self._taint,
            self._drain,
            lambda at: workload.Evict(at=at, name=subject.name, number=self._which()),
            lambda at: workload.SetBudget(at=at, name=subject.name, max_unavailable=self._source.integer(0, 2)),
            lambda at: workload.CreateBoundVolume(at=at, name=f"claim-{self._source.integer(1, 3)}"),
            *(lambda at: workload.CreateNamespace(at=at, name="team"), self._delete_namespace),
            lambda at: workload.SetQuota(at=at, pods=self._source.choice((4, 8, 2))),
            *(self._visit,) * 2,
        )

    def _delete_namespace(self, at: float) -> AnyAction:
        return workload.DeleteNamespace(at=at, name="team")

    def _cordon(self, at: float) -> AnyAction:
        node = self._source.choice(self._nodes)
        self.cordoned[node] = None
        return workload.Cordon(at=at, node=node)

    def _drain(self, at: float) -> AnyAction:
        node = self._source.choice(self._nodes)
        self.cordoned[node] = None
        return workload.Drain(at=at, node=node)

    def _visit(self, at: float) -> AnyAction:
        source = self._source
        return workload.AddForeignNodes(
            at=at,
            machines=source.choice((2, 3, 1)),
            apart_seconds=source.choice(APART),
            seconds=source.choice(VISITS),
            held_seconds=source.choice(HELD),
        )

    def _taint(self, at: float) -> AnyAction:
        return workload.Taint(at=at, node=self._source.choice(self._nodes), seconds=self._source.choice(TAINTED))
