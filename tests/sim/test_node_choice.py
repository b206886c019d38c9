"""The scheduler's choice of a node is compared with a simple model of the scores."""

import pytest
from msgspec.structs import replace

from kubeactors.api.core.v1 import Container, Node, Pod, PodSpec, ResourceRequirements
from kubeactors.api.core.v1.node import NodeStatus
from kubeactors.apimachinery.labels import of_labels
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.sim import Plan, Simulation
from kubeactors.sim.bounds.placement import HOST
from kubeactors.sim.bounds.scores import ZONE, Choice, scores
from kubeactors.sim.invariants.node_choice import BestScoringNodeIsChosen
from kubeactors.sim.plan import AnyStep
from kubeactors.sim.users.manifests.traits import AVOIDED, PREFERRED, with_trait
from kubeactors.sim.workload import CreateDeployment, CreatePod, CreateStatefulSet, Scale, Taint, Trait
from tests.quality.automatic.mutants import in_force, named


def one_by_one(trait: Trait = "") -> tuple[AnyStep, ...]:
    """Pods are created one at a time; the nodes differ, and one has a PreferNoSchedule taint."""
    return (
        Taint(at=0.0, node="node-3", seconds=70.0, mild=True),
        CreateDeployment(at=0.0, name="web", replicas=2, trait=trait),
        CreatePod(at=5.0, name="scratch", pod="scratch-1"),
        *(Scale(at=5.0 * pods - 5.0, name="web", replicas=pods) for pods in (3, 4, 5)),
        CreateDeployment(at=30.0, name="api", replicas=1, cpu="2"),
        CreateStatefulSet(at=40.0, name="db", replicas=3),
        *(CreatePod(at=60.0 + 5.0 * pod, name="web", pod=f"web-x{pod}") for pod in (0, 1)),
    )


PLUGINS = "scheduler.plugins"
MISTAKES: list[tuple[str, Trait]] = [
    (f"{PLUGINS}.node_resources_fit:_least_requested:negate_condition:0", ""),
    (f"{PLUGINS}.node_resources_balanced_allocation:NodeResourcesBalancedAllocation.score:swap_extremes:2", "together"),
    (f"{PLUGINS}.pod_topology_spread:_normalized:confuse:0", ""),
    ("scheduler.workloads:Workloads._look_up:drop_clause:0", ""),
    (f"{PLUGINS}.inter_pod_affinity:_AffinityView._others_preferred:negate_condition:0", "together"),
    (f"{PLUGINS}.inter_pod_affinity:_AffinityView._others_preferred:confuse:0", "rather-apart"),
    (f"{PLUGINS}.inter_pod_affinity:_AffinityView._others_preferred:negate_condition:0", "rather-together"),
    (f"{PLUGINS}.node_affinity:NodeAffinity.score:drop_condition:0", "rather-there"),
    (f"{PLUGINS}.pod_topology_spread:_SpreadView.scores:negate_condition:0", "rather-spread"),
    (f"{PLUGINS}.taint_toleration:TaintToleration.score:confuse:1", ""),
]


@pytest.mark.parametrize(("mutant", "trait"), MISTAKES)
def test_a_wrong_score_is_found(mutant: str, trait: Trait) -> None:
    with in_force(named(mutant)):
        outcome = Simulation(Plan(seed=1, steps=one_by_one(trait)), (BestScoringNodeIsChosen,)).run()
    assert outcome.violations[0].invariant == "best-scoring-node-is-chosen"


@pytest.mark.parametrize("trait", ["", "together", "rather-apart", "rather-together", "rather-there", "rather-spread"])
def test_correct_scores_violate_nothing(trait: Trait) -> None:
    assert Simulation(Plan(seed=1, steps=one_by_one(trait))).run().violations == ()


def on(node: str, **requests: str) -> Pod:
    """A pod with app=web and this request on this node."""
    container = Container(name="c", resources=ResourceRequirements(requests=requests))
    metadata = ObjectMeta(name="p", namespace="x", labels={"app": "web"})
    return Pod(metadata=metadata, spec=PodSpec(containers=(container,), node_name=node))


def test_preferred_affinity_counts_in_both_directions() -> None:
    a, b = (Node(metadata=ObjectMeta(name=name, labels={HOST: name})) for name in ("a", "b"))
    plain, spec = on(""), on("").spec
    apart = replace(plain, spec=with_trait(spec, "rather-apart", {"app": "web"}))
    there = replace(plain, spec=with_trait(spec, "rather-there", {"app": "web"}))
    here = replace(on("a"), spec=replace(apart.spec, node_name="a"))
    even = replace(plain, spec=with_trait(spec, "rather-spread", {"app": "web"}))
    for pod, placed in ((apart, on("a")), (plain, here), (even, on("a"))):
        choice = Choice(pod=pod, nodes=(a, b), feasible=(a, b), placed=(placed,), selectors=())
        assert scores(choice) == {"a": 300, "b": 300 + 2 * 100}
    other = Node(metadata=ObjectMeta(name="c", labels={HOST: PREFERRED}))
    choice = Choice(pod=there, nodes=(a, other), feasible=(a, other), placed=(), selectors=())
    assert scores(choice) == {"a": 300, "c": 300 + 2 * 100}


def test_each_score_has_the_weight_of_its_plugin() -> None:
    a, b = (
        Node(
            metadata=ObjectMeta(name=name, labels={HOST: name}),
            status=NodeStatus(allocatable={"cpu": "1", "memory": "1000Mi"}),
        )
        for name in ("a", "b")
    )
    choice = Choice(
        pod=on("", cpu="100m", memory="100Mi"),
        nodes=(a, b),
        feasible=(a, b),
        placed=(on("a", cpu="400m"),),
        selectors=(of_labels({"app": "web"}),),
    )
    # Room: (50 + 70) / 2, 90. Balance: 100 - 20, 100. Taints: 3 * 100. Evenness: log(4) + 2 is 3, 2: 2 * 66, 2 * 100.
    assert scores(choice) == {"a": 60 + 80 + 300 + 132, "b": 90 + 100 + 300 + 200}


def test_pods_on_excluded_nodes_do_not_count_for_their_zone() -> None:
    near, far, avoided = (
        Node(
            metadata=ObjectMeta(name=name, labels={HOST: name, ZONE: zone}),
            status=NodeStatus(allocatable={"cpu": "1", "memory": "1000Mi"}),
        )
        for name, zone in (("node-1", "a"), ("node-2", "b"), (AVOIDED, "a"))
    )
    pod = on("")
    choice = Choice(
        pod=replace(pod, spec=with_trait(pod.spec, "elsewhere", {})),
        nodes=(near, far, avoided),
        feasible=(near, far),
        placed=(on(AVOIDED), on(AVOIDED)),
        selectors=(of_labels({"app": "web"}),),
    )
    found = scores(choice)
    assert found["node-1"] == found["node-2"]
