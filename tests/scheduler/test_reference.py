"""After any history of nodes and pods the scheduler's incremental state agrees with the reference rules."""

from random import Random
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kubeactors.api.core.v1 import (
    Affinity,
    Node,
    NodeAffinity,
    NodeSelectorRequirement,
    NodeSelectorTerm,
    Pod,
    PreferredSchedulingTerm,
    Taint,
    Toleration,
    TopologySpreadConstraint,
)
from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.pod_info import pod_info
from kubeactors.scheduler.profile import Profile
from kubeactors.scheduler.results import Diagnosis
from tests.scheduler import reference
from tests.scheduler.builders import node, pod, profile
from tests.scheduler.test_topology import DB, HOST, ZONE, away, evenly, near, preferring, term

TAINTS = (
    Taint(key="a", value="x", effect="NoSchedule"),
    Taint(key="b", value="x", effect="NoExecute"),
    Taint(key="a", value="x", effect="PreferNoSchedule"),
)
TOLERATIONS: tuple[tuple[Toleration, ...], ...] = (
    (),
    (Toleration(key="a", operator="Exists"),),
    (Toleration(operator="Exists"),),
)
BY_DISK = NodeSelectorTerm(match_expressions=(NodeSelectorRequirement(key="disk", operator="In", values=("ssd",)),))
RATHER = NodeAffinity(
    preferred_during_scheduling_ignored_during_execution=(PreferredSchedulingTerm(weight=7, preference=BY_DISK),)
)
WISHES: tuple[Affinity | None, ...] = (
    None,
    near(term()),
    near(term(), term(HOST, label_selector=DB)),
    away(term(HOST)),
    away(term(label_selector=DB, namespaces=("default", "other"))),
    preferring(term(), term(HOST, label_selector=DB)),
    Affinity(node_affinity=RATHER),
)
SPREADS: tuple[tuple[TopologySpreadConstraint, ...], ...] = (
    (),
    (evenly(),),
    (evenly(min_domains=2),),
    (evenly(HOST, 2, node_taints_policy="Honor"), evenly(when="ScheduleAnyway")),
    (evenly(when="ScheduleAnyway", node_affinity_policy="Ignore"), evenly(HOST, when="ScheduleAnyway", max_skew=3)),
)


class NodeIs(NamedTuple):
    number: int
    zone: str
    disk: str
    taint: int
    is_cordoned: bool
    cpu: str


class NodeGoes(NamedTuple):
    number: int


class Shape(NamedTuple):
    app: str
    namespace: str
    wish: int
    spread: int
    tolerations: int
    disk: str
    requests: dict[str, str]
    port: int


class PodIs(NamedTuple):
    number: int
    place: int
    is_ending: bool
    shape: Shape


class Relabel(NamedTuple):
    """An existing pod gets another label, or starts terminating."""

    number: int
    app: str
    is_ending: bool


class PodGoes(NamedTuple):
    number: int


class Hopes(NamedTuple):
    """A pod of higher or lower priority than the others is nominated for a node; or no longer, without a shape."""

    number: int
    place: int
    is_above: bool
    shape: Shape | None


class Ask(NamedTuple):
    shape: Shape
    takes: bool


Step = NodeIs | NodeGoes | PodIs | Relabel | PodGoes | Hopes | Ask

ABOVE, BELOW = 1, -1

apps = st.sampled_from(["web", "db", "cron"])
zones, disks = st.sampled_from(["x", "y", ""]), st.sampled_from(["ssd", "hdd", ""])
shapes = st.builds(
    Shape,
    apps,
    st.sampled_from(["default", "default", "other"]),
    st.integers(0, len(WISHES) - 1),
    st.integers(0, len(SPREADS) - 1),
    st.integers(0, len(TOLERATIONS) - 1),
    st.sampled_from(["", "", "", "ssd"]),
    st.fixed_dictionaries(
        {}, optional={"cpu": st.sampled_from(["100m", "1500m"]), "memory": st.sampled_from(["64Mi", "5Gi"])}
    ),
    st.sampled_from([0, 0, 0, 8080]),
)
nodes = st.builds(
    NodeIs,
    st.integers(0, 3),
    zones,
    disks,
    st.integers(0, 11),
    st.sampled_from([False, False, False, True]),
    st.sampled_from(["2", "4"]),
)


def histories() -> st.SearchStrategy[list[Step]]:
    """Some nodes, then any steps. Pods have few different shapes, so that cached results are used again."""
    few = st.lists(shapes, min_size=2, max_size=4)
    return few.flatmap(lambda pool: st.tuples(st.lists(nodes, min_size=2, max_size=5), history(pool))).map(
        lambda parts: [*parts[0], *parts[1]]
    )


