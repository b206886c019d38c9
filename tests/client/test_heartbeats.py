"""Heartbeats are marked, and nothing else is."""

import pytest
from msgspec.structs import replace

from kubeactors.api.coordination.v1 import Lease, LeaseSpec
from kubeactors.api.core.v1 import Node, NodeCondition, NodeSpec, NodeStatus, Taint
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.requests import ADDED, DELETED, MODIFIED
from kubeactors.client import Change
from kubeactors.client.heartbeats import HEARTBEAT, NEWS, marks_of_lease, marks_of_node

META = ObjectMeta(name="node-1", uid="1", resource_version="7")
LATER = replace(META, resource_version="8")
READY = NodeCondition(type="Ready", status="True", last_heartbeat_time="2026-01-01T00:00:00Z")
NODE = Node(metadata=META, status=NodeStatus(conditions=(READY,), allocatable={"cpu": "4"}))
LEASE = Lease(metadata=META, spec=LeaseSpec(holder_identity="node-1", renew_time="2026-01-01T00:00:00.000000Z"))


def reported(**changes: str) -> NodeStatus:
    return replace(NODE.status, conditions=(replace(READY, **changes),))


def test_an_unchanged_report_of_a_node_is_a_heartbeat() -> None:
    again = replace(NODE, metadata=LATER, status=reported(last_heartbeat_time="2026-01-01T00:05:00Z"))
    assert marks_of_node(Change(MODIFIED, "node-1", NODE, again)) == HEARTBEAT


@pytest.mark.parametrize(
    "changed",
    [
        replace(NODE, status=reported(status="False")),
        replace(NODE, status=reported(reason="KubeletReady")),
        replace(NODE, status=replace(NODE.status, conditions=())),
        replace(NODE, status=replace(NODE.status, allocatable={"cpu": "8"})),
        replace(NODE, spec=NodeSpec(taints=(Taint(key="a", effect="NoSchedule"),))),
        replace(NODE, metadata=replace(LATER, labels={"zone": "a"})),
        replace(NODE, metadata=replace(LATER, deletion_timestamp="2026-01-01T00:05:00Z")),
    ],
)
def test_any_other_change_of_a_node_is_news(changed: Node) -> None:
    assert marks_of_node(Change(MODIFIED, "node-1", NODE, changed)) == NEWS


def test_a_lease_that_is_renewed_is_a_heartbeat_and_one_that_is_taken_over_is_news() -> None:
    renewed = replace(LEASE, metadata=LATER, spec=replace(LEASE.spec, renew_time="2026-01-01T00:00:10.000000Z"))
    taken = replace(renewed, spec=replace(renewed.spec, holder_identity="node-2"))
    assert marks_of_lease(Change(MODIFIED, "node-1", LEASE, renewed)) == HEARTBEAT
    assert marks_of_lease(Change(MODIFIED, "node-1", LEASE, taken)) == NEWS
    assert (
        marks_of_lease(Change(MODIFIED, "node-1", LEASE, replace(renewed, metadata=replace(LATER, labels={"a": "b"}))))
        == NEWS
    )


def test_additions_and_deletions_are_news() -> None:
    assert marks_of_node(Change(ADDED, "node-1", None, NODE)) == NEWS
    assert marks_of_node(Change(DELETED, "node-1", NODE, None)) == NEWS
    assert marks_of_lease(Change(ADDED, "node-1", None, LEASE)) == NEWS
    assert marks_of_lease(Change(DELETED, "node-1", LEASE, None)) == NEWS
