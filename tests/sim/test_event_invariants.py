"""Events are judged: whether they are accurate, recorded, and counted."""

import pytest
from msgspec.structs import replace

from kubeactors.actor import SimSystem
from kubeactors.api.core.v1 import Node, ObjectReference, Pod, PodSpec
from kubeactors.api.core.v1.event import Event, EventSeries
from kubeactors.apimachinery.meta import ObjectMeta, TypedObject
from kubeactors.sim import Plan, Simulation
from kubeactors.sim.invariants.events import SIMILAR, EventsAreAccurate
from kubeactors.sim.network import STORE
from kubeactors.sim.plan import AnyStep
from kubeactors.sim.workload import CreateDeployment, Scale, SetQuota
from kubeactors.sim.world import Commit, World
from kubeactors.storage import KeyValue, StoreEvent
from tests.quality.automatic.mutants import in_force, named

CROWDED: tuple[AnyStep, ...] = (
    CreateDeployment(at=0.0, name="web", replicas=4, probes=True, flaps=True),
    Scale(at=30.0, name="web", replicas=1),
)
REFUSED: tuple[AnyStep, ...] = (SetQuota(at=0.0, pods=2), CreateDeployment(at=1.0, name="web", replicas=3))

MISTAKES: list[tuple[str, str, tuple[AnyStep, ...], str]] = [
    (
        "controllers.podcontrol:PodControl._on_create_error:negate_condition:1",
        "events-are-recorded",
        REFUSED,
        "FailedCreate",
    ),
    ("client.correlation:Correlator._combine:negate_condition:1", "events-are-recorded", CROWDED, "recorded no Event"),
    ("client.events:sink_of:negate_condition:0", "events-are-recorded", CROWDED, "SuccessfulCreate"),
    (
        "client.events:EventSink._write:negate_condition:0",
        "events-are-accurate",
        REFUSED,
        "is similar Event number 12",
    ),
    (
        "client.events:_repetition:negate_condition:0",
        "events-are-accurate",
        CROWDED,
        "its count was 1, and is 1 after",
    ),
    ("client.events:reference_to:drop_guard:0", "events-are-accurate", CROWDED, "has no uid"),
    ("kubelet.node_events:reference_of:drop_guard:0", "events-are-accurate", CROWDED, "has no uid"),
]


@pytest.mark.parametrize(("mutant", "invariant", "steps", "problem"), MISTAKES)
def test_wrong_and_missing_events_are_found(
    mutant: str, invariant: str, steps: tuple[AnyStep, ...], problem: str
) -> None:
    with in_force(named(mutant)):
        found = Simulation(Plan(seed=1, pods_per_node=1, steps=steps)).run().violations[0]
    assert found.invariant == invariant
    assert problem in found.message


@pytest.mark.parametrize("steps", [CROWDED, REFUSED])
@pytest.mark.parametrize("events", [True, False])
def test_correct_events_violate_nothing(steps: tuple[AnyStep, ...], *, events: bool) -> None:
    plan = Plan(seed=1, pods_per_node=1, events=events, steps=steps)
    assert Simulation(plan).run().violations == ()


POD = Pod(metadata=ObjectMeta(name="a", namespace="x", uid="u"), spec=PodSpec(node_name="node-1"))
BOUND = Event(
    metadata=ObjectMeta(name="a.1", namespace="x"),
    involved_object=ObjectReference(kind="Pod", namespace="x", name="a", uid="u"),
    reason="Scheduled",
    message="Successfully assigned x/a to node-1",
    event_time="2026-01-01T00:00:00.000000Z",
)
AGAIN = replace(BOUND, series=EventSeries(count=2))


class Told:
    """The invariant, in a world with one pod on a node."""

    def __init__(self) -> None:
        self.world: World = World()
        for revision, one in enumerate((Node(metadata=ObjectMeta(name="node-1", uid="n")), POD), 1):
            self._written(one, revision)
        self.invariant: EventsAreAccurate = EventsAreAccurate(self.world, SimSystem().kernel.root)

    def says(self, event: Event, old: Event | None = None) -> list[str]:
        """The violations for this event."""
        return list(self.invariant.committed(Commit(7, "x/a.1", old, event)))

    def _written(self, value: TypedObject, revision: int) -> None:
        key = f"{value.kind}/{value.metadata.name}"
        kv = KeyValue(key=key, value=value, create_revision=revision, mod_revision=revision, version=1, lease=0)
        self.world.apply(StoreEvent(kv=kv, previous=None, deleted=False))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (None, BOUND, ""),
        (BOUND, AGAIN, ""),
        (AGAIN, AGAIN, "its count was 2, and is 2 after"),
        (BOUND, replace(AGAIN, reason="FailedScheduling"), "changed its object, reason"),
        (None, replace(BOUND, message="Successfully assigned x/a to node-2"), "never bound to node-2"),
        (
            None,
            replace(BOUND, involved_object=replace(BOUND.involved_object, uid="v")),
            "never existed with the uid v",
        ),
        (None, replace(BOUND, involved_object=replace(BOUND.involved_object, name="b")), "never existed"),
        (
            None,
            replace(
                BOUND, reason="Rebooted", involved_object=ObjectReference(kind="Node", name="node-1", uid="node-1")
            ),
            "",
        ),
        (None, replace(BOUND, reason="SuccessfulCreate", message="Created pod: a"), "pod a was not created"),
        (None, replace(BOUND, reason="SuccessfulDelete", message="Deleted pod: a"), "pod a was not deleted"),
    ],
)
def test_an_event_must_say_what_has_happened(old: Event | None, new: Event, problem: str) -> None:
    found = Told().says(new, old)
    assert bool(found) == bool(problem), found
    assert any(problem in one for one in found) or not problem


def test_similar_events_must_be_combined() -> None:
    told = Told()
    found = [
        told.says(replace(BOUND, metadata=ObjectMeta(name=f"a.{number}", namespace="x")))
        for number in range(SIMILAR + 1)
    ]
    assert [len(one) for one in found] == [0] * SIMILAR + [1]


def test_similar_events_are_counted_anew_after_a_fault_of_the_store() -> None:
    told = Told()
    events = [replace(BOUND, metadata=ObjectMeta(name=f"a.{number}", namespace="x")) for number in range(SIMILAR + 1)]
    found = [told.says(one) for one in events[:-1]]
    told.world.faults.affect(STORE, until=0)
    assert [*found, told.says(events[-1])] == [[]] * (SIMILAR + 1)
