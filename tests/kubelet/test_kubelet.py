"""Kubelets against a real API server, in virtual time."""

from functools import partial

import pytest
from msgspec.structs import replace

from kubeactors.api.coordination.v1 import Lease
from kubeactors.api.core.v1 import Container, ContainerPort, Node, Pod, PodReadinessGate, PodSpec
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.status import NotFound, Status
from kubeactors.apimachinery.time import parse_time
from kubeactors.kubelet import Log, ReadLog
from kubeactors.kubelet.messages import Connect, Heartbeat
from kubeactors.kubelet.runtimes import Behaviour, ContainerState
from tests.kubelet.plane import Plane, a_pod, condition

SLOW_STOP = Behaviour(start_seconds=0.1, stop_seconds=20.0)
EXIT_3 = ("sh", "-c", "exit 3")
EXIT_0 = ("sh", "-c", "exit 0")


def is_running(pod: Pod) -> bool:
    return pod.status.phase == "Running" and condition(pod, "Ready") == ("True", "", "")


def running(plane: Plane, name: str = "node-0") -> list[str]:
    """Return the names of the containers that run on a machine."""
    runtime = plane.runtimes[name]
    now = plane.sim.kernel.wall + plane.sim.now
    return [
        one.name
        for sandbox in runtime.list_pod_sandboxes()
        for one in runtime.list_containers(sandbox.id, now)
        if one.state is ContainerState.RUNNING
    ]


# The node.


def test_a_kubelet_registers_its_node_as_ready_with_its_labels() -> None:
    plane = Plane(nodes=1)
    node = plane.node("node-0")

    assert node.metadata.labels == {
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": "node-0",
        "kubernetes.io/os": "linux",
    }
    assert [(one.type, one.status, one.reason) for one in node.status.conditions] == [
        ("MemoryPressure", "False", "KubeletHasSufficientMemory"),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure"),
        ("PIDPressure", "False", "KubeletHasSufficientPID"),
        ("Ready", "True", "KubeletReady"),
    ]
    assert [(one.type, one.address) for one in node.status.addresses] == [
        ("InternalIP", "172.16.0.1"),
        ("Hostname", "node-0"),
    ]
    assert node.status.allocatable == node.status.capacity
    assert node.spec.pod_cidr == "10.0.0.0/24"


def test_the_lease_is_renewed_every_ten_seconds_without_writing_the_node() -> None:
    plane = Plane(nodes=1)
    before = plane.node("node-0")
    plane.sim.run(100.0)
    lease = plane.do(lambda: plane.client.get(Lease, "node-0", "kube-node-lease"))

    assert lease.spec.holder_identity == "node-0"
    assert lease.spec.lease_duration_seconds == 40
    assert [one.uid for one in lease.metadata.owner_references] == [before.metadata.uid]
    assert lease.spec.renew_time is not None
    age = plane.sim.kernel.wall + plane.sim.now - parse_time(lease.spec.renew_time)
    assert age <= 10.4e9
    assert plane.node("node-0") == before


def test_a_deleted_lease_is_recreated_only_if_the_node_exists() -> None:
    plane = Plane(nodes=1)
    plane.sim.run(20.0)
    plane.do(lambda: plane.client.delete(Node, "node-0"))
    plane.do(lambda: plane.client.delete(Lease, "node-0", "kube-node-lease"))
    plane.sim.run(25.0)
    assert plane.do(lambda: plane.client.find(Lease, "node-0", "kube-node-lease")) is None
    other = plane.do(lambda: plane.client.create(Node(metadata=ObjectMeta(name="node-0"))))
    plane.sim.run(25.0)
    lease = plane.do(lambda: plane.client.get(Lease, "node-0", "kube-node-lease"))
    assert [one.uid for one in lease.metadata.owner_references] == [other.metadata.uid]


def test_node_status_is_written_every_five_minutes() -> None:
    plane = Plane(nodes=1)
    before = plane.node("node-0")
    plane.sim.run(320.0)
    after = plane.node("node-0")

    assert after.metadata.resource_version != before.metadata.resource_version
    assert [one.last_transition_time for one in after.status.conditions] == [
        one.last_transition_time for one in before.status.conditions
    ]
    assert after.status.conditions[0].last_heartbeat_time != before.status.conditions[0].last_heartbeat_time


