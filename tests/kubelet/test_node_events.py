"""Events of nodes, and the images in their status."""

from functools import partial

from msgspec.structs import replace

from kubeactors.api.core.v1 import Container, Node
from kubeactors.kubelet.images import size_of
from tests.kubelet.plane import Plane, a_pod

BEGUN = [
    ("Starting", "Starting kubelet."),
    ("NodeAllocatableEnforced", "Updated Node Allocatable limit across pods"),
    ("NodeHasSufficientMemory", "Node node-0 status is now: NodeHasSufficientMemory"),
    ("NodeHasNoDiskPressure", "Node node-0 status is now: NodeHasNoDiskPressure"),
    ("NodeHasSufficientPID", "Node node-0 status is now: NodeHasSufficientPID"),
    ("NodeReady", "Node node-0 status is now: NodeReady"),
]


def cordoned(node: Node, *, unschedulable: bool) -> Node:
    return replace(node, spec=replace(node.spec, unschedulable=unschedulable))


def told(plane: Plane) -> list[tuple[str, str]]:
    assert all(one.involved_object.uid == "node-0" for one in plane.events("node-0"))
    return [(one.reason, one.message) for one in plane.events("node-0")]


def test_a_new_node_records_events_of_its_conditions() -> None:
    plane = Plane(nodes=1)
    plane.sim.run(1.0)
    assert told(plane) == BEGUN


def test_a_restarted_kubelet_records_only_its_start() -> None:
    plane = Plane(nodes=1)
    plane.sim.run(1.0)
    plane.power_off("node-0")
    plane.start_kubelet("node-0")
    plane.sim.run(1.0)
    assert {one.reason: one.count for one in plane.events("node-0")} == {
        reason: 2 if reason == "Starting" else 1 for reason, _ in BEGUN
    }


def test_a_change_of_unschedulable_is_recorded_at_the_next_node_status() -> None:
    plane = Plane(nodes=1)
    for unschedulable in (True, False):
        plane.change_node("node-0", partial(cordoned, unschedulable=unschedulable))
        plane.sim.run(330.0)
    assert told(plane)[len(BEGUN) :] == [
        ("NodeNotSchedulable", "Node node-0 status is now: NodeNotSchedulable"),
        ("NodeSchedulable", "Node node-0 status is now: NodeSchedulable"),
    ]


def test_a_node_that_lost_power_is_recorded_as_rebooted() -> None:
    plane = Plane(nodes=1)
    plane.sim.run(1.0)
    plane.power_off("node-0")
    plane.configure("node-0", boot=1)
    plane.start_kubelet("node-0")
    plane.sim.run(1.0)
    boot = plane.node("node-0").status.node_info.boot_id
    assert ("Rebooted", f"Node node-0 has been rebooted, boot id: {boot}") in told(plane)


def test_node_status_lists_images_with_their_sizes() -> None:
    plane = Plane(nodes=1)
    containers = [Container(name=f"c{number}", image=one) for number, one in enumerate(("nginx:1", "busybox"))]
    plane.create(a_pod("p", *containers, node_name="node-0"))
    plane.sim.run(330.0)
    shown = [(one.names[-1], one.size_bytes) for one in plane.node("node-0").status.images]
    wanted = [("nginx:1", size_of("nginx:1")), ("busybox:latest", size_of("busybox"))]
    assert shown == sorted(wanted, key=lambda one: -one[1])
    pulled = [one.message for one in plane.events("p") if one.reason == "Pulled" and "busybox" in one.message]
    assert pulled == [
        f'Successfully pulled image "busybox" in 0s (0s including waiting). Image size: {size_of("busybox")} bytes.'
    ]
