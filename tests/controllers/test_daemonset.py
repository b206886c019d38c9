"""A DaemonSet has one pod on every node that fits, and replaces them node by node."""

import pytest
from msgspec.structs import replace

from kubeactors.api.apps.v1 import (
    ControllerRevision,
    DaemonSet,
    DaemonSetSpec,
    DaemonSetStatus,
    DaemonSetUpdateStrategy,
    RollingUpdateDaemonSet,
)
from kubeactors.api.core.v1 import Node, NodeSpec, Pod, Taint
from kubeactors.apimachinery.meta import IntOrString, ObjectMeta
from kubeactors.controllers.daemonset.placing import Fit, Placing, daemon_tolerations, target_of
from kubeactors.controllers.daemonset.plan import View, plan
from tests.controllers.plane import SELECTOR, Plane, meta, running, template


def daemon_set(*, image: str = "example/web:1", selector: dict[str, str] | None = None, **spec: object) -> DaemonSet:
    made = template(image)
    made = replace(made, spec=replace(made.spec, node_selector=selector or {}))
    fields = {"selector": SELECTOR, "template": made, **spec}
    return DaemonSet(metadata=meta("web"), spec=DaemonSetSpec(**fields))  # type: ignore[arg-type]


def rolling(*, unavailable: IntOrString = 0, surge: IntOrString = 0) -> DaemonSetUpdateStrategy:
    limits = RollingUpdateDaemonSet(max_unavailable=unavailable, max_surge=surge)
    return DaemonSetUpdateStrategy(type="RollingUpdate", rolling_update=limits)


class Nodes(Plane):
    """A control plane with nodes on which daemons run where they are meant to."""

    def run_pods(self, node: str = "") -> None:
        for pod in self.list(Pod):
            if pod.metadata.deletion_timestamp is not None:
                self.end(pod)
            elif pod.status.phase in {"", "Pending"} and self.find(Node, target_of(pod), "") is not None:
                if not pod.spec.node_name:
                    self.do(lambda pod=pod: self.client.bind(pod, target_of(pod)))  # type: ignore[misc]
                self.change(pod, running, "status")

    def where(self) -> list[str]:
        return sorted(target_of(pod) for pod in self.list(Pod) if pod.metadata.deletion_timestamp is None)


@pytest.fixture
def cluster() -> Nodes:
    plane = Nodes()
    for name in ("a", "b", "c"):
        plane.node(name, labels={"disk": "ssd" if name == "a" else "hdd"})
    plane.sim.run(2.0)  # the taint of new nodes goes
    return plane


def status(plane: Nodes) -> DaemonSetStatus:
    return plane.get(DaemonSet, "web").status


def test_every_node_gets_a_pod_pinned_to_it(cluster: Nodes) -> None:
    cluster.create(daemon_set())
    cluster.tick(2)
    assert cluster.where() == ["a", "b", "c"]
    assert status(cluster) == DaemonSetStatus(
        current_number_scheduled=3, desired_number_scheduled=3, number_ready=3, observed_generation=1,
        updated_number_scheduled=3, number_available=3,
    )  # fmt: skip
    pod = cluster.list(Pod)[0]
    (revision,) = cluster.list(ControllerRevision)
    hash_ = revision.metadata.labels["controller-revision-hash"]
    assert pod.metadata.labels == {"app": "web", "controller-revision-hash": hash_, "pod-template-generation": "1"}
    assert revision.metadata.name == f"web-{hash_}"
    assert [one.effect for one in pod.spec.tolerations][:2] == ["NoExecute", "NoExecute"]


def test_a_new_node_gets_a_pod_and_the_pod_of_a_deleted_node_is_not_recreated(cluster: Nodes) -> None:
    cluster.create(daemon_set())
    cluster.tick(2)
    cluster.node("d")
    cluster.tick(2)
    assert cluster.where() == ["a", "b", "c", "d"]
    cluster.delete(cluster.get(Node, "d", ""))
    for pod in cluster.list(Pod):
        if target_of(pod) == "d":
            cluster.end(pod)
    cluster.tick(2)
    assert cluster.where() == ["a", "b", "c"]
    assert status(cluster).desired_number_scheduled == 3


