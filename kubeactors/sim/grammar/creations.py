"""With what workloads are created."""

from collections.abc import Callable

from kubeactors.sim import workload
from kubeactors.sim.grammar.source import Source
from kubeactors.sim.grammar.subjects import (
    CRON_JOB,
    DAEMON_SET,
    DEPLOYMENT,
    JOB,
    KEEPERS,
    STATEFUL_SET,
    Subject,
)
from kubeactors.sim.workload import AnyAction

CONCURRENCIES: tuple[workload.Concurrency, ...] = ("Forbid", "Replace", "Allow")
TOLERATED = (15, 5, 60)
"""How long pods stay on a bad node, in seconds."""
MAX_REPLICAS = 7
SOME_REPLICAS = 4
"""So many pods at most have those whose pods come one after the other, or that are there beside others."""
MARGINS = ((1, 0), (2, 1), (0, 1), (1, 1), (3, 0))
"""How many pods more than wanted a rollout may make, and how many fewer may be available."""
RUN_SECONDS = (0.5, 5.0, 70.0)
"""How long the jobs of cron jobs take: also longer than until the next is due."""


class Creations:
    """Draws it.

    Args:
        source: where choices come from.
        size: how many pods are wanted, of at most so many.
    """

    def __init__(self, source: Source, size: Callable[[int], int]) -> None:
        self._source = source
        self._size = size
        self._by_kind: dict[str, Callable[[Subject, float], AnyAction]] = {
            DEPLOYMENT: self._deployment,
            STATEFUL_SET: self._stateful_set,
            DAEMON_SET: self._daemon_set,
            JOB: self._job,
            CRON_JOB: self._cron_job,
            **dict.fromkeys(KEEPERS, self._keeper),
        }

    def of(self, subject: Subject, at: float) -> AnyAction:
        """The creation of a workload."""
        return self._by_kind[subject.kind](subject, at)

    def _deployment(self, subject: Subject, at: float) -> AnyAction:
        source = self._source
        surge, unavailable = source.choice(MARGINS)
        return workload.CreateDeployment(
            at=at,
            name=subject.name,
            replicas=self._at_least_one(MAX_REPLICAS),
            max_surge=surge,
            max_unavailable=unavailable,
            recreate=not source.integer(0, 9),
            tolerate_seconds=source.choice(TOLERATED),
            probes=not source.integer(0, 3),
            flaps=not source.integer(0, 1),
            urgent=not source.integer(0, 2),
        )

    def _stateful_set(self, subject: Subject, at: float) -> AnyAction:
        source = self._source
        return workload.CreateStatefulSet(
            at=at,
            name=subject.name,
            replicas=self._at_least_one(SOME_REPLICAS),
            parallel=not source.integer(0, 2),
            claims=not source.integer(0, 1),
            tolerate_seconds=source.choice(TOLERATED),
            probes=not source.integer(0, 3),
        )

    def _daemon_set(self, subject: Subject, at: float) -> AnyAction:
        return workload.CreateDaemonSet(at=at, name=subject.name, max_unavailable=self._source.integer(1, 2))

    def _keeper(self, subject: Subject, at: float) -> AnyAction:
        return workload.CreateReplicationController(
            at=at,
            name=subject.name,
            of=KEEPERS[subject.kind],
            replicas=self._at_least_one(SOME_REPLICAS),
            tolerate_seconds=self._source.choice(TOLERATED),
            probes=not self._source.integer(0, 3),
        )

    def _cron_job(self, subject: Subject, at: float) -> AnyAction:
        concurrency, seconds = self._source.choice(CONCURRENCIES), self._source.choice(RUN_SECONDS)
        return workload.CreateCronJob(at=at, name=subject.name, concurrency=concurrency, run_seconds=seconds)

    def _job(self, subject: Subject, at: float) -> AnyAction:
        source = self._source
        return workload.CreateJob(
            at=at,
            name=subject.name,
            completions=source.integer(1, 6),
            parallelism=source.integer(1, 4),
            exit_code=source.choice((0, 0, 1)),
            backoff_limit=source.integer(0, 3),
            indexed=not source.integer(0, 3),
        )

    def _at_least_one(self, most: int) -> int:
        return max(self._size(most), 1)
