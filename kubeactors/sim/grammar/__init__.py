"""The grammar of plans: what a scenario may consist of.

    actions.py   what users do        faults/     what breaks        source.py   where choices come from
    subjects.py  the workloads it is about        creations.py   with what these are created
    extras.py    what some of them do besides         belongings.py   and what they keep besides workloads
    topics/      each of these                        probing.py   how containers are probed

Things happen in bursts, at a few moments, because what breaks together breaks most.
"""

from collections.abc import Sequence

from kubeactors.sim.grammar.actions import MOMENT_SECONDS, Actions
from kubeactors.sim.grammar.belongings import Belongings
from kubeactors.sim.grammar.extras import Extras
from kubeactors.sim.grammar.faults import Aim, Faults
from kubeactors.sim.grammar.probing import probed
from kubeactors.sim.grammar.source import Seeded, Source
from kubeactors.sim.plan import FAULT_KINDS, AnyStep, Plan, in_order
from kubeactors.sim.search import strategy_of
from kubeactors.sim.users.manifests import OWN_POD
from kubeactors.sim.workload import DeletePod

__all__ = ["MOST_ACTIONS", "MOST_FAULTS", "Seeded", "Source", "draw", "generate", "node_names"]

MOST_ACTIONS, MOST_FAULTS = 20, 16
ROOMS = (12, 12, 5, 3, 2)
"""How many pods fit on a node: sometimes there is too little room for all."""
CANDIDATES = (*(1,) * 5, 2)
"""How many schedulers and controller managers there are: sometimes one of two leads."""

STARTS: tuple[tuple[float, ...], ...] = ((), (0.5, 0.9, 2.0), (1.5, 0.2, 0.6))
"""How long containers take to start on each node: mostly not the same on all, so that pods become ready one by one."""
OWN_ONE_IN, MOST_DELETIONS = 8, 4
"""In one scenario of so many each node runs a pod by itself, and what shows these is deleted so many times."""
ROOM_BESIDE_OWN = 24
"""How many pods fit on a node then: so many that no other comes to be in the way of one that was there all the time, and
is not shown for a moment."""
EVENTS = (False, False, True)
"""Whether components write events: see `Plan.events`. What invariants read in them, they read in those where they do."""


def node_names(count: int) -> tuple[str, ...]:
    """The names of the nodes of a simulated cluster.

    >>> node_names(2)
    ('node-1', 'node-2')
    """
    return tuple(f"node-{number}" for number in range(1, count + 1))


def draw(source: Source, seed: int, kinds: Sequence[str] = FAULT_KINDS, nodes: int = 3, *, length: int = 1) -> Plan:
    """A whole plan.

    Args:
        source: where choices come from.
        seed: of the plan.
        kinds: the kinds of faults that may be in it.
        nodes: how many nodes the cluster has.
        length: how many times as long as usual.
    """
    names = node_names(nodes)
    actions = Actions(source, names)
    faults = Faults(Aim(source, names, tuple(one.kind for one in actions.subjects)), kinds)
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
    start_seconds, events = source.choice(STARTS), source.choice(EVENTS)
    own_pods = int(not source.integer(0, OWN_ONE_IN - 1))
    if own_pods:
        room = ROOM_BESIDE_OWN
        steps += _deletions_of_own(source, actions.times, nodes)
    steps = [probed(source, one) for one in steps]
    return Plan(
        seed=seed,
        nodes=nodes,
        pods_per_node=room,
        candidates=candidates,
        start_seconds=start_seconds,
        own_pods=own_pods,
        events=events,
        steps=in_order(steps),
    )


def _deletions_of_own(source: Source, times: Sequence[float], nodes: int) -> list[AnyStep]:
    """Users delete what shows the pods that nodes run by themselves: it is shown again."""
    return [
        DeletePod(
            at=source.choice(times), name=OWN_POD, number=source.integer(0, nodes - 1), force=not source.integer(0, 3)
        )
        for _ in range(source.integer(1, MOST_DELETIONS))
    ]


def generate(seed: int, kinds: Sequence[str] = FAULT_KINDS, nodes: int = 3, *, length: int = 1) -> Plan:
    """The plan of a seed, which also says which strategy chooses the order of deliveries.

    >>> generate(1) == generate(1)
    True
    """
    return draw(Seeded(seed), seed, kinds, nodes, length=length).with_order(strategy_of(seed))
