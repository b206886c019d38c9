"""Components' requests are judged by themselves and by their answers."""

from typing import Never, cast

import pytest

from kubeactors.actor import Actor, SimSystem
from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api.core.v1 import Binding, Pod
from kubeactors.apimachinery.meta import DeleteOptions, ObjectMeta, Preconditions
from kubeactors.apimachinery.requests import ADMIN, ApiRequest, Create, Delete, GroupVersionResource, Result, Update
from kubeactors.apimachinery.status import Conflict, Invalid, Status
from kubeactors.client import Indexer, Overlay
from kubeactors.sim import Plan, Simulation
from kubeactors.sim.chaos.faults import NodePowerLoss, NodeRemoved
from kubeactors.sim.invariants import RequestInvariant
from kubeactors.sim.invariants.requests import (
    ComponentsSendValidRequests,
    DeletionsHavePreconditions,
    DestructionNeedsALiveRead,
    NoConflictsWithOwnWrites,
    NoRedundantWrites,
    OnlyKubeletsConfirmDeletion,
    UserIntentIsPreserved,
    WritesHavePreconditions,
)
from kubeactors.sim.network import Asked
from kubeactors.sim.plan import AnyStep
from kubeactors.sim.workload import (
    CreateClaim,
    CreateDeployment,
    CreateStorageClass,
    DeleteClaim,
    RecreateService,
    SetQuota,
    Taint,
)
from kubeactors.sim.world import World
from kubeactors.storage import KeyValue, StoreEvent
from tests.quality.automatic.mutants import in_force, named
from tests.quality.mutants.nodes import pods_of_nodes_that_the_cache_lacks_go
from tests.quality.mutants.services import (
    quotas_count_what_the_cache_shows,
    volumes_without_claims_in_the_cache_are_free,
)

PODS = GroupVersionResource("", "v1", "pods")
CONFLICT = Conflict.saying("the object has been modified").status
LATER = 100.0


class Mindful(Actor[Never]):
    """An actor with an overlay of its own writes."""

    def __init__(self) -> None:
        self.overlay: Overlay[Pod] = Overlay(Indexer())


class Bench:
    """A world with one pod, actors that write, one of them with an overlay, and one invariant."""

    def __init__(self, type_: type[RequestInvariant]) -> None:
        self._sim = SimSystem()
        self._world = World()
        self._invariant = type_(self._world, self._sim.kernel.root)
        self._cells = {name: cast("Cell", self._sim.spawn(Actor, name=name)) for name in ("one", "other")}
        self._cells["mindful"] = cast("Cell", self._sim.spawn(Mindful, name="mindful"))

    def write(self, revision: int) -> Pod:
        """The pod is written at this revision."""
        pod = pod_at(revision)
        kv = KeyValue("pods/x/a", pod, revision, revision, 1)
        self._world.apply(StoreEvent(kv=kv, previous=None, deleted=False))
        return pod

    def disturb(self) -> None:
        """A long fault affects the component."""
        self._world.faults.affect("controller-manager", int(LATER * SECOND))

    def passes(self, seconds: float) -> None:
        """Time passes."""
        self._sim.run(seconds)

    def tell(self, request: ApiRequest[object], answer: object, sender: str = "one") -> list[str]:
        """The violations for this answer."""
        asked = Asked("controller-manager", self._cells[sender], request, self._world.revision, self._sim.now)
        return list(self._invariant.answered(asked, answer))


def pod_at(revision: int) -> Pod:
    return Pod(metadata=ObjectMeta(name="a", namespace="x", uid="u", resource_version=str(revision)))


def update(revision: int) -> Update:
    return Update(resource=PODS, namespace="x", name="a", object=pod_at(revision), user=ADMIN)


@pytest.mark.parametrize(
    ("preconditions", "problems"),
    [(None, 1), (Preconditions(resource_version="1"), 1), (Preconditions(uid="u"), 0)],
)
def test_a_deletion_needs_a_uid_precondition(preconditions: Preconditions | None, problems: int) -> None:
    request = Delete(
        resource=PODS, namespace="x", name="a", options=DeleteOptions(preconditions=preconditions), user=ADMIN
    )
    assert len(Bench(DeletionsHavePreconditions).tell(request, Status())) == problems


@pytest.mark.parametrize(("seconds", "problems"), [(0, 1), (30, 0), (None, 0)])
def test_only_kubelets_delete_pods_without_a_grace_period(seconds: int | None, problems: int) -> None:
    options = DeleteOptions(grace_period_seconds=seconds, preconditions=Preconditions(uid="u"))
    request = Delete(resource=PODS, namespace="x", name="a", options=options, user=ADMIN)
    assert len(Bench(OnlyKubeletsConfirmDeletion).tell(request, Status())) == problems


def binding(uid: str) -> Create:
    """Bind the pod of that uid."""
    bound = Binding(metadata=ObjectMeta(name="a", namespace="x", uid=uid))
    return Create(resource=PODS, namespace="x", name="a", subresource="binding", object=bound)


