"""The grammar of plans: what a scenario may consist of.

    actions.py   what users do        faults.py   what breaks        source.py   where choices come from
    extras.py    what some of them do besides         belongings.py   and what they keep besides workloads

Things happen in bursts, at a few moments, because what breaks together breaks most.
"""

from collections.abc import Sequence

from kubeactors.sim.grammar.actions import MOMENT_SECONDS, Actions
from kubeactors.sim.grammar.belongings import Belongings
from kubeactors.sim.grammar.extras import Extras
from kubeactors.sim.grammar.faults import Faults
from kubeactors.sim.grammar.source import Seeded, Source
from kubeactors.sim.plan import FAULT_KINDS, AnyStep, Plan, in_order
from kubeactors.sim.search import strategy_of

__all__ = ["MOST_ACTIONS", "MOST_FAULTS", "Seeded", "Source", "draw", "generate"]

MOST_ACTIONS, MOST_FAULTS = 20, 16
ROOMS = (12, 12, 5, 3, 2)
"""How many pods fit on a node: sometimes there is too little room for all."""
CANDIDATES = (*(1,) * 5, 2)
"""How many schedulers and controller managers there are: sometimes one of two leads."""

STARTS: tuple[tuple[float, ...], ...] = ((), (0.5, 0.9, 2.0), (1.5, 0.2, 0.6))
"""How long containers take to start on each node: mostly not the same on all, so that pods become ready one by one."""
EVENTS = (False, False, True)
"""Whether components write events: see `Plan.events`. What invariants read in them, they read in those where they do."""


def draw(source: Source, seed: int, kinds: Sequence[str] = FAULT_KINDS, nodes: int = 3, *, length: int = 1) -> Plan:
    """A whole plan.

    Args:
        source: where choices come from.
        seed: of the plan.
        kinds: the kinds of faults that may be in it.
        nodes: how many nodes the cluster has.
        length: how many times as long as usual.
    """
    names = tuple(f"node-{number}" for number in range(1, nodes + 1))
    actions = Actions(source, names)
    faults = Faults(source, kinds, names, tuple(one.kind for one in actions.subjects))
    done = [*actions.creations()]
    done += [actions.another() for _ in range(source.integer(1, MOST_ACTIONS) * length)]
    steps: list[AnyStep] = [*done]
    if kinds:
        lasting = [moment for one in done for moment in one.moments[1:]]
        steps += faults.some(MOST_FAULTS * length, [*actions.times, *lasting])
    steps += actions.end(max(step.at for step in steps) + MOMENT_SECONDS)
    room, candidates = source.choice(ROOMS), source.choice(CANDIDATES)
    extras = Extras(source)
    adorned = [extras.adorned(one) for one in done]
    steps = [*adorned, *steps[len(done) :], *extras.some(adorned), *Belongings(source, adorned).some()]
    return Plan(
        seed=seed,
        nodes=nodes,
        pods_per_node=room,
        candidates=candidates,
        start_seconds=source.choice(STARTS),
        events=source.choice(EVENTS),
        steps=in_order(steps),
    )


def generate(seed: int, kinds: Sequence[str] = FAULT_KINDS, nodes: int = 3, *, length: int = 1) -> Plan:
    """The plan of a seed, which also says which strategy chooses the order of deliveries.

    >>> generate(1) == generate(1)
    True
    """
    return draw(Seeded(seed), seed, kinds, nodes, length=length).with_order(strategy_of(seed))
