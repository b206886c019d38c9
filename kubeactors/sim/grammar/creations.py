"""The parameters of new workloads."""

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
"""How long pods tolerate a bad node, in seconds."""
MAX_REPLICAS = 7
SOME_REPLICAS = 4
"""The maximum for workloads whose pods start one after the other, and for rarer ones."""
MARGINS = ((1, 0), (2, 1), (0, 1), (1, 1), (3, 0))
"""The max surge and max unavailable of rollouts."""
RUN_SECONDS = (0.5, 5.0, 70.0)
"""How long Jobs of CronJobs take, in seconds: also longer than the period of a minute."""


class Creations:
    """Draws creations.

    Args:
        source: makes the choices.
        size: draws a number of replicas, up to its argument.
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
