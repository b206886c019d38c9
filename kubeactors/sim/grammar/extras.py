"""Rarer features of workloads, and rarer actions.

Drawn late, so that they do not shift the other choices of a plan.
"""

from collections.abc import Sequence
from typing import get_args

from msgspec.structs import replace

from kubeactors.sim import workload
from kubeactors.sim.grammar.source import Source
from kubeactors.sim.workload import AnyAction
from kubeactors.sim.workload.reads import ReadKind

LOADS = ("60m", "20m", "90m", "20m 40:90m", "90m 60:20m", "50m", "70m")
"""The CPU usage of pods that request 100m."""
STOPS = (20, 0, 40)
"""How long pods take to stop, in seconds: terminating pods may be mistaken for running ones."""
PREFERENCES: tuple[workload.Trait, ...] = ("rather-apart", "rather-together", "rather-there", "rather-spread")
PLAIN_TRAITS: tuple[workload.Trait, ...] = ("helper", "preparation", "sidecar", "hooks", "settings")
TRAITS: tuple[workload.Trait, ...] = (*PLAIN_TRAITS, "spread", "apart", "together", "elsewhere", "port", *PREFERENCES)
ROLLED = (12.0, 25.0, 40.0)
"""The delay of a rollout after the first scaling, in seconds."""
LATER = (0.0, 0.5, 2.0, 5.0, 15.0)
"""The delay after another action, in seconds."""
MOST = 3
READ_KINDS = get_args(ReadKind)
CREATIONS = (
    workload.CreateDeployment, workload.CreateStatefulSet, workload.CreateDaemonSet, workload.CreateJob,
    workload.CreateReplicationController,
)  # fmt: skip


