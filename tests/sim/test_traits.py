"""Pods with constraints and other traits run where they may, and mistakes in handling these are found."""

from typing import get_args

import pytest
from msgspec.structs import replace

from kubeactors.api.core.v1 import Node, Pod
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.sim import Plan, Simulation
from kubeactors.sim.bounds.placement import HOST, Search
from kubeactors.sim.plan import AnyStep
from kubeactors.sim.users.manifests import pod_spec
from kubeactors.sim.users.manifests.traits import with_trait
from kubeactors.sim.workload import CreateDeployment, CreateJob, CreatePod, Trait
from kubeactors.sim.world import World
from kubeactors.storage import KeyValue, StoreEvent
from tests.quality.automatic.mutants import in_force, named

APP = {"app": "web"}
NODES = tuple(Node(metadata=ObjectMeta(name=name, labels={HOST: name})) for name in ("node-1", "node-2", "node-3"))


def pod(trait: Trait, node: str = "") -> Pod:
    """A pod that is bound to a node, or pending."""
    spec = replace(with_trait(pod_spec("1"), trait, APP), node_name=node)
    metadata = ObjectMeta(name=f"on-{node}", namespace="default", uid=f"on-{node}", labels=APP)
    return Pod(metadata=metadata, spec=spec)


def world_of(*present: Pod) -> World:
    """All three nodes and these pods."""
    world = World()
    for revision, one in enumerate((*NODES, *present), start=1):
        key = f"{type(one).__name__}/{one.metadata.name}"
        world.apply(StoreEvent(deleted=False, kv=KeyValue(key, one, revision, revision, 1), previous=None))
    return world


@pytest.mark.parametrize(
    ("trait", "taken", "suited"),
    [
        ("", ("node-1",), ("node-1", "node-2", "node-3")),
        ("apart", ("node-1",), ("node-2", "node-3")),
        ("port", ("node-1", "node-3"), ("node-2",)),
        ("together", (), ("node-1", "node-2", "node-3")),
        ("together", ("node-2",), ("node-2",)),
        ("elsewhere", ("node-1",), ("node-1", "node-2")),
        ("spread", (), ("node-1", "node-2", "node-3")),
        ("spread", ("node-1", "node-2"), ("node-3",)),
        ("spread", ("node-1", "node-2", "node-3"), ("node-1", "node-2", "node-3")),
    ],
)
def test_a_pod_may_run_where_its_constraints_allow(
    trait: Trait, taken: tuple[str, ...], suited: tuple[str, ...]
) -> None:
    new = pod(trait)
    search = Search(world_of(*(pod(trait, node) for node in taken), new), new)
    assert tuple(one.metadata.name for one in NODES if search.suits(one)) == suited


def test_anti_affinity_applies_in_both_directions() -> None:
    assert not Search(world_of(pod("apart", "node-1")), pod("")).suits(NODES[0])


@pytest.mark.parametrize(("trait", "suited"), [("apart", True), ("together", False), ("port", False)])
def test_pod_affinity_needs_the_host_name_label(trait: Trait, *, suited: bool) -> None:
    nameless = replace(NODES[0], metadata=replace(NODES[0].metadata, labels={}))
    assert Search(world_of(pod(trait, "node-1")), pod(trait)).suits(nameless) is suited


@pytest.mark.parametrize("trait", get_args(Trait))
def test_pods_of_each_trait_run(trait: Trait) -> None:
    plan = Plan(seed=1, steps=(CreateDeployment(at=0.0, name="web", replicas=3, trait=trait),))
    simulation = Simulation(plan)
    assert simulation.run().violations == ()
    waiting = [one for one in simulation.world.of(Pod).values() if one.status.phase != "Running"]
    assert waiting == []


MISTAKES: list[tuple[str, str, tuple[AnyStep, ...]]] = [
    ("scheduling-constraints-are-respected", "scheduler.plugins.node_affinity:NodeAffinity.filter:confuse:0",
     (CreateDeployment(at=0.0, name="web", replicas=3, trait="elsewhere"),)),
    ("cluster-converges", "scheduler.plugins.inter_pod_affinity:_AffinityView.refusals:off_by_one:1",
     (CreateDeployment(at=0.0, name="web", replicas=3, trait="apart"),)),
    ("pod-statuses-are-consistent", "kubelet.lifecycle:phase:negate_condition:2",
     (CreateDeployment(at=0.0, name="web", replicas=1, trait="preparation"),)),
    ("bound-pods-run", "kubelet.pod_containers:PodContainers.advance:negate_condition:0",
     (CreatePod(at=0.0, name="web", pod="web-1"),)),
    ("rollout-progress-is-reported", "controllers.deployment.status:seconds_to_deadline:confuse:0",
     (CreateDeployment(at=0.0, name="web", replicas=4, trait="apart", deadline_seconds=8),)),
    ("statuses-are-accurate", "controllers.replicaset.plan:seconds_to_next_available:confuse:0",
     (CreateDeployment(at=0.0, name="web", replicas=2, min_ready_seconds=3),)),
    ("job-counts-are-exact", "controllers.job.plan:_is_complete:off_by_one:0",
     (CreateJob(at=0.0, name="sum", completions=None, parallelism=2, exit_code=1),)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("invariant", "mutant", "steps"), MISTAKES, ids=lambda one: one if isinstance(one, str) else ""
)
def test_a_mistake_in_handling_a_trait_is_found(invariant: str, mutant: str, steps: tuple[AnyStep, ...]) -> None:
    plan = Plan(seed=1, steps=steps)
    assert Simulation(plan).run().violations == ()
    with in_force(named(mutant)):
        assert invariant in {one.invariant for one in Simulation(plan).run().violations}
