"""Nodes that fall silent are given up with care, and their pods with them."""

from functools import partial

import pytest
from msgspec.structs import replace

from kubeactors.api.coordination.v1 import Lease, LeaseSpec
from kubeactors.api.core.v1 import Node, NodeCondition, Pod, Taint, Toleration
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.time import format_micro_time
from kubeactors.controllers import ControllerManagerConfig, NodeLifecycleConfig
from kubeactors.controllers.conditions import find
from kubeactors.controllers.nodelifecycle.zones import Disruption, Rates, Zone
from tests.controllers.plane import PATIENT, Plane, meta, template

GRACE = 40.0
CONFIG = ControllerManagerConfig(
    root_ca="PEM",
    node_lifecycle=NodeLifecycleConfig(grace_seconds=GRACE, startup_grace_seconds=GRACE, rates=Rates(primary=1.0)),
)
READY = (NodeCondition(type="Ready", status="True"),)
DYING = Taint(key="example.com/dying", effect="NoExecute")


class Nodes(Plane):
    """A control plane with nodes that renew their leases while they have power."""

    def __init__(self, *names: str, config: ControllerManagerConfig = CONFIG) -> None:
        super().__init__(config=config)
        self.powered = dict.fromkeys(names)
        for name in names:
            self.node(name)
            lease = Lease(metadata=ObjectMeta(name=name, namespace="kube-node-lease"))
            self.create(lease)

    def live(self, seconds: float) -> None:
        """Let time pass; leases are renewed every ten seconds."""
        for _ in range(int(seconds / 10)):
            self.sim.run(10.0)
            for name in self.powered:
                self.renew(name)

    def renew(self, name: str) -> None:
        time = format_micro_time(self.sim.now + self.sim.kernel.wall)
        lease = self.get(Lease, name, "kube-node-lease")
        self.do(partial(self.client.update, replace(lease, spec=LeaseSpec(holder_identity=name, renew_time=time))))

    def cut(self, name: str) -> None:
        """The node has no power any more."""
        del self.powered[name]

    def ready(self, name: str) -> str:
        found = find(self.get(Node, name, "").status.conditions, "Ready")
        assert found is not None
        return found.status

    def taints(self, name: str) -> list[tuple[str, str]]:
        return sorted((one.key, one.effect) for one in self.get(Node, name, "").spec.taints)

    def pod(self, name: str, node: str, *tolerations: Toleration) -> Pod:
        spec = replace(template().spec, node_name=node, tolerations=tolerations)
        made = self.create(Pod(metadata=meta(name), spec=spec))
        self.run_pods()
        return made

    def going(self, name: str) -> bool:
        found = self.find(Pod, name)
        return found is None or found.metadata.deletion_timestamp is not None


def forever(*keys: str) -> tuple[Toleration, ...]:
    return tuple(Toleration(key=key, operator="Exists") for key in keys)


UNREACHABLE = [("node.kubernetes.io/unreachable", "NoExecute"), ("node.kubernetes.io/unreachable", "NoSchedule")]


def test_nodes_that_renew_their_leases_stay_ready() -> None:
    nodes = Nodes("a", "b")
    nodes.live(300.0)
    assert [nodes.ready(name) for name in "ab"] == ["True", "True"]
    assert nodes.taints("a") == []


@pytest.mark.parametrize("hours", [-5, 5])
def test_nodes_whose_clocks_jump_stay_ready(hours: int) -> None:
    nodes = Nodes("a", "b")
    nodes.live(30.0)
    nodes.sim.kernel.wall += hours * 3_600_000_000_000
    nodes.live(120.0)
    assert [nodes.ready(name) for name in "ab"] == ["True", "True"]
    nodes.cut("a")
    nodes.live(70.0)
    assert [nodes.ready(name) for name in "ab"] == ["Unknown", "True"]


def test_a_silent_node_becomes_unknown_and_tainted_and_its_pods_unready() -> None:
    nodes = Nodes("a", "b")
    nodes.pod("p", "a", *forever("node.kubernetes.io/unreachable"))
    nodes.live(30.0)
    nodes.cut("a")
    nodes.live(30.0)
    assert nodes.ready("a") == "True"
    nodes.live(30.0)
    found = find(nodes.get(Node, "a", "").status.conditions, "Ready")
    assert found is not None
    assert (found.status, found.reason, found.message) == (
        "Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.",
    )  # fmt: skip
    assert nodes.taints("a") == UNREACHABLE
    condition = find(nodes.get(Pod, "p").status.conditions, "Ready")
    assert condition is not None
    assert condition.status == "False"
    assert not nodes.going("p")
    assert ("NodeNotReady", "Node is not ready") in nodes.events("p")
    assert nodes.ready("b") == "True"