def test_a_kubelet_that_reconnects_makes_its_unknown_node_ready() -> None:
    plane = Plane(nodes=1)
    _ = plane.sim.stop(plane.kubelets["node-0"])
    unknown = replace(plane.node("node-0").status.conditions[-1], status="Unknown", reason="NodeStatusUnknown")
    node = plane.node("node-0")
    gone = replace(node, status=replace(node.status, conditions=(*node.status.conditions[:-1], unknown)))
    plane.do(lambda: plane.client.update_status(gone))
    plane.start_kubelet("node-0")
    plane.sim.run(1.0)

    assert plane.node("node-0").status.conditions[-1].status == "True"


def shown(node: Node) -> tuple[object, ...]:
    """Return the status of a node without its timestamps."""
    status = node.status
    conditions = sorted((one.type, one.status, one.reason) for one in status.conditions)
    return conditions, status.capacity, status.allocatable, status.addresses, status.node_info


@pytest.mark.parametrize("spoil", [{"conditions": None}, {"allocatable": {"cpu": "0"}}, {"nodeInfo": {"bootID": ""}}])
def test_node_status_written_by_others_is_corrected_once_within_ten_seconds(
    spoil: dict[str, object],
) -> None:
    plane = Plane(nodes=1)
    plane.sim.run(5.0)
    before = plane.node("node-0")
    plane.do(lambda: plane.client.patch(Node, "node-0", {"status": spoil}, subresource="status"))
    assert shown(plane.node("node-0")) != shown(before)
    plane.sim.run(10.0)
    mended = plane.node("node-0")
    assert shown(mended) == shown(before)
    plane.sim.run(30.0)
    assert plane.node("node-0") == mended


def test_a_kubelet_restarts_the_ended_watch_of_its_node() -> None:
    plane = Plane(nodes=1)
    plane.sim.crash(plane.server, RuntimeError("a bug"))
    plane.sim.run(5.0)
    before = plane.node("node-0")
    plane.do(lambda: plane.client.patch(Node, "node-0", {"status": {"conditions": None}}, subresource="status"))
    plane.sim.run(10.0)
    assert shown(plane.node("node-0")) == shown(before)


def test_extended_resources_advertised_by_others_become_allocatable() -> None:
    plane = Plane(nodes=1)
    dongles = {"status": {"capacity": {"example.com/dongle": "4"}}}
    plane.do(lambda: plane.client.patch(Node, "node-0", dongles, subresource="status"))
    plane.sim.run(11.0)
    status = plane.node("node-0").status
    assert (status.capacity["example.com/dongle"], status.allocatable["example.com/dongle"]) == ("4", "4")


def test_node_labels_of_others_are_kept() -> None:
    plane = Plane(nodes=1)
    plane.change_node(
        "node-0",
        lambda node: replace(
            node, metadata=replace(node.metadata, labels={"disk": "ssd", "kubernetes.io/os": "plan9"})
        ),
    )
    plane.power_off("node-0")
    plane.start_kubelet("node-0")
    plane.sim.run(1.0)
    labels = plane.node("node-0").metadata.labels

    assert (labels["disk"], labels["kubernetes.io/os"], labels["kubernetes.io/hostname"]) == ("ssd", "linux", "node-0")


# Pods.


def test_a_pod_goes_from_creating_to_running() -> None:
    plane = Plane(nodes=1)
    plane.create(a_pod("p", node_name="node-0"))
    creating = plane.run_until_pod("p", lambda one: bool(one.status.container_statuses))
    assert creating.status.phase == "Pending"
    waiting = creating.status.container_statuses[0].state.waiting
    assert waiting is not None
    assert waiting.reason == "ContainerCreating"
    assert condition(creating, "PodReadyToStartContainers") == ("True", "", "")
    assert condition(creating, "Initialized") == ("True", "", "")
    unready = ("False", "ContainersNotReady", "containers with unready status: [c]")
    assert (condition(creating, "Ready"), condition(creating, "ContainersReady")) == (unready, unready)

    pod = plane.run_until_pod("p", is_running)
    status = pod.status.container_statuses[0]
    assert (status.ready, status.started, status.restart_count) == (True, True, 0)
    assert (pod.status.host_ip, pod.status.pod_ip) == ("172.16.0.1", "10.0.0.2")
    assert [one.ip for one in pod.status.pod_ips] == ["10.0.0.2"]
    assert pod.status.qos_class == "BestEffort"
    assert pod.status.start_time == creating.status.start_time


