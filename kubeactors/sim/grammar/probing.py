"""Parameters of probes, and answers close to where they make a difference.

Drawn last, so that they do not shift the other choices of a plan.
"""

from msgspec.structs import replace

from kubeactors.sim import workload
from kubeactors.sim.grammar.source import Source
from kubeactors.sim.plan import AnyStep

DELAYS, PERIODS, TIMES = (0, 0, 3), (2, 1, 3), (2, 3, 1)
STARTS = (0, 0, 4, 7)
"""How long containers fail their startup probe at first, in seconds: shorter than its failure threshold allows."""
READINESS = (
    "ok 6.1:fail 12.1:ok",
    "ok",
    "fail 4.1:ok 9.1:fail 13:ok",
    "ok 5:fail 7.1:ok 8:fail 10:ok 15.1:fail 24.1:ok",
)
"""Mostly a change comes just after a probe, so that it is noticed late."""
PAUSES = (0, 4, 2, 5)
"""How long containers fail their liveness probe, in seconds: shorter than its failure threshold allows."""
SICK_AFTER = (15.1, 10.1, 20)
"""How long after the start they begin to fail it, in seconds."""

PROBED = (workload.CreateDeployment, workload.CreateStatefulSet, workload.CreateReplicationController)


def probed(source: Source, step: AnyStep) -> AnyStep:
    """The same step; if it creates a workload with probes, perhaps with unusual parameters."""
    if not isinstance(step, PROBED) or not step.probes:
        return step
    return replace(step, probing=_probing(source)) if source.integer(0, 2) else step


def _probing(source: Source) -> workload.Probing:
    period, delay, start = source.choice(PERIODS), source.choice(DELAYS), source.choice(STARTS)
    pause, begin = source.choice(PAUSES), source.choice(SICK_AFTER)
    return workload.Probing(
        delay_seconds=delay,
        period_seconds=period,
        patience=_enough(max(start - delay, 0), period),
        failures=source.choice(TIMES),
        failures_to_die=_enough(pause, period),
        successes=source.choice((1, 2, 3)),
        startup=f"fail {start}:ok" if start else "ok",
        readiness=source.choice(READINESS),
        liveness=f"ok {begin}:fail {begin + pause}:ok" if pause else "ok",
    )


def _enough(seconds: int, period: int) -> int:
    """A failure threshold that so many seconds of failures cannot reach.

    >>> _enough(0, 2), _enough(4, 2), _enough(5, 2)
    (1, 3, 4)
    """
    return -(-seconds // period) + 1
