"""Draws the faults of a plan: mostly just before user actions.

Many bugs need two faults: half of the faults come on top of the previous one, with the same target.
"""

from collections.abc import Sequence

from kubeactors.sim.chaos.faults import AdmissionFailure, AnyFault, SlowReplies
from kubeactors.sim.grammar.faults import (
    containers,
    crashes,
    links,
    machines,
    objects,
    store,
    timing,
    watches,
    writes,
)
from kubeactors.sim.grammar.faults.aim import Aim
from kubeactors.sim.grammar.faults.draw import Draw
from kubeactors.sim.grammar.source import Source
from kubeactors.sim.plan import FAULT_KINDS
from kubeactors.sim.processes import MANAGER, SCHEDULER

FAMILIES = (machines, crashes, timing, watches, writes, links, containers, objects, store)
DRAWS: dict[str, Draw] = {kind: draw for family in FAMILIES for kind, draw in family.DRAWS.items()}
"""The function that draws each kind."""
WEIGHTS = {
    "watch-lag": 24,
    "watch-break": 6,
    "watch-expired": 8,
    "watch-repeat": 2,
    "conflicts": 4,
    "reply-lost": 8,
    "controller-crash": 8,
    "partition": 5,
    "stale-restart": 8,
    "stall": 4,
    "kubelet-restart": 4,
    "manager-restart": 3,
    "node-power-loss": 3,
    "unavailable": 2,
    "store-lag": 2,
    "scheduler-restart": 2,
    "node-replaced": 5,
    "node-removed": 2,
    "version-skew": 2,
    "status-cleared": 2,
    "field-corrupted": 4,
    "admission-failure": 6,
    "compaction": 2,
    "process-pause": 3,
    "slow-actor": 3,
    "slow-replies": 4,
    "delayed-write": 12,
    "missed-delete": 8,
    "torn-write": 2,
}
"""The relative weights of kinds: subtle faults weigh more than those that reset much state."""
HIDING = ("watch-lag", "watch-break", "watch-expired", "stale-restart")
"""Faults that hide events from watchers."""
ON_TOP_ONE_IN = 2
"""One fault in so many comes on top of the previous one."""
OFFSETS = (*(-0.01,) * 8, -0.3, -1.0, 0.0, 0.01, 0.03, 0.1, 0.3, 0.52, 1.0, 3.0)
"""When faults begin, relative to a user action, in seconds."""
ON_TOP_OFFSETS = (-0.01, -0.01, 0.01, 0.1, 0.5, 1.0)
"""The same for faults on top of another one, relative to its moments: a component that misses half of its effects may be
misled as much as one that misses all."""
DOING = (MANAGER, MANAGER, MANAGER, SCHEDULER)
"""Components whose writes may all be slow, or fail now and then."""
SLOW_ONE_IN, LATENCIES, AFTERWARDS_SECONDS = 3, (0.3, 0.15, 0.6), 5.0
"""In one scenario in so many all writes of a component are slow: by how much, and until when after the last action."""
FLAKY_ONE_IN, FAILING, ENDLESS = 6, (2, 3, 5, 8), 1_000_000
"""In one scenario in so many every n-th write of a component fails."""


class Faults:
    """Draws faults.

    Args:
        aim: draws their targets.
        kinds: the kinds of faults to choose from; each plan leaves some of them out (swarm testing).

    Raises:
        ValueError: a kind is unknown.
    """

    def __init__(self, aim: Aim, kinds: Sequence[str]) -> None:
        self._source: Source = aim.source
        self._aim = aim
        self._kinds = self._swarm(tuple(kinds))
        self._ambience = tuple(one for one in ("slow-replies", "admission-failure") if one in kinds)

    def some(self, most: int, times: Sequence[float]) -> list[AnyFault]:
        """At most so many faults, each near one of these times, or near a moment of another fault."""
        drawn: list[AnyFault] = []
        ambient = self._ambient(max(times))
        self._aim.times = tuple(times)
        near = list(times)
        hot = (self._source.choice(times),)
        for _ in range(self._source.integer(0, most)):
            if drawn and self._is_on_top(drawn[-1]):
                fault = self._another(drawn[-1])
            else:
                fault = self._one(self._source.choice(self._kinds), near if self._source.integer(0, 1) else hot)
            drawn.append(fault)
            near += fault.moments
        return [*ambient, *drawn]

    def _ambient(self, end: float) -> list[AnyFault]:
        """Perhaps all writes of a component are slow throughout, so that the cluster changes between them.

        Or every n-th of its writes fails.
        """
        found: list[AnyFault] = []
        choice, seconds = self._source.choice, round(end + AFTERWARDS_SECONDS, 3)
        if "slow-replies" in self._ambience and not self._source.integer(0, SLOW_ONE_IN - 1):
            component, delay = choice(DOING), choice(LATENCIES)
            found.append(SlowReplies(at=0.0, component=component, resource="", delay_seconds=delay, seconds=seconds))
        if "admission-failure" in self._ambience and not self._source.integer(0, FLAKY_ONE_IN - 1):
            component, every, answer = choice(DOING), choice(FAILING), choice(writes.DENIALS)
            found.append(
                AdmissionFailure(
                    at=0.0, component=component, every=every, count=ENDLESS, answer=answer, seconds=seconds
                )
            )
        return found

    def _is_on_top(self, before: AnyFault) -> bool:
        """Whether the next fault comes on top of that one: half of them do, and more if it has several phases."""
        in_steps = len(before.moments) > 2  # more than its beginning and its end
        return not self._source.integer(0, ON_TOP_ONE_IN - 1) or (in_steps and not self._source.integer(0, 1))

    def _another(self, before: AnyFault) -> AnyFault:
        """A fault with the target of another one, between its beginning and its end; often one that hides its effects."""
        hiding = tuple(kind for kind in self._kinds if kind in HIDING)
        kind = self._source.choice(hiding if hiding and self._source.integer(0, 1) else self._kinds)
        with self._aim.on_top_of(before):
            quarter = (before.heals_at - before.at) / 4
            return self._one(kind, [*before.moments, *(before.at + quarter * number for number in range(1, 4))])

    def _swarm(self, kinds: tuple[str, ...]) -> tuple[str, ...]:
        """Source: Groce et al., "Swarm Testing" (2012)."""
        mask = self._source.integer(0, (1 << len(kinds)) - 1)
        chosen = tuple(kind for index, kind in enumerate(kinds) if mask >> index & 1) or kinds
        return tuple(kind for kind in chosen for _ in range(WEIGHTS.get(kind, 1)))

    def _one(self, kind: str, times: Sequence[float]) -> AnyFault:
        at = self._time(times)
        if kind not in DRAWS:
            raise ValueError(f"no fault is named {kind!r}; there are {', '.join(FAULT_KINDS)}")
        return DRAWS[kind](self._aim, at)

    def _time(self, times: Sequence[float]) -> float:
        offsets = ON_TOP_OFFSETS if self._aim.is_on_top else OFFSETS
        return round(max(self._source.choice(times) + self._source.choice(offsets), 0.0), 3)