class Extras:
    """Draws them.

    Args:
        source: makes the choices.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._pods = 0
        self._joins = not source.integer(0, 1)
        """Whether pods of StatefulSets wait for the first one, whose ordinal then stays the same."""

    def adorned(self, action: AnyAction) -> AnyAction:
        """The same action, perhaps with a special feature."""
        match action:
            case workload.CreateJob():
                return replace(self._job(action), trait=self._trait(PLAIN_TRAITS))
            case workload.CreateCronJob():
                return replace(action, history=self._source.integer(0, 3))
            case workload.CreateStatefulSet():
                found = self._stateful_set(action)
                traits = PLAIN_TRAITS if found.joins else TRAITS  # pods would wait for one that cannot be scheduled
                return replace(found, trait=self._trait(traits), min_ready_seconds=self._pause())
            case workload.CreateDaemonSet():
                surge = self._source.integer(0, 3) // 2
                trait = self._trait(PLAIN_TRAITS)
                return replace(action, trait=trait, max_surge=surge, min_ready_seconds=self._pause())
            case workload.CreateReplicationController():
                return replace(action, trait=self._trait(TRAITS), min_ready_seconds=self._pause())
            case workload.CreateDeployment():
                return self._of_pods(self._deployment(action))
            case workload.Taint():
                return replace(action, mild=not self._source.integer(0, 2))
            case _:
                return action

    def some(self, actions: Sequence[AnyAction]) -> list[AnyAction]:
        """A few more actions, about the workloads of these and other objects."""
        times = [one.at for one in actions]
        jobs = [one for one in actions if isinstance(one, workload.CreateJob)]
        deployments = [one for one in actions if isinstance(one, workload.CreateDeployment)]
        found: list[AnyAction] = []
        for job in jobs:
            found += [*self._suspensions(job), *self._resizes(job)]
        for deployment in deployments:
            if deployment.load:
                found += self._scaled(deployment)
        for _ in range(self._source.integer(1, MOST) if self._source.integer(0, 1) else 0):
            found.append(self._one(self._source.choice(times) + self._source.choice(LATER)))
        for _ in range(self._source.integer(1, MOST) if not self._source.integer(0, 3) else 0):
            found.append(self._look(self._source.choice(times) + self._source.choice(LATER), actions))
        return found

    # Features of workloads.

    def _job(self, action: workload.CreateJob) -> workload.CreateJob:
        source = self._source
        if not source.integer(0, 2):
            action = replace(action, ttl_seconds=source.choice((0, 10, 40)))
        match source.integer(0, 11):
            case 1:
                return replace(action, run_seconds=5.0, policy="Ignore")
            case 2:
                return replace(action, run_seconds=60.0, deadline_seconds=source.choice((5, 20)))
            case 3:
                limit, failing = source.integer(0, 1), source.choice((None, 0, 1))
                return replace(
                    action, indexed=True, exit_code=1, backoff_limit_per_index=limit, max_failed_indexes=failing
                )
            case 4:
                policy: workload.Policy = "FailIndex" if action.indexed else "FailJob"
                per_index = 2 if action.indexed else None
                return replace(action, exit_code=1, policy=policy, backoff_limit_per_index=per_index)
            case 5:
                return replace(action, suspended=True, run_seconds=5.0)
            case 6:
                return replace(action, run_seconds=source.choice((3.0, 20.0)), replaces_late=not source.integer(0, 1))
            case 7:
                return replace(action, completions=None, indexed=False)
            case 8:
                return replace(action, indexed=True, exit_code=0, succeeds_early=True)
            case _:
                return action

    def _stateful_set(self, action: workload.CreateStatefulSet) -> workload.CreateStatefulSet:
        found = self._rarer_stateful_set(action)
        return replace(found, late=found.claims and not self._source.integer(0, 1))

    def _rarer_stateful_set(self, action: workload.CreateStatefulSet) -> workload.CreateStatefulSet:
        action = replace(action, joins=self._joins)
        match self._source.integer(0, 7):
            case 0 | 1:
                return replace(action, claims=True, retention="Delete")
            case 2 if not self._joins:
                return replace(action, start=self._source.integer(1, 3))
            case 3:
                return replace(action, partition=self._source.integer(1, 2))
            case _:
                return action

    def _deployment(self, action: workload.CreateDeployment) -> workload.CreateDeployment:
        match self._source.integer(0, 9):
            case 0:
                stops = self._source.choice((*STOPS, *STOPS[:1]))
                return replace(action, load=self._source.choice(LOADS), stop_seconds=stops)
            case 1 | 2:
                return replace(action, history=self._source.integer(0, 1))
            case 3:
                return replace(action, stop_seconds=self._source.choice(STOPS))
            case 4 | 5:
                return replace(action, crashes=self._source.integer(1, 3))
            case _:
                return action

    def _of_pods(self, action: workload.CreateDeployment) -> workload.CreateDeployment:
        deadline = self._source.choice((None, None, 8, 20))
        if action.load or action.urgent or action.crashes:
            return replace(action, deadline_seconds=deadline)
        trait = self._trait(TRAITS)
        return replace(action, trait=trait, min_ready_seconds=self._pause(), deadline_seconds=deadline)

    def _trait(self, traits: tuple[workload.Trait, ...]) -> workload.Trait:
        return self._source.choice(traits) if self._source.integer(0, 1) else ""

    def _pause(self) -> int:
        """Minimum ready seconds: mostly 0."""
        return self._source.choice((0, 0, 0, 3, 6))

    # More actions.

    def _suspensions(self, job: workload.CreateJob) -> list[AnyAction]:
        """A Job that is created suspended is resumed; one that takes a while may be suspended half-way."""
        at = job.at + self._source.choice((1.0, 4.0, 8.0))
        if job.suspended:
            return [workload.SuspendJob(at=at, name=job.name, suspend=False)]
        if not job.run_seconds or self._source.integer(0, 1):
            return []
        begin = workload.SuspendJob(at=at, name=job.name, suspend=True)
        end = workload.SuspendJob(at=at + self._source.choice((0.3, 10.0)), name=job.name, suspend=False)
        return [begin, end] if self._source.integer(0, 3) else [begin]

    def _resizes(self, job: workload.CreateJob) -> list[AnyAction]:
        """The parallelism may change while the first pods start, or later."""
        if self._source.integer(0, 2):
            return []
        at, many = job.at + self._source.choice((0.3, 0.05, 1.0, 4.0)), self._source.integer(1, 4)
        return [workload.ResizeJob(at=round(at, 3), name=job.name, parallelism=many)]

    def _scaled(self, deployment: workload.CreateDeployment) -> list[AnyAction]:
        """An autoscaler, and mostly a rollout a little later, so that pods are replaced while it reads metrics."""
        scaled = self._autoscaler(deployment)
        roll = workload.Roll(at=scaled.at + self._source.choice(ROLLED), name=deployment.name, image="2")
        return [scaled, roll] if self._source.integer(0, 2) else [scaled]

    def _autoscaler(self, deployment: workload.CreateDeployment) -> AnyAction:
        source = self._source
        return workload.Autoscale(
            at=round(deployment.at + source.choice((0.1, 1.0, 10.0)), 3),
            name=deployment.name,
            least=source.integer(1, 2),
            most=source.integer(2, 6),
            percent=source.choice((80, 50, 80)),
            patience_seconds=source.choice((60, 90)),  # longer than loads rise: otherwise it would flap
        )

    def _look(self, at: float, actions: Sequence[AnyAction]) -> AnyAction:
        """A read with selectors for things that may exist: a workload's label, a name, a node."""
        source = self._source
        of: ReadKind = source.choice(("Pod", "Pod", *READ_KINDS))
        name = source.choice([one.name for one in actions if isinstance(one, CREATIONS)] or ["web"])
        labels = source.choice(("", "", f"app={name}", f"app!={name}", f"app in ({name},other)"))
        fields = source.choice(("", "", f"metadata.name={name}", f"metadata.name!={name}"))
        if of == "Pod" and not fields:
            fields = source.choice(("", "spec.nodeName=node-1", "spec.nodeName=", "status.phase!=Running"))
        return workload.ReadObjects(
            at=round(at, 3),
            of=of,
            everywhere=not source.integer(0, 2),
            labels=labels,
            fields=fields,
            page=source.choice((0, 0, 1, 2)),
            apart_seconds=source.choice((0.0, 0.5)),
            cached=not source.integer(0, 2),
            again=not source.integer(0, 2),
            watch_seconds=source.choice((0.0, 5.0, 30.0)),
        )

    def _one(self, at: float) -> AnyAction:
        source, at = self._source, round(at, 3)
        match source.integer(0, 9):
            case 0 | 1 | 2:
                return workload.SetEndpoints(at=at, name="legacy", count=source.integer(0, 3))
            case 3:
                return workload.DeleteEndpoints(at=at, name="legacy", service=not source.integer(0, 1))
            case 4 | 5 | 6:
                verbs = source.choice((("get",), ("get", "list"), ("list", "watch")))
                return workload.GrantRole(at=at, name=f"team-{source.integer(1, 2)}", verbs=verbs)
            case 7:
                return workload.RevokeRole(at=at, name=f"team-{source.integer(1, 2)}")
            case _:
                self._pods += 1
                return workload.CreatePod(at=at, name="scratch", pod=f"scratch-{self._pods}", scratch=True)