def test_a_pod_costs_two_writes_until_it_runs() -> None:
    plane = Plane(nodes=1)
    first = int(plane.create(a_pod("p", node_name="node-0")).metadata.resource_version)
    plane.run_until_pod("p", is_running)
    plane.sim.run(5.0)
    events = [int(one.metadata.resource_version) for one in plane.events("p")]
    last = int(plane.pod("p").metadata.resource_version)

    assert last - first - len([one for one in events if one < last]) == 2


def test_the_life_of_a_pod_is_recorded_in_events() -> None:
    plane = Plane(nodes=1)
    plane.create(a_pod("p", node_name="node-0"))
    plane.run_until_pod("p", is_running)
    plane.sim.run(1.0)
    image = 'Container image "example/x:1" already present on machine and can be accessed by the pod'

    assert [(one.reason, one.message, one.type) for one in plane.events("p")] == [
        ("Pulled", image, "Normal"),
        ("Created", "Container created", "Normal"),
        ("Started", "Container started", "Normal"),
    ]
    assert {one.involved_object.field_path for one in plane.events("p")} == {"spec.containers{c}"}
    assert {(one.source.component, one.source.host) for one in plane.events("p")} == {("kubelet", "node-0")}


def test_pod_ips_are_unique_and_from_the_pod_cidr_of_the_node() -> None:
    plane = Plane(nodes=2)
    for number in range(10):
        plane.create(a_pod(f"p{number}", node_name=f"node-{number % 2}"))
    addresses = [plane.run_until_pod(f"p{number}", is_running).status.pod_ip for number in range(10)]

    assert len(set(addresses)) == 10
    assert {one.rpartition(".")[0] for one in addresses[::2]} == {"10.0.0"}
    assert {one.rpartition(".")[0] for one in addresses[1::2]} == {"10.0.1"}


def test_a_host_network_pod_has_the_ip_of_its_node() -> None:
    plane = Plane(nodes=1)
    plane.create(a_pod("p", node_name="node-0", spec=PodSpec(host_network=True)))
    assert plane.run_until_pod("p", is_running).status.pod_ip == "172.16.0.1"


def test_a_failed_container_fails_a_pod_whose_restart_policy_is_never() -> None:
    plane = Plane(nodes=1)
    plane.create(a_pod("p", node_name="node-0", command=EXIT_3, restart_policy="Never"))
    pod = plane.run_until_pod("p", lambda one: one.status.phase == "Failed")
    ended = pod.status.container_statuses[0].state.terminated

    assert ended is not None
    assert (ended.exit_code, ended.reason) == (3, "Error")
    assert condition(pod, "Ready") == ("False", "PodFailed", "")
    assert condition(pod, "Initialized") == ("True", "", "")
    assert not pod.status.container_statuses[0].ready


def test_a_pod_whose_containers_complete_succeeds_and_is_not_deleted() -> None:
    plane = Plane(nodes=1)
    plane.create(a_pod("p", node_name="node-0", command=EXIT_0, restart_policy="OnFailure"))
    pod = plane.run_until_pod("p", lambda one: one.status.phase == "Succeeded")
    plane.sim.run(60.0)

    assert condition(pod, "Ready") == ("False", "PodCompleted", "")
    assert condition(pod, "PodReadyToStartContainers") == ("False", "", "")
    assert plane.pod("p") == pod


def test_the_back_off_of_a_crashing_container_grows() -> None:
    plane = Plane(nodes=1)
    plane.create(a_pod("p", node_name="node-0", command=EXIT_3))
    plane.sim.run(5.0)
    pod = plane.pod("p")
    status = pod.status.container_statuses[0]
    assert status.state.waiting is not None
    assert (status.state.waiting.reason, status.restart_count) == ("CrashLoopBackOff", 1)
    uid = pod.metadata.uid
    assert status.state.waiting.message == f"back-off 10s restarting failed container=c pod=p_default({uid})"
    assert status.last_state.terminated is not None
    assert (pod.status.phase, status.last_state.terminated.exit_code) == ("Running", 3)

    counts: list[int] = []
    for _ in range(4):
        plane.sim.run(20.0)
        counts.append(plane.pod("p").status.container_statuses[0].restart_count)
    assert counts == [2, 3, 3, 4]
    assert ("BackOff", "Warning") in {(one.reason, one.type) for one in plane.events("p")}


