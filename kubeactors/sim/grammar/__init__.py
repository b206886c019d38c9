"""The grammar of plans: what a scenario may consist of.

    actions.py   user actions         faults/     faults             source.py   the source of choices
    subjects.py  the workloads of a scenario          creations.py   parameters of new workloads
    extras.py    rarer features and actions           auxiliary.py   topics besides workloads
    topics/      these topics                         probing.py     parameters of probes

Steps come in bursts around a few moments, as overlapping steps find the most bugs.
"""

from collections.abc import Sequence

from kubeactors.sim.grammar.actions import MOMENT_SECONDS, Actions
from kubeactors.sim.grammar.auxiliary import AuxiliaryTopics
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
"""How many pods fit on a node: sometimes not all pods can be scheduled."""
CANDIDATES = (*(1,) * 5, 2)
"""How many schedulers and controller managers there are: sometimes two, of which one leads."""

STARTS: tuple[tuple[float, ...], ...] = ((), (0.5, 0.9, 2.0), (1.5, 0.2, 0.6))
"""How long containers take to start, by node: mostly different, so that pods become ready one by one."""
OWN_ONE_IN, MOST_DELETIONS = 8, 4
"""One scenario in so many has a static pod on each node, whose mirror pods are deleted at most so many times."""
ROOM_BESIDE_OWN = 24
"""How many pods fit on a node then: enough that no other pod takes the room of a static pod while its mirror pod is
missing."""
EVENTS = (False, False, True)
"""Whether components write Events: see `Plan.events`. Invariants about Events apply to these scenarios only."""


def node_names(count: int) -> tuple[str, ...]:
    """The names of the nodes of a simulated cluster.

    >>> node_names(2)
    ('node-1', 'node-2')
    """
    return tuple(f"node-{number}" for number in range(1, count + 1))


def draw(source: Source, seed: int, kinds: Sequence[str] = FAULT_KINDS, nodes: int = 3, *, length: int = 1) -> Plan:
    """Draw a whole plan.

    Args:
        source: makes the choices.
        seed: of the plan.
        kinds: the kinds of faults that it may have.
        nodes: how many nodes the cluster has.
        length: its length, as a multiple of the usual one.
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
    steps = [*adorned, *steps[len(done) :], *extras.some(adorned), *AuxiliaryTopics(source, adorned).some()]
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
    """Deletions of mirror pods: kubelets recreate them."""
    return [
        DeletePod(
            at=source.choice(times), name=OWN_POD, number=source.integer(0, nodes - 1), force=not source.integer(0, 3)
        )
        for _ in range(source.integer(1, MOST_DELETIONS))
    ]


def generate(seed: int, kinds: Sequence[str] = FAULT_KINDS, nodes: int = 3, *, length: int = 1) -> Plan:
    """The plan of a seed, which also decides the search strategy.

    >>> generate(1) == generate(1)
    True
    """
    return draw(Seeded(seed), seed, kinds, nodes, length=length).with_order(strategy_of(seed))