def test_a_live_node_without_a_ready_condition_is_left_alone() -> None:
    nodes = Nodes("a", "b")
    nodes.pod("p", "a")
    nodes.do(lambda: nodes.client.patch(Node, "a", {"status": {"conditions": None}}, subresource="status"))
    nodes.live(3 * GRACE)
    assert (nodes.get(Node, "a", "").status.conditions, nodes.taints("a")) == ((), [])
    ready = find(nodes.get(Pod, "p").status.conditions, "Ready")
    assert ready is not None
    assert ready.status == "True"
    nodes.cut("a")
    nodes.live(2 * GRACE)
    assert (nodes.ready("a"), nodes.taints("a")) == ("Unknown", UNREACHABLE)


def test_a_recovered_node_loses_its_taints() -> None:
    nodes = Nodes("a", "b")
    nodes.live(30.0)
    nodes.cut("a")
    nodes.live(60.0)
    assert nodes.taints("a") == UNREACHABLE
    nodes.powered["a"] = None
    nodes.renew("a")
    nodes.change(
        nodes.get(Node, "a", ""), lambda one: replace(one, status=replace(one.status, conditions=READY)), "status"
    )
    nodes.live(20.0)
    assert nodes.taints("a") == []


def test_pods_of_a_dead_node_are_evicted_when_their_toleration_expires() -> None:
    nodes = Nodes("a", "b")
    nodes.pod("p", "a")  # gets the default tolerations of five minutes
    nodes.live(30.0)
    nodes.cut("a")
    nodes.live(320.0)
    assert not nodes.going("p")
    nodes.live(40.0)
    assert nodes.going("p")
    assert ("TaintManagerEviction", "Marking for deletion Pod default/p") in nodes.events("p")


def test_an_outage_of_the_api_server_makes_no_node_unreachable() -> None:
    nodes = Nodes("a", "b")
    nodes.live(30.0)
    nodes.sim.run(GRACE + 20.0)  # nobody can renew: nobody is declared dead for what the server did not hear
    assert [nodes.ready(name) for name in "ab"] == ["Unknown", "Unknown"]
    assert nodes.taints("a") == [("node.kubernetes.io/unreachable", "NoSchedule")]


def test_a_restarted_controller_grants_the_full_grace_period() -> None:
    nodes = Nodes("a", "b")
    nodes.live(30.0)
    nodes.powered.clear()
    nodes.sim.run(GRACE - 5.0)
    nodes.sim.crash(nodes.child("controllers/nodelifecycle"), RuntimeError("killed"))
    nodes.sim.run(GRACE - 5.0)
    assert [nodes.ready(name) for name in "ab"] == ["True", "True"]


def test_a_restart_of_the_api_server_grants_the_full_grace_period() -> None:
    nodes = Nodes("a", "b")
    nodes.live(30.0)
    nodes.powered.clear()
    nodes.sim.run(GRACE - 5.0)
    nodes.sim.crash(nodes.server, RuntimeError("killed"))
    nodes.sim.run(GRACE - 5.0)
    assert [nodes.ready(name) for name in "ab"] == ["True", "True"]


def test_no_pod_is_evicted_in_a_zone_where_most_nodes_fail() -> None:
    nodes = Nodes("a", "b", "c", "d", "e")
    nodes.live(30.0)
    for name in "abcd":
        nodes.cut(name)
    nodes.live(120.0)
    assert [nodes.ready(name) for name in "abcde"] == ["Unknown"] * 4 + ["True"]
    given_up = [name for name in "abcd" if nodes.taints(name) == UNREACHABLE]
    assert len(given_up) <= 2


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        (Zone(3, 0), Disruption.NORMAL),
        (Zone(0, 0), Disruption.NORMAL),
        (Zone(0, 1), Disruption.FULL),
        (Zone(2, 2), Disruption.NORMAL),
        (Zone(2, 3), Disruption.PARTIAL),
        (Zone(10, 3), Disruption.NORMAL),
    ],
)
def test_the_disruption_of_a_zone_follows_from_its_unready_nodes(zone: Zone, expected: Disruption) -> None:
    assert zone.disruption(Rates()) is expected


def test_a_cordoned_node_has_a_taint_until_it_is_uncordoned() -> None:
    nodes = Nodes("a", config=ControllerManagerConfig(node_lifecycle=PATIENT))
    node = nodes.get(Node, "a", "")
    nodes.change(node, lambda one: replace(one, spec=replace(one.spec, unschedulable=True)))
    nodes.sim.run(1.0)
    assert nodes.taints("a") == [("node.kubernetes.io/unschedulable", "NoSchedule")]
    nodes.change(node, lambda one: replace(one, spec=replace(one.spec, unschedulable=False)))
    nodes.sim.run(1.0)
    assert nodes.taints("a") == []