def test_init_containers_run_one_by_one_before_app_containers() -> None:
    plane = Plane(nodes=1, behaviour=Behaviour(start_seconds=1.0))
    init = tuple(Container(name=name, image="example/i:1", command=EXIT_0) for name in ("one", "two"))
    plane.create(a_pod("p", node_name="node-0", init=init))
    plane.sim.run(0.5)
    pod = plane.pod("p")
    incomplete = ("False", "ContainersNotInitialized", "containers with incomplete status: [one two]")
    assert condition(pod, "Initialized") == incomplete
    waiting = pod.status.container_statuses[0].state.waiting
    assert waiting is not None
    assert waiting.reason == "PodInitializing"
    plane.sim.run(1.0)
    assert condition(plane.pod("p"), "Initialized") == (*incomplete[:2], "containers with incomplete status: [two]")

    pod = plane.run_until_pod("p", is_running)
    assert [one.ready for one in pod.status.init_container_statuses] == [True, True]
    assert condition(pod, "Initialized") == ("True", "", "")


def test_a_failed_init_container_fails_a_pod_whose_restart_policy_is_never() -> None:
    plane = Plane(nodes=1)
    init = (Container(name="i", image="example/i:1", command=EXIT_3),)
    plane.create(a_pod("p", node_name="node-0", init=init, restart_policy="Never"))
    pod = plane.run_until_pod("p", lambda one: one.status.phase == "Failed")

    assert running(plane) == []
    assert pod.status.container_statuses[0].state.waiting is not None


def test_a_sidecar_runs_beside_app_containers_and_ends_with_them() -> None:
    plane = Plane(nodes=1)
    sidecar = Container(name="s", image="example/s:1", restart_policy="Always")
    plane.create(a_pod("p", node_name="node-0", init=(sidecar,), command=EXIT_0, restart_policy="Never"))
    pod = plane.run_until_pod("p", lambda one: one.status.phase == "Succeeded")

    assert running(plane) == []
    assert [one.name for one in pod.status.init_container_statuses] == ["s"]


def test_a_pod_that_exceeds_its_active_deadline_fails() -> None:
    plane = Plane(nodes=1)
    plane.create(a_pod("p", node_name="node-0", spec=PodSpec(active_deadline_seconds=30)))
    plane.run_until_pod("p", is_running)
    pod = plane.run_until_pod("p", lambda one: one.status.phase == "Failed", seconds=40)

    assert pod.status.reason == "DeadlineExceeded"
    assert pod.status.message == "Pod was active on the node longer than the specified deadline"
    assert running(plane) == []


# Deletion.


def test_a_deleted_pod_is_stopped_within_its_grace_period_and_then_removed() -> None:
    plane = Plane(nodes=1, behaviour=SLOW_STOP)
    plane.create(a_pod("p", node_name="node-0", grace_seconds=30))
    plane.run_until_pod("p", is_running)
    plane.delete_pod("p")
    plane.sim.run(19.0)
    assert plane.pod("p").metadata.deletion_timestamp is not None
    assert running(plane) == ["c"]
    plane.sim.run(2.0)

    assert plane.find_pod("p") is None
    assert plane.runtimes["node-0"].list_pod_sandboxes() == ()
    assert plane.events("p")[-1].message == "Stopping container c"


def test_a_container_that_does_not_stop_is_killed_when_the_grace_period_ends() -> None:
    plane = Plane(nodes=1, behaviour=SLOW_STOP)
    plane.create(a_pod("p", node_name="node-0", grace_seconds=5))
    plane.run_until_pod("p", is_running)
    plane.delete_pod("p")
    plane.sim.run(6.0)
    assert plane.find_pod("p") is None


def test_a_second_deletion_can_shorten_the_grace_period() -> None:
    plane = Plane(nodes=1, behaviour=Behaviour(start_seconds=0.1, stop_seconds=1000.0))
    plane.create(a_pod("p", node_name="node-0", grace_seconds=600))
    plane.run_until_pod("p", is_running)
    plane.delete_pod("p")
    plane.sim.run(10.0)
    plane.delete_pod("p", grace_seconds=2)
    plane.sim.run(3.0)
    assert plane.find_pod("p") is None


def test_containers_of_a_force_deleted_pod_are_stopped() -> None:
    plane = Plane(nodes=1, behaviour=SLOW_STOP)
    plane.create(a_pod("p", node_name="node-0"))
    plane.run_until_pod("p", is_running)
    assert running(plane) == ["c"]
    plane.delete_pod("p", grace_seconds=0)
    assert plane.find_pod("p") is None
    plane.sim.run(5.0)
    assert running(plane) == []
    assert plane.runtimes["node-0"].list_pod_sandboxes() == ()


