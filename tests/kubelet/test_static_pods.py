"""Static pods and their mirror pods."""

from kubeactors.api.core.v1 import Container, Pod, PodSpec
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.kubelet import Log, ReadLog
from kubeactors.kubelet.runtimes import SimulatedRuntime
from tests.kubelet.plane import Plane, condition

NAME = "etcd-node-0"


def manifest(image: str = "example/etcd:1") -> Pod:
    return Pod(
        metadata=ObjectMeta(name="etcd", namespace="default", labels={"tier": "control-plane"}),
        spec=PodSpec(containers=(Container(name="etcd", image=image),)),
    )


def is_running(pod: Pod) -> bool:
    return pod.status.phase == "Running"


def starts(plane: Plane) -> list[str]:
    """Return the pod UIDs of the node's sandboxes."""
    return [one.config.uid for one in plane.runtimes["node-0"].list_pod_sandboxes()]


def test_a_static_pod_runs_and_has_a_mirror_pod_owned_by_its_node() -> None:
    plane = Plane(nodes=1, static_pods=(manifest(),))
    mirror = plane.run_until_pod(NAME, is_running)
    annotations, uid = mirror.metadata.annotations, starts(plane)[0]

    assert annotations["kubernetes.io/config.mirror"] == annotations["kubernetes.io/config.hash"] == uid
    assert annotations["kubernetes.io/config.source"] == "file"
    assert [(one.kind, one.name) for one in mirror.metadata.owner_references] == [("Node", "node-0")]
    assert (mirror.spec.node_name, mirror.metadata.labels) == ("node-0", {"tier": "control-plane"})
    assert condition(mirror, "Ready") == ("True", "", "")
    log = plane.sim.ask(plane.kubelets["node-0"], ReadLog(namespace="default", pod=NAME, container="etcd"))
    assert isinstance(log, Log)
    assert log.lines


def test_a_deleted_mirror_pod_is_recreated_while_the_static_pod_keeps_running() -> None:
    plane = Plane(nodes=1, static_pods=(manifest(),))
    first = plane.run_until_pod(NAME, is_running)
    running = starts(plane)
    for grace_seconds in (0, 30):
        plane.delete_pod(NAME, grace_seconds)
        plane.sim.run(5.0)
        mirror = plane.run_until_pod(NAME, is_running)
        assert mirror.metadata.uid != first.metadata.uid
        assert mirror.status.container_statuses == first.status.container_statuses
        first = mirror
    assert starts(plane) == running


def test_a_restarted_kubelet_keeps_an_existing_mirror_pod() -> None:
    plane = Plane(nodes=1, static_pods=(manifest(),))
    before = plane.run_until_pod(NAME, is_running)
    plane.sim.run(20.0)
    plane.power_off("node-0")
    plane.start_kubelet("node-0")
    plane.sim.run(5.0)
    assert plane.pod(NAME) == before


def test_the_start_time_of_a_static_pod_survives_a_power_failure() -> None:
    plane = Plane(nodes=1, static_pods=(manifest(),))
    before = plane.run_until_pod(NAME, is_running)
    plane.sim.run(20.0)
    plane.power_off("node-0")
    plane.runtimes["node-0"] = SimulatedRuntime("10.0.0.0/24")
    plane.start_kubelet("node-0")
    plane.sim.run(5.0)
    after = plane.pod(NAME)
    assert (after.metadata.uid, after.status.start_time) == (before.metadata.uid, before.status.start_time)
    assert [one.restart_count for one in after.status.container_statuses] == [1]


def test_deletion_of_a_mirror_pod_has_a_uid_precondition() -> None:
    plane = Plane(nodes=1, static_pods=(manifest(),))
    old = plane.run_until_pod(NAME, is_running)
    plane.delete_pod(NAME, 30)
    plane.sim.run(5.0)
    new = plane.run_until_pod(NAME, is_running)
    plane.sim.run(60.0)
    assert new.metadata.uid != old.metadata.uid
    assert plane.pod(NAME).metadata.uid == new.metadata.uid


def test_a_changed_manifest_is_a_new_pod() -> None:
    plane = Plane(nodes=1, static_pods=(manifest(),))
    old = plane.run_until_pod(NAME, is_running)
    _ = plane.sim.stop(plane.kubelets["node-0"])
    plane.configure("node-0", static_pods=(manifest("example/etcd:2"),))
    plane.start_kubelet("node-0")
    plane.sim.run(5.0)
    new = plane.run_until_pod(NAME, lambda one: one.spec.containers[0].image == "example/etcd:2" and is_running(one))
    assert new.metadata.uid != old.metadata.uid
    assert len(starts(plane)) == 1


def test_a_mirror_pod_without_a_static_pod_is_deleted() -> None:
    plane = Plane(nodes=1, static_pods=(manifest(),))
    plane.run_until_pod(NAME, is_running)
    _ = plane.sim.stop(plane.kubelets["node-0"])
    plane.configure("node-0", static_pods=())
    plane.start_kubelet("node-0")
    plane.sim.run(5.0)
    assert plane.find_pod(NAME) is None
    assert starts(plane) == []