@pytest.fixture
def tainted() -> Nodes:
    """A node with a NoExecute taint, and three pods that bear it differently."""
    nodes = Nodes("a", config=ControllerManagerConfig(node_lifecycle=PATIENT))
    nodes.pod("p", "a")
    nodes.pod("tolerant", "a", *forever(DYING.key))
    patient = Toleration(key=DYING.key, operator="Exists", effect="NoExecute", toleration_seconds=600)
    nodes.pod("patient", "a", patient)
    nodes.change(nodes.get(Node, "a", ""), lambda one: replace(one, spec=replace(one.spec, taints=(DYING,))))
    nodes.sim.run(1.0)
    return nodes


def test_a_no_execute_taint_evicts_pods_that_do_not_tolerate_it(tainted: Nodes) -> None:
    assert [tainted.going(name) for name in ("p", "tolerant", "patient")] == [True, False, False]
    assert tainted.events("p") == [("TaintManagerEviction", "Marking for deletion Pod default/p")]
    why = find(tainted.get(Pod, "p").status.conditions, "DisruptionTarget")
    assert why is not None
    assert (why.status, why.reason) == ("True", "DeletionByTaintManager")


def test_a_pod_that_tolerates_a_taint_for_a_time_is_evicted_after_it(tainted: Nodes) -> None:
    tainted.sim.run(590.0)
    assert not tainted.going("patient")
    tainted.sim.run(20.0)
    assert [tainted.going(name) for name in ("tolerant", "patient")] == [False, True]


def test_a_taint_removed_in_time_evicts_no_pod(tainted: Nodes) -> None:
    tainted.sim.run(300.0)
    tainted.change(tainted.get(Node, "a", ""), lambda one: replace(one, spec=replace(one.spec, taints=())))
    tainted.sim.run(1000.0)
    assert not tainted.going("patient")
    assert tainted.events("patient") == [("TaintManagerEviction", "Cancelling deletion of Pod default/patient")]


def test_pods_of_a_deleted_node_are_removed_after_a_quarantine() -> None:
    nodes = Nodes("a", "b", config=ControllerManagerConfig(node_lifecycle=PATIENT))
    nodes.pod("p", "a")
    nodes.pod("q", "b")
    nodes.delete(nodes.get(Node, "a", ""))
    nodes.sim.run(30.0)
    assert nodes.find(Pod, "p") is not None
    nodes.sim.run(20.0)
    assert nodes.find(Pod, "p") is None
    assert nodes.find(Pod, "q") is not None


def test_terminating_pods_of_an_out_of_service_node_are_removed_at_once() -> None:
    nodes = Nodes("a", "b")
    for pod, node in (("p", "a"), ("stays", "a"), ("q", "b")):
        nodes.pod(pod, node)
    nodes.live(30.0)
    nodes.cut("a")
    nodes.live(60.0)
    tolerated = Taint(key="node.kubernetes.io/out-of-service", effect="NoSchedule")
    nodes.delete(nodes.get(Pod, "p"))
    nodes.delete(nodes.get(Pod, "q"))
    nodes.sim.run(5.0)
    assert nodes.going("p")
    for name in ("a", "b"):  # the second is ready: nobody believes that it is out of service
        nodes.change(
            nodes.get(Node, name, ""),
            lambda one: replace(one, spec=replace(one.spec, taints=(*one.spec.taints, tolerated))),
        )
    nodes.sim.run(5.0)
    assert nodes.find(Pod, "p") is None
    assert nodes.going("q")
    assert not nodes.going("stays")
    nodes.delete(nodes.get(Pod, "stays"))
    nodes.sim.run(5.0)
    assert nodes.find(Pod, "stays") is None


def test_a_node_that_is_recreated_in_time_keeps_its_pods() -> None:
    nodes = Nodes("a", config=ControllerManagerConfig(node_lifecycle=PATIENT))
    nodes.pod("p", "a")
    nodes.delete(nodes.get(Node, "a", ""))
    nodes.sim.run(30.0)
    nodes.node("a")
    nodes.sim.run(60.0)
    assert nodes.find(Pod, "p") is not None


def test_the_oldest_finished_pods_beyond_the_threshold_are_removed() -> None:
    config = ControllerManagerConfig(node_lifecycle=PATIENT, terminated_pod_threshold=2)
    nodes = Nodes("a", config=config)
    for name in ("p1", "p2", "p3", "p4"):
        pod = nodes.pod(name, "a")
        nodes.sim.run(2.0)
        nodes.change(pod, lambda one: replace(one, status=replace(one.status, phase="Succeeded")), "status")
    nodes.sim.run(5.0)
    assert [pod.metadata.name for pod in nodes.list(Pod)] == ["p3", "p4"]