def test_a_recreated_pod_of_the_same_name_is_distinct_from_the_old_one() -> None:
    plane = Plane(nodes=1, behaviour=SLOW_STOP)
    plane.create(a_pod("p", node_name="node-0"))
    plane.run_until_pod("p", is_running)
    plane.delete_pod("p", grace_seconds=0)
    plane.create(a_pod("p", node_name="node-0"))
    pod = plane.run_until_pod("p", is_running)
    plane.sim.run(60.0)

    assert plane.pod("p").metadata.uid == pod.metadata.uid
    assert plane.pod("p").status == pod.status
    assert running(plane) == ["c"]


def test_a_deleted_terminal_pod_is_removed() -> None:
    plane = Plane(nodes=1)
    plane.create(a_pod("p", node_name="node-0", command=EXIT_0, restart_policy="Never"))
    plane.run_until_pod("p", lambda one: one.status.phase == "Succeeded")
    plane.delete_pod("p")
    plane.sim.run(1.0)
    assert plane.find_pod("p") is None


def test_the_kubelet_deletes_a_pod_with_a_finalizer_only_once() -> None:
    plane = Plane(nodes=1)
    pod = a_pod("p", node_name="node-0", grace_seconds=1)
    plane.create(replace(pod, metadata=replace(pod.metadata, finalizers=("example.com/hold",))))
    plane.run_until_pod("p", is_running)
    plane.delete_pod("p")
    plane.sim.run(5.0)
    held = plane.pod("p")
    assert held.status.phase == "Succeeded"
    plane.sim.run(60.0)
    assert plane.pod("p") == held

    plane.do(lambda: plane.client.update(replace(held, metadata=replace(held.metadata, finalizers=()))))
    plane.sim.run(1.0)
    assert plane.find_pod("p") is None
    assert plane.runtimes["node-0"].list_pod_sandboxes() == ()


# Admission.


@pytest.mark.parametrize(
    ("wish", "reason", "message"),
    [
        (
            a_pod("p", node_name="node-0", requests={"cpu": "3"}),
            "OutOfcpu",
            "Pod was rejected: Node didn't have enough resource: cpu, requested: 3000, used: 2000, capacity: 4000",
        ),
        (
            a_pod("p", node_name="node-0", spec=PodSpec(node_selector={"no": "where"})),
            "NodeAffinity",
            "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
        ),
    ],
)
def test_a_pod_that_the_kubelet_does_not_admit_fails(wish: Pod, reason: str, message: str) -> None:
    plane = Plane(nodes=1)
    plane.create(a_pod("first", node_name="node-0", requests={"cpu": "2"}))
    plane.run_until_pod("first", is_running)
    plane.create(wish)
    pod = plane.run_until_pod("p", lambda one: one.status.phase == "Failed")

    assert (pod.status.reason, pod.status.message) == (reason, message)
    assert pod.status.container_statuses == ()
    assert running(plane) == ["c"]


def test_admission_sees_a_new_label_of_the_node() -> None:
    plane = Plane(nodes=1)
    plane.change_node(
        "node-0",
        lambda node: replace(node, metadata=replace(node.metadata, labels=node.metadata.labels | {"disk": "ssd"})),
    )
    plane.create(a_pod("p", node_name="node-0", spec=PodSpec(node_selector={"disk": "ssd"})))
    plane.run_until_pod("p", is_running)


def test_a_terminated_pod_frees_its_resources_at_once() -> None:
    plane = Plane(nodes=1)
    plane.create(a_pod("first", node_name="node-0", requests={"cpu": "4"}, command=EXIT_0, restart_policy="Never"))
    plane.run_until_pod("first", lambda one: one.status.phase == "Succeeded")
    plane.create(a_pod("second", node_name="node-0", requests={"cpu": "4"}))
    plane.run_until_pod("second", is_running)


def test_two_pods_cannot_have_the_same_host_port() -> None:
    plane = Plane(nodes=1)
    container = Container(name="c", image="x", ports=(ContainerPort(container_port=80, host_port=8080),))
    plane.create(a_pod("first", container, node_name="node-0"))
    plane.run_until_pod("first", is_running)
    plane.create(a_pod("second", container, node_name="node-0"))
    assert plane.run_until_pod("second", lambda one: one.status.phase == "Failed").status.reason == "NodePorts"


