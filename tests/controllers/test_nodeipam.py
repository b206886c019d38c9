"""Nodes that come without a range of addresses are given one of their own."""

import pytest
from msgspec.structs import replace

from kubeactors.api.core.v1 import Node, NodeSpec
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.controllers.nodeipam.cidr_set import CidrSet
from tests.controllers.plane import DEFAULT, Plane


@pytest.fixture
def plane() -> Plane:
    """Room for two nodes."""
    return Plane(config=replace(DEFAULT, cluster_cidr="10.0.0.0/23"))


def join(plane: Plane, name: str, *cidrs: str, finalizers: tuple[str, ...] = ()) -> Node:
    spec = NodeSpec(pod_cidrs=cidrs)
    return plane.create(Node(metadata=ObjectMeta(name=name, finalizers=finalizers), spec=spec))


def cidrs(plane: Plane) -> dict[str, str]:
    plane.sim.run(1.0)
    return {one.metadata.name: one.spec.pod_cidr for one in plane.list(Node, "")}


def test_every_node_gets_a_range_of_its_own(plane: Plane) -> None:
    join(plane, "a")
    join(plane, "b")
    assert cidrs(plane) == {"a": "10.0.0.0/24", "b": "10.0.1.0/24"}
    assert plane.get(Node, "a", "").spec.pod_cidrs == ("10.0.0.0/24",)


def test_a_node_keeps_the_range_that_it_brings(plane: Plane) -> None:
    join(plane, "a", "10.0.0.0/24")
    join(plane, "far", "10.9.0.0/24")
    join(plane, "six", "fd00::/64")
    join(plane, "b")
    assert cidrs(plane)["b"] == "10.0.1.0/24"


def test_a_node_without_a_free_range_is_reported_and_gets_the_next_released_one(plane: Plane) -> None:
    first = join(plane, "a")
    join(plane, "b")
    join(plane, "c")
    assert cidrs(plane)["c"] == ""
    assert ("CIDRNotAvailable", "Node c status is now: CIDRNotAvailable") in plane.events("c")
    plane.delete(first)
    assert cidrs(plane) == {"b": "10.0.1.0/24", "c": "10.0.0.0/24"}


def test_a_terminating_node_keeps_its_range(plane: Plane) -> None:
    """kubernetes/kubernetes 127792."""
    held = join(plane, "a", finalizers=("example.com/hold",))
    join(plane, "b")
    join(plane, "c")
    plane.sim.run(1.0)
    plane.delete(held)
    assert cidrs(plane) == {"a": "10.0.0.0/24", "b": "10.0.1.0/24", "c": ""}
    plane.change(held, lambda one: replace(one, metadata=replace(one.metadata, finalizers=())))
    assert cidrs(plane) == {"b": "10.0.1.0/24", "c": "10.0.0.0/24"}


def test_a_restarted_allocator_knows_existing_ranges_before_it_allocates(plane: Plane) -> None:
    """kubernetes/kubernetes 29058."""
    join(plane, "b")
    plane.sim.run(1.0)
    join(plane, "a")
    plane.sim.crash(plane.child("controllers/node-ipam"), RuntimeError("killed"))
    assert cidrs(plane) == {"a": "10.0.1.0/24", "b": "10.0.0.0/24"}


def test_a_recreated_node_is_another_holder(plane: Plane) -> None:
    first = join(plane, "a")
    plane.sim.run(1.0)
    plane.delete(first)
    join(plane, "a")
    assert cidrs(plane) == {"a": "10.0.1.0/24"}
    join(plane, "b")
    assert cidrs(plane)["b"] == "10.0.0.0/24"


def test_a_range_is_free_once_all_its_holders_are_gone() -> None:
    ranges = CidrSet("10.0.0.0/23", 24)
    ranges.occupy("10.0.0.0/24", "a")
    ranges.occupy("10.0.0.128/25", "b")
    ranges.occupy("10.0.0.0/24", "a")
    assert not ranges.release("a")
    assert [ranges.allocate("c"), ranges.allocate("d")] == ["10.0.1.0/24", None]
    assert ranges.release("b")
    assert ranges.allocate("d") == "10.0.0.0/24"


def test_an_occupied_range_covers_all_ranges_within_it() -> None:
    ranges = CidrSet("10.0.0.0/22", 24)
    ranges.occupy("10.0.0.0/23", "a")
    assert [ranges.allocate("b"), ranges.allocate("c"), ranges.allocate("d")] == ["10.0.2.0/24", "10.0.3.0/24", None]
