"""The scheduler against a real API server, in virtual time."""

from collections.abc import Callable
from typing import cast

from msgspec.structs import replace

from kubeactors.actor.cell import Cell
from kubeactors.api.core.v1 import (
    Affinity,
    Node,
    Pod,
    PodAffinity,
    PodAffinityTerm,
    PodSchedulingGate,
    PodSpec,
    Taint,
)
from kubeactors.apimachinery.meta import LabelSelector, TypedObject
from kubeactors.apimachinery.requests import ADDED
from kubeactors.client import Change, Notify
from kubeactors.scheduler.messages import Cycle, GoOn
from tests.kubelet.plane import Plane, a_pod, condition

NOT_HELPFUL = (
    "no new claims to deallocate, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."
)


def is_placed(pod: Pod) -> bool:
    return bool(pod.spec.node_name)


def is_refused(pod: Pod) -> bool:
    found = condition(pod, "PodScheduled")
    return found is not None and found[:2] == ("False", "Unschedulable")


def with_spec(change: Callable[[Node], dict[str, object]]) -> Callable[[Node], Node]:
    return lambda node: replace(node, spec=replace(node.spec, **change(node)))


def scheduling(nodes: int = 2) -> Plane:
    plane = Plane(nodes=nodes)
    plane.start_scheduler()
    return plane


def test_a_pod_is_bound_and_an_event_recorded() -> None:
    plane = scheduling()
    plane.create(a_pod("p"))
    pod = plane.run_until_pod("p", lambda one: one.status.phase == "Running")
    plane.sim.run(1.0)
    event = next(one for one in plane.events("p") if one.reason == "Scheduled")  # the kubelet records events, too

    assert condition(pod, "PodScheduled") == ("True", "", "")
    assert (event.reason, event.message, event.type, event.action) == (
        "Scheduled",
        f"Successfully assigned default/p to {pod.spec.node_name}",
        "Normal",
        "Binding",
    )
    assert (event.reporting_component, event.source.component, event.count) == ("default-scheduler", "", 0)


def test_pods_are_spread_over_nodes() -> None:
    plane = scheduling(nodes=4)
    for number in range(20):
        plane.create(a_pod(f"p{number}", requests={"cpu": "100m"}))
    places = [plane.run_until_pod(f"p{number}", is_placed).spec.node_name for number in range(20)]
    assert sorted(places.count(f"node-{number}") for number in range(4)) == [5, 5, 5, 5]


def test_no_node_is_overcommitted() -> None:
    plane = scheduling()
    for number in range(10):
        plane.create(a_pod(f"p{number}", requests={"cpu": "1"}))
    plane.sim.run(5.0)
    pods = [plane.pod(f"p{number}") for number in range(10)]
    places = [one.spec.node_name for one in pods]

    assert [places.count(one) for one in ("node-0", "node-1", "")] == [4, 4, 2]
    assert {one.status.phase for one in pods if one.spec.node_name} == {"Running"}


def test_an_unschedulable_pod_is_reported_by_condition_and_event() -> None:
    plane = scheduling()
    plane.create(a_pod("p", requests={"cpu": "5000"}))
    pod = plane.run_until_pod("p", is_refused)
    plane.sim.run(1.0)
    message = f"0/2 nodes are available: 2 Insufficient cpu. {NOT_HELPFUL}"

    assert condition(pod, "PodScheduled") == ("False", "Unschedulable", message)
    assert pod.status.phase == "Pending"
    assert [(one.reason, one.message, one.type, one.action) for one in plane.events("p")] == [
        ("FailedScheduling", message, "Warning", "Scheduling")
    ]


def test_a_waiting_pod_is_scheduled_when_another_is_deleted() -> None:
    plane = scheduling(nodes=1)
    plane.create(a_pod("first", requests={"cpu": "4"}))
    plane.run_until_pod("first", is_placed)
    plane.create(a_pod("second", requests={"cpu": "4"}))
    plane.run_until_pod("second", is_refused)
    plane.delete_pod("first", grace_seconds=1)
    plane.run_until_pod("second", is_placed, seconds=5)


def test_a_waiting_pod_is_scheduled_when_another_has_finished() -> None:
    plane = scheduling(nodes=1)
    plane.create(a_pod("first", requests={"cpu": "4"}, command=("sh", "-c", "exit 0"), restart_policy="Never"))
    plane.run_until_pod("first", is_placed)
    plane.create(a_pod("second", requests={"cpu": "4"}))
    plane.run_until_pod("second", lambda one: one.status.phase == "Running", seconds=5)


def near(app: str) -> Affinity:
    term = PodAffinityTerm(
        label_selector=LabelSelector(match_labels={"app": app}), topology_key="kubernetes.io/hostname"
    )
    return Affinity(pod_affinity=PodAffinity(required_during_scheduling_ignored_during_execution=(term,)))


def of_app(pod: Pod, app: str, affinity: Affinity) -> Pod:
    metadata = replace(pod.metadata, labels={"app": app})
    return replace(pod, metadata=metadata, spec=replace(pod.spec, affinity=affinity))


def test_a_pod_with_affinity_is_scheduled_once_its_target_is_assumed() -> None:
    plane = scheduling()
    plane.create(of_app(a_pod("second"), "web", near("db")))
    plane.run_until_pod("second", is_refused)
    plane.create(of_app(a_pod("first"), "db", near("db")))
    second = plane.run_until_pod("second", is_placed, seconds=20)
    assert second.spec.node_name == plane.pod("first").spec.node_name