# Restarts and losses.


def test_a_restarted_kubelet_leaves_running_pods_alone() -> None:
    plane = Plane(nodes=1)
    plane.create(a_pod("p", node_name="node-0"))
    before = plane.run_until_pod("p", is_running)
    plane.sim.crash(plane.kubelets["node-0"], RuntimeError("a bug"))
    plane.sim.run(60.0)

    assert plane.pod("p") == before
    assert running(plane) == ["c"]
    assert [one.reason for one in plane.events("p")] == ["Pulled", "Created", "Started"]


def test_a_restarted_kubelet_reads_its_node_before_it_handles_messages_to_its_predecessor() -> None:
    plane = Plane(nodes=1)
    plane.create(a_pod("p", node_name="node-0"))
    plane.sim.crash(plane.kubelets["node-0"], RuntimeError("a bug"))
    for message in (Connect(), Heartbeat()):
        plane.kubelets["node-0"].tell(message)
    plane.run_until_pod("p", is_running)

    assert sum(event == "actor.failed" for _, _, event, *_ in plane.sim.logged) == 1
    lease = plane.do(lambda: plane.client.get(Lease, "node-0", "kube-node-lease"))
    assert [one.name for one in lease.metadata.owner_references] == ["node-0"]


def test_a_restarted_kubelet_does_not_rerun_terminated_containers() -> None:
    plane = Plane(nodes=1)
    plane.create(a_pod("p", node_name="node-0", command=EXIT_3, restart_policy="Never"))
    before = plane.run_until_pod("p", lambda one: one.status.phase == "Failed")
    plane.sim.crash(plane.kubelets["node-0"], RuntimeError("a bug"))
    plane.sim.run(60.0)

    assert plane.pod("p") == before


def test_a_restarted_kubelet_stops_pods_that_were_removed_while_it_was_down() -> None:
    plane = Plane(nodes=1)
    plane.create(a_pod("p", node_name="node-0"))
    plane.run_until_pod("p", is_running)
    _ = plane.sim.stop(plane.kubelets["node-0"])
    plane.delete_pod("p", grace_seconds=0)
    assert running(plane) == ["c"]
    plane.start_kubelet("node-0")
    plane.sim.run(5.0)

    assert running(plane) == []
    assert plane.runtimes["node-0"].list_pod_sandboxes() == ()


def test_pods_are_restarted_after_a_power_failure() -> None:
    plane = Plane(nodes=1)
    plane.create(a_pod("p", node_name="node-0"))
    plane.create(a_pod("once", node_name="node-0", restart_policy="Never"))
    plane.run_until_pod("p", is_running)
    plane.run_until_pod("once", is_running)
    plane.power_off("node-0")
    plane.sim.run(5.0)
    plane.boot("node-0")
    pod = plane.run_until_pod("p", lambda one: is_running(one) and one.status.container_statuses[0].restart_count == 1)
    ended = pod.status.container_statuses[0].last_state.terminated
    assert ended is not None
    assert (ended.exit_code, ended.reason) == (137, "ContainerStatusUnknown")

    once = plane.run_until_pod("once", lambda one: one.status.phase == "Failed")
    assert once.status.container_statuses[0].state.terminated == ended
    assert running(plane) == ["c"]


def test_pod_conditions_of_others_survive_status_writes_of_the_kubelet() -> None:
    plane = Plane(nodes=1, behaviour=Behaviour(start_seconds=5.0))
    plane.create(a_pod("p", node_name="node-0"))
    plane.sim.run(1.0)
    patch = {"status": {"conditions": [{"type": "example.com/feature", "status": "True"}]}}
    plane.do(lambda: plane.client.patch(Pod, "p", patch, "default", subresource="status"))
    pod = plane.run_until_pod("p", is_running)

    assert condition(pod, "example.com/feature") == ("True", "", "")


def test_a_pod_bound_to_a_node_that_does_not_exist_yet_runs_once_it_registers() -> None:
    plane = Plane()
    plane.create(a_pod("p", node_name="node-0"))
    plane.sim.run(5.0)
    assert plane.pod("p").status.phase == "Pending"
    plane.boot("node-0")
    plane.run_until_pod("p", is_running)


# Logs.


def read(plane: Plane, message: ReadLog) -> Log:
    reply = plane.sim.ask(plane.kubelets["node-0"], message)
    assert isinstance(reply, Log)
    return reply