def test_a_pod_for_a_node_that_is_gone_is_deleted_if_it_was_never_bound(cluster: Nodes) -> None:
    cluster.create(daemon_set())
    cluster.sim.run(1.0)
    cluster.delete(cluster.get(Node, "c", ""))
    cluster.sim.run(5.0)
    assert cluster.where() == ["a", "b"]


def test_only_nodes_with_the_labels_get_a_pod(cluster: Nodes) -> None:
    cluster.create(daemon_set(selector={"disk": "hdd"}))
    cluster.tick(2)
    assert cluster.where() == ["b", "c"]
    node = cluster.get(Node, "b", "")
    cluster.change(node, lambda one: replace(one, metadata=replace(one.metadata, labels={"disk": "ssd"})))
    cluster.tick(2)
    assert cluster.where() == ["c"]


def test_a_no_schedule_taint_keeps_new_pods_off_and_running_ones_on(cluster: Nodes) -> None:
    cluster.create(daemon_set())
    cluster.tick(2)
    node = cluster.get(Node, "b", "")
    taint = Taint(key="special", effect="NoSchedule")
    cluster.change(node, lambda one: replace(one, spec=replace(one.spec, taints=(taint,))))
    cluster.tick(2)
    assert cluster.where() == ["a", "b", "c"]
    assert (status(cluster).desired_number_scheduled, status(cluster).number_misscheduled) == (2, 1)
    cluster.delete(next(pod for pod in cluster.list(Pod) if target_of(pod) == "b"))
    cluster.tick(2)
    assert cluster.where() == ["a", "c"]


def test_a_rolling_update_replaces_one_node_at_a_time(cluster: Nodes) -> None:
    made = cluster.create(daemon_set())
    cluster.tick(2)
    cluster.change(made, lambda one: replace(one, spec=replace(one.spec, template=template("example/web:2"))))
    for _ in range(12):
        cluster.sim.run(1.0)
        going = [pod for pod in cluster.list(Pod) if pod.metadata.deletion_timestamp is not None]
        assert len(going) <= 1
        cluster.run_pods()
        cluster.sim.run(1.0)
    assert cluster.images() == ["example/web:2"] * 3
    assert status(cluster).updated_number_scheduled == 3
    assert sorted(one.revision for one in cluster.list(ControllerRevision)) == [1, 2]
    assert cluster.get(DaemonSet, "web").metadata.annotations == {"deprecated.daemonset.template.generation": "2"}


def test_a_surging_update_starts_the_new_pod_before_it_deletes_the_old_one(cluster: Nodes) -> None:
    made = cluster.create(daemon_set(update_strategy=rolling(surge=1)))
    cluster.tick(2)
    cluster.change(made, lambda one: replace(one, spec=replace(one.spec, template=template("example/web:2"))))
    cluster.sim.run(1.0)
    assert (len(cluster.list(Pod)), status(cluster).number_available) == (4, 3)
    cluster.tick(10)
    assert cluster.images() == ["example/web:2"] * 3


def test_on_delete_replaces_only_deleted_pods(cluster: Nodes) -> None:
    made = cluster.create(daemon_set(update_strategy=DaemonSetUpdateStrategy(type="OnDelete")))
    cluster.tick(2)
    cluster.change(made, lambda one: replace(one, spec=replace(one.spec, template=template("example/web:2"))))
    cluster.tick(2)
    assert (cluster.images(), status(cluster).updated_number_scheduled) == (["example/web:1"] * 3, 0)
    cluster.delete(cluster.list(Pod)[0])
    cluster.tick(2)
    assert cluster.images() == ["example/web:1", "example/web:1", "example/web:2"]