def history(pool: list[Shape]) -> st.SearchStrategy[list[Step]]:
    one = st.sampled_from(pool)
    asks = st.builds(Ask, one, st.booleans())
    puts = st.builds(PodIs, st.integers(0, 6), st.integers(0, 3), st.sampled_from([False, False, True]), one)
    above = st.sampled_from([True, True, True, False])
    hopes = st.builds(Hopes, st.integers(0, 3), st.integers(0, 3), above, st.one_of(one, one, st.none()))
    steps: st.SearchStrategy[Step] = st.one_of(
        asks,
        asks,
        asks,
        puts,
        puts,
        st.builds(Relabel, st.integers(0, 6), apps, st.booleans()),
        st.builds(PodGoes, st.integers(0, 6)),
        hopes,
        hopes,
        nodes,
        st.builds(NodeGoes, st.integers(0, 3)),
    )
    return st.lists(steps, min_size=25, max_size=50)


def a_node(step: NodeIs) -> Node:
    labels = {ZONE: step.zone, "disk": step.disk}
    return node(
        f"n{step.number}",
        cpu=step.cpu,
        labels={key: value for key, value in labels.items() if value},
        taints=TAINTS[step.taint : step.taint + 1],
        unschedulable=step.is_cordoned,
    )


def a_pod(name: str, shape: Shape, place: str = "", *, is_ending: bool = False) -> Pod:
    found = pod(
        name,
        shape.requests,
        node_name=place,
        affinity=WISHES[shape.wish],
        tolerations=TOLERATIONS[shape.tolerations],
        node_selector={"disk": shape.disk} if shape.disk else {},
        host_port=shape.port,
    )
    ends = "2026-01-01T00:00:00Z" if is_ending else None
    metadata = replace(found.metadata, labels={"app": shape.app}, namespace=shape.namespace, deletion_timestamp=ends)
    return replace(
        found, metadata=metadata, spec=replace(found.spec, topology_spread_constraints=SPREADS[shape.spread])
    )


class Both:
    """The scheduler's state and the plain list of objects, kept in step."""

    def __init__(self) -> None:
        self.cache = Cache()
        self.kept: Profile = profile(self.cache)
        self.nodes: dict[str, Node] = {}
        self.pods: dict[str, Pod] = {}
        self.hoping: dict[str, Pod] = {}
        """The nominated pods, each on the node that it names."""

    def hope(self, step: Hopes) -> None:
        """Nominate a pod, as the scheduler does."""
        if step.shape is None:
            self.hoping.pop(f"uid-h{step.number}", None)
            self.cache.withdraw(f"uid-h{step.number}")
            return
        one = a_pod(f"h{step.number}", step.shape, f"n{step.place}")
        one = replace(one, spec=replace(one.spec, priority=ABOVE if step.is_above else BELOW))
        self.hoping[one.metadata.uid] = one
        self.cache.nominate(pod_info(one), one.spec.node_name)

    def put(self, one: Pod) -> None:
        """Apply a change of an assigned pod, as the scheduler does."""
        self.pods[one.metadata.uid] = one
        if not self.cache.confirm(one):
            self.cache.set_pod(pod_info(one))

    def ask(self, number: int, step: Ask) -> None:
        asked = a_pod(f"asked-{number}", step.shape)
        ahead = [one for one in self.hoping.values() if one.spec.priority == ABOVE]
        expected = reference.totals(reference.World(self.nodes.values(), self.pods.values(), ahead), asked)
        found = self.kept.feasible(pod_info(asked))
        totals = {} if isinstance(found, Diagnosis) else {info.name: score for info, score in found.items()}
        assert below_the_best(totals) == below_the_best(expected)

        chosen = self.kept.select(pod_info(asked), Random(number))
        if not isinstance(chosen, NodeInfo):
            assert expected == {}
            return
        assert expected[chosen.name] == max(expected.values())
        if step.takes:
            self.cache.assume(pod_info(asked), chosen.name)
            self.pods[asked.metadata.uid] = replace(asked, spec=replace(asked.spec, node_name=chosen.name))


def below_the_best(scores: dict[str, int]) -> dict[str, int]:
    return {name: max(scores.values()) - score for name, score in scores.items()}


@given(histories())
@settings(max_examples=200, deadline=None)
def test_the_scheduler_agrees_with_the_reference_rules(history: list[Step]) -> None:
    both = Both()
    for number, step in enumerate(history):
        match step:
            case NodeIs():
                one = a_node(step)
                both.nodes[one.metadata.name] = one
                both.cache.set_node(one)
            case NodeGoes(which):
                both.nodes.pop(f"n{which}", None)
                both.cache.remove_node(f"n{which}")
            case PodIs(which, place, is_ending, shape):
                both.put(a_pod(f"p{which}", shape, f"n{place}", is_ending=is_ending))
            case Relabel(which, app, is_ending):
                known = both.pods.get(f"uid-p{which}")
                if known is not None:
                    ends = "2026-01-01T00:00:00Z" if is_ending else known.metadata.deletion_timestamp
                    metadata = replace(known.metadata, labels={"app": app}, deletion_timestamp=ends)
                    both.put(replace(known, metadata=metadata))
            case PodGoes(which):
                both.pods.pop(f"uid-p{which}", None)
                both.cache.remove_pod(f"uid-p{which}")
            case Hopes():
                both.hope(step)
            case Ask():
                both.ask(number, step)