def refusal(plane: Plane, message: ReadLog) -> str:
    reply = plane.sim.ask(plane.kubelets["node-0"], message)
    assert isinstance(reply, Status)
    assert reply.code == 400
    return reply.message


def test_the_log_of_a_simulated_container_describes_it() -> None:
    plane = Plane(nodes=1)
    container = Container(name="web", image="nginx:1", args=("-v",), ports=(ContainerPort(container_port=80),))
    plane.create(a_pod("p", container, node_name="node-0"))
    plane.run_until_pod("p", is_running)
    log = read(plane, ReadLog(namespace="default", pod="p", container="web"))

    assert log == Log(
        lines=("container web of pod default/p runs image nginx:1", "command: -v", "listening on port 80"),
        total=3,
        ended=False,
    )
    tail = read(plane, ReadLog(namespace="default", pod="p", container="web", tail_lines=1, timestamps=True))
    assert tail.lines == ("2026-01-01T00:00:01.200000000Z listening on port 80",)
    assert read(plane, ReadLog(namespace="default", pod="p", container="web", skip_lines=3)).lines == ()
    assert read(plane, ReadLog(namespace="default", pod="p", container="web", limit_bytes=9)).lines == ("container",)


def test_the_log_of_the_previous_container_can_be_read() -> None:
    plane = Plane(nodes=1)
    plane.create(a_pod("p", node_name="node-0", command=EXIT_3))
    plane.sim.run(5.0)
    log = read(plane, ReadLog(namespace="default", pod="p", container="c", previous=True))
    assert (log.lines[-1], log.ended) == ("exit 3", True)


def test_requests_for_missing_logs_are_rejected_in_the_words_of_kubernetes() -> None:
    plane = Plane(nodes=1, behaviour=Behaviour(start_seconds=10.0))
    plane.create(a_pod("p", node_name="node-0"))
    plane.sim.run(1.0)

    waiting = 'container "c" in pod "p" is waiting to start: ContainerCreating'
    assert refusal(plane, ReadLog(namespace="default", pod="p", container="c")) == waiting
    nowhere = 'pod "q" cannot be found - no logs available'
    assert refusal(plane, ReadLog(namespace="default", pod="q", container="c")) == nowhere
    plane.sim.run(20.0)
    missing = 'previous terminated container "c" in pod "p" not found'
    assert refusal(plane, ReadLog(namespace="default", pod="p", container="c", previous=True)) == missing


def test_a_deleted_node_is_not_recreated() -> None:
    plane = Plane(nodes=1)
    plane.do(lambda: plane.client.delete(Node, "node-0"))
    plane.sim.run(30.0)
    with pytest.raises(NotFound):
        plane.node("node-0")
    assert plane.do(lambda: plane.client.get(Lease, "node-0", "kube-node-lease")).metadata.name == "node-0"


def test_the_same_seed_gives_the_same_pods() -> None:
    def story(seed: int) -> list[Pod]:
        plane = Plane(seed, nodes=2)
        plane.start_scheduler()
        for number in range(6):
            plane.create(a_pod(f"p{number}"))
        plane.sim.run(10.0)
        return [plane.pod(f"p{number}") for number in range(6)]

    assert story(7) == story(7)


def test_the_kubelet_does_not_change_pod_metadata() -> None:
    plane = Plane(nodes=1)
    made = plane.create(a_pod("p", node_name="node-0"))
    pod = plane.run_until_pod("p", is_running)
    assert replace(pod.metadata, resource_version="") == replace(made.metadata, resource_version="")
    assert isinstance(pod.metadata, ObjectMeta)


def test_conditions_that_a_controller_writes_while_the_kubelet_reports_are_kept() -> None:
    plane = Plane(nodes=1)
    gated = a_pod("p", node_name="node-0")
    gates = (PodReadinessGate(condition_type="example.com/0"),)
    plane.create(replace(gated, spec=replace(gated.spec, readiness_gates=gates)))
    names = [f"example.com/{number}" for number in range(30)]
    for name in reversed(names):
        patch = {"status": {"conditions": [{"type": name, "status": "True"}]}}
        plane.do(partial(plane.client.patch, Pod, "p", patch, "default", subresource="status"))
        plane.sim.run(0.02)
    pod = plane.run_until_pod("p", is_running)
    assert sorted(names) == sorted(one.type for one in pod.status.conditions if one.type.startswith("example.com/"))