def test_a_failed_pod_is_replaced_at_once_and_then_with_backoff(cluster: Nodes) -> None:
    cluster.create(daemon_set(selector={"disk": "ssd"}))

    def fail() -> str:
        cluster.tick(2)
        (pod,) = cluster.list(Pod)
        cluster.change(pod, lambda one: replace(one, status=replace(one.status, phase="Failed")), "status")
        cluster.sim.run(0.5)
        return pod.metadata.uid

    first = fail()
    assert first not in [pod.metadata.uid for pod in cluster.list(Pod) if pod.metadata.deletion_timestamp is None]
    assert "FailedDaemonPod" in [reason for reason, _ in cluster.events("web")]
    for _ in range(3):
        fail()
    last = fail()
    assert [pod.metadata.uid for pod in cluster.list(Pod) if pod.metadata.deletion_timestamp is None] == [last]
    cluster.sim.run(5.0)
    cluster.tick()
    assert last not in [pod.metadata.uid for pod in cluster.list(Pod)]


def test_a_controller_that_keeps_crashing_never_puts_two_pods_on_a_node(cluster: Nodes) -> None:
    for number in range(10):
        cluster.node(f"n{number}")
    cluster.sim.run(2.0)
    controller = cluster.child("controllers/daemonset")
    cluster.create(daemon_set())
    for _ in range(10):
        for _ in range(7):
            cluster.sim.step()
        cluster.sim.crash(controller, RuntimeError("killed"))
        assert len(cluster.where()) == len(set(cluster.where()))
        cluster.sim.run(0.3)
        assert len(cluster.where()) == len(set(cluster.where()))
    cluster.sim.run(60.0)
    assert len(cluster.where()) == 13


def test_a_settled_set_causes_no_writes(cluster: Nodes) -> None:
    cluster.create(daemon_set())
    cluster.tick(3)
    before = cluster.get(DaemonSet, "web")
    cluster.sim.run(600.0)
    assert cluster.get(DaemonSet, "web") == before


def test_daemons_tolerate_nodes_in_trouble() -> None:
    kept = daemon_tolerations(daemon_set().spec.template.spec)
    assert [one.key.removeprefix("node.kubernetes.io/") for one in kept] == [
        "not-ready", "unreachable", "disk-pressure", "memory-pressure", "pid-pressure", "unschedulable"
    ]  # fmt: skip
    host = replace(daemon_set().spec.template.spec, host_network=True)
    assert daemon_tolerations(host)[-1].key == "node.kubernetes.io/network-unavailable"


@pytest.mark.parametrize(
    ("taints", "expected"),
    [
        ((), Fit.RUNS),
        ((Taint(key="node.kubernetes.io/unschedulable", effect="NoSchedule"),), Fit.RUNS),
        ((Taint(key="special", effect="PreferNoSchedule"),), Fit.RUNS),
        ((Taint(key="special", effect="NoSchedule"),), Fit.MAY_STAY),
        ((Taint(key="special", effect="NoExecute"),), Fit.DOES_NOT),
    ],
)
def test_taints_decide_where_a_daemon_runs(taints: tuple[Taint, ...], expected: Fit) -> None:
    node = Node(metadata=ObjectMeta(name="a"), spec=NodeSpec(taints=taints))
    assert Placing(daemon_set()).fit(node) is expected


def test_of_two_pods_on_a_node_the_older_stays() -> None:
    found, node = daemon_set(), Node(metadata=ObjectMeta(name="a"))
    made = Placing(found).pod("a", "web-1", "hash")
    old = replace(made, metadata=replace(made.metadata, creation_timestamp="2026-01-01T00:00:00Z"))
    young = replace(made, metadata=replace(made.metadata, name="web-2", creation_timestamp="2026-01-01T00:00:01Z"))
    step = plan(View(found=found, nodes=(node,), pods=(young, old), revision="hash", now=0))
    assert (step.delete, step.create) == ((young,), ())