def test_a_pod_with_affinity_to_its_own_kind_may_run_anywhere_once_that_is_gone() -> None:
    plane = scheduling(nodes=2)
    plane.create(of_app(a_pod("first", requests={"cpu": "4"}), "db", near("db")))
    first = plane.run_until_pod("first", is_placed)
    plane.change_node(first.spec.node_name, with_spec(lambda _: {"unschedulable": True}))
    plane.create(of_app(a_pod("second", requests={"cpu": "4"}), "db", near("db")))
    plane.run_until_pod("second", is_refused)
    plane.delete_pod("first", grace_seconds=1)
    second = plane.run_until_pod("second", is_placed, seconds=20)
    assert second.spec.node_name != first.spec.node_name


def test_a_waiting_pod_is_scheduled_to_a_new_node() -> None:
    plane = scheduling(nodes=0)
    plane.create(a_pod("p"))
    plane.sim.run(1.0)
    refused = condition(plane.pod("p"), "PodScheduled")
    assert refused == ("False", "Unschedulable", "no nodes available to schedule pods")
    plane.boot("node-0")
    plane.run_until_pod("p", is_placed, seconds=2)


def test_a_node_that_loses_its_taint_accepts_pods() -> None:
    plane = scheduling(nodes=1)
    taint = Taint(key="example.com/golden", value="x", effect="NoSchedule")
    plane.change_node("node-0", with_spec(lambda _: {"taints": (taint,)}))
    plane.create(a_pod("p"))
    plane.run_until_pod("p", is_refused)
    plane.change_node("node-0", with_spec(lambda _: {"taints": ()}))
    plane.run_until_pod("p", is_placed, seconds=2)


def test_a_cordoned_node_accepts_no_pods_until_it_is_uncordoned() -> None:
    plane = scheduling(nodes=1)
    plane.change_node("node-0", with_spec(lambda _: {"unschedulable": True}))
    plane.create(a_pod("p"))
    plane.run_until_pod("p", is_refused)
    plane.change_node("node-0", with_spec(lambda _: {"unschedulable": False, "taints": ()}))
    plane.run_until_pod("p", is_placed, seconds=2)


def test_a_gated_pod_waits_for_its_gates() -> None:
    plane = scheduling(nodes=1)
    plane.create(a_pod("p", spec=PodSpec(scheduling_gates=(PodSchedulingGate(name="example.com/a"),))))
    plane.sim.run(5.0)
    gated = plane.pod("p")
    assert not is_placed(gated)
    plane.do(lambda: plane.client.update(replace(gated, spec=replace(gated.spec, scheduling_gates=()))))
    plane.run_until_pod("p", is_placed, seconds=2)


def test_a_pod_of_another_scheduler_is_left_alone() -> None:
    plane = scheduling(nodes=1)
    plane.create(a_pod("p", spec=PodSpec(scheduler_name="somebody-else")))
    plane.sim.run(5.0)
    assert not is_placed(plane.pod("p"))
    assert plane.pod("p").status.conditions == ()


def test_a_pod_bound_by_another_client_occupies_resources() -> None:
    plane = scheduling(nodes=1)
    plane.create(a_pod("first", requests={"cpu": "3"}, node_name="node-0"))
    plane.run_until_pod("first", lambda one: one.status.phase == "Running")
    plane.create(a_pod("second", requests={"cpu": "2"}))
    plane.run_until_pod("second", is_refused)


def test_a_restarted_scheduler_continues() -> None:
    plane = scheduling(nodes=2)
    for number in range(6):
        plane.create(a_pod(f"p{number}", requests={"cpu": "1"}))
    plane.sim.run(1.0)
    plane.sim.crash(plane.scheduler, RuntimeError("a bug"))
    for number in range(6, 9):
        plane.create(a_pod(f"p{number}", requests={"cpu": "1"}))
    plane.sim.run(5.0)
    places = [plane.pod(f"p{number}").spec.node_name for number in range(9)]

    assert sorted(places.count(one) for one in ("node-0", "node-1", "")) == [1, 4, 4]


def test_a_restarted_scheduler_ignores_messages_to_its_predecessor() -> None:
    plane = scheduling(nodes=1)
    plane.sim.run(1.0)
    scheduler = (cast("Cell", plane.scheduler).children or {})["scheduler"]
    plane.sim.crash(scheduler, RuntimeError("a bug"))
    gone = a_pod("gone", requests={"cpu": "4"}, node_name="node-0")
    change = cast("Change[TypedObject]", Change(ADDED, "default/gone", None, gone))
    for message in (Notify("core/v1/pods", (change,)), Cycle(), GoOn("gone")):
        scheduler.tell(message)
    plane.create(a_pod("p", requests={"cpu": "4"}))
    plane.run_until_pod("p", is_placed)
    assert sum(event == "actor.failed" for _, _, event, *_ in plane.sim.logged) == 1


def test_an_outage_of_the_api_server_loses_nothing() -> None:
    plane = scheduling(nodes=2)
    plane.create(a_pod("before"))
    plane.run_until_pod("before", is_placed)
    plane.sim.crash(plane.server, RuntimeError("a bug"))
    plane.sim.run(5.0)
    plane.create(a_pod("after"))
    plane.run_until_pod("after", lambda one: one.status.phase == "Running", seconds=60)


def test_an_unchanged_condition_is_not_written_again() -> None:
    plane = scheduling()
    plane.create(a_pod("p", requests={"cpu": "5000"}))
    pod = plane.run_until_pod("p", is_refused)
    plane.sim.run(400.0)
    assert plane.pod("p") == pod
    assert plane.events("p")[0].series is not None