@pytest.mark.parametrize(
    ("request_", "problems"),
    [
        (binding("u"), 0),
        (binding(""), 1),
        (Update(resource=PODS, namespace="x", name="a", object=Pod(metadata=ObjectMeta(name="a"))), 1),
        (Update(resource=PODS, namespace="x", name="a", object=pod_at(7)), 0),
    ],
)
def test_bindings_and_updates_need_preconditions(request_: ApiRequest[object], problems: int) -> None:
    assert len(Bench(WritesHavePreconditions).tell(request_, None)) == problems


@pytest.mark.parametrize(
    ("answer", "problems"),
    [
        (Invalid.saying("spec.replicas: must not be negative").status, 1),
        (Invalid.saying("metadata.uid: field is immutable").status, 0),
        (Invalid.saying("metadata.ownerReferences: Only one reference can have Controller set to true.").status, 0),
        (CONFLICT, 0),
    ],
)
def test_an_invalid_request_of_a_component_is_a_violation(answer: Status, problems: int) -> None:
    assert len(Bench(ComponentsSendValidRequests).tell(update(1), answer)) == problems


def test_a_component_that_removes_a_taint_of_a_user_is_found() -> None:
    mutant = named("controllers.nodelifecycle.health:with_execute_taint:drop_condition:0")
    outage = NodePowerLoss(at=2.0, node="node-1", seconds=90.0)
    steps: tuple[AnyStep, ...] = (Taint(at=1.0, node="node-1", seconds=200.0), outage)
    assert Simulation(Plan(seed=1, steps=steps)).run(300.0).violations == ()
    with in_force(mutant):
        violations = Simulation(Plan(seed=1, steps=steps)).run(300.0).violations
    assert [one.invariant for one in violations] == [UserIntentIsPreserved.name]


def test_a_conflict_with_an_own_write_is_a_violation() -> None:
    bench = Bench(NoConflictsWithOwnWrites)
    assert bench.tell(update(1), Result(object=bench.write(2))) == []
    assert bench.tell(update(1), CONFLICT, "other") == []
    assert len(bench.tell(update(1), CONFLICT)) == 1
    bench.write(3)  # somebody else has changed it since
    assert bench.tell(update(2), CONFLICT) == []


@pytest.mark.parametrize(("sender", "problems"), [("mindful", 1), ("one", 0)])
def test_an_overlay_shows_acknowledged_writes_despite_a_lagging_watch(sender: str, problems: int) -> None:
    bench = Bench(NoConflictsWithOwnWrites)
    bench.disturb()
    assert bench.tell(update(1), Result(object=bench.write(2)), sender) == []
    assert bench.tell(update(1), CONFLICT, sender) == []
    bench.passes(2.0)
    assert len(bench.tell(update(1), CONFLICT, sender)) == problems


def test_a_redundant_write_is_a_violation_once_the_state_must_be_known() -> None:
    bench = Bench(NoRedundantWrites)
    same = Result(object=bench.write(2))
    assert bench.tell(update(2), same) == []
    bench.passes(LATER)
    assert len(bench.tell(update(2), same)) == 1
    assert bench.tell(update(2), Result(object=pod_at(3))) == []


def test_a_deletion_by_name_alone_is_found_without_a_race() -> None:
    plan = Plan(seed=1, steps=(CreateDeployment(at=0.0, name="web", replicas=1), RecreateService(at=5.0, name="web")))
    assert Simulation(plan).run().violations == ()
    with in_force(named("controllers.endpoints:EndpointsController._delete:drop_guard:0")):
        assert [one.invariant for one in Simulation(plan).run().violations] == [DeletionsHavePreconditions.name]


def test_a_pod_collected_without_a_live_read_of_its_node_is_found_without_a_race() -> None:
    steps = (CreateDeployment(at=0.0, name="web", replicas=3), NodeRemoved(at=5.0, node="node-1"))
    plan = Plan(seed=1, steps=steps)
    assert Simulation(plan).run().violations == ()
    with pods_of_nodes_that_the_cache_lacks_go():
        assert [one.invariant for one in Simulation(plan).run().violations] == [DestructionNeedsALiveRead.name]


def test_a_release_of_a_volume_without_a_live_read_of_its_claim_is_found_without_a_race() -> None:
    steps: tuple[AnyStep, ...] = (
        CreateStorageClass(at=0.0, name="simulated"),
        CreateClaim(at=0.0, name="disk-1", gibibytes=1),
        DeleteClaim(at=10.0, name="disk-1"),
    )
    plan = Plan(seed=1, steps=steps)
    assert Simulation(plan).run().violations == ()
    with volumes_without_claims_in_the_cache_are_free():
        assert [one.invariant for one in Simulation(plan).run().violations] == [DestructionNeedsALiveRead.name]


def test_pods_created_together_soon_after_a_quota_are_limited_by_it() -> None:
    steps: tuple[AnyStep, ...] = (
        SetQuota(at=0.0, pods=2),
        CreateDeployment(at=2.0, name="web", replicas=5),
    )
    plan = Plan(seed=1, steps=steps)
    assert Simulation(plan).run().violations == ()
    with quotas_count_what_the_cache_shows():
        assert "quotas-are-enforced" in {one.invariant for one in Simulation(plan).run().violations}
