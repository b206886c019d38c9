"""Eviction of pods by a node that runs out of memory."""

from msgspec.structs import replace

from kubeactors.api.core.v1 import Pod
from kubeactors.kubelet.messages import SetLoad
from kubeactors.kubelet.runtimes import ContainerStats
from tests.kubelet.plane import Plane, a_pod, condition


def takes(name: str, memory: str, *, request: str = "") -> Pod:
    """Return a pod that uses this much of the node's 8Gi."""
    pod = a_pod(name, node_name="node-0", requests={"memory": request} if request else {})
    annotations = {"simulated.kubeactors.io/memory": memory}
    return replace(pod, metadata=replace(pod.metadata, annotations=annotations))


def phase(plane: Plane, name: str) -> str:
    return plane.pod(name).status.phase


def pressure(plane: Plane) -> tuple[str, str]:
    found = plane.node("node-0").status.conditions[0]
    return found.status, found.reason


def test_a_pod_that_exceeds_its_request_is_evicted_with_a_message() -> None:
    plane = Plane(nodes=1)
    plane.create(takes("modest", "3Gi", request="4Gi"))
    plane.create(takes("greedy", "1Gi 60:5100Mi", request="1Gi"))
    plane.sim.run(50.0)
    assert (phase(plane, "modest"), phase(plane, "greedy")) == ("Running", "Running")
    assert pressure(plane) == ("False", "KubeletHasSufficientMemory")
    plane.sim.run(30.0)
    pod = plane.pod("greedy")
    message = (
        "The node was low on resource: memory. Threshold quantity: 100Mi, available: 20Mi. "
        "Container c was using 5100Mi, request is 1Gi, has larger consumption of memory. "
    )

    assert (pod.status.phase, pod.status.reason, pod.status.message) == ("Failed", "Evicted", message)
    assert condition(pod, "DisruptionTarget") == ("True", "TerminationByKubelet", message)
    assert ("Evicted", message) in [(one.reason, one.message) for one in plane.events("greedy")]
    assert phase(plane, "modest") == "Running"
    assert pressure(plane) == ("True", "KubeletHasInsufficientMemory")
    plane.sim.run(310.0)
    assert pressure(plane) == ("False", "KubeletHasSufficientMemory")


def test_pods_are_evicted_one_at_a_time_until_the_pressure_is_relieved() -> None:
    plane = Plane(nodes=1)
    for name in ("a", "b", "c", "d"):
        plane.create(takes(name, "1Gi 20:3Gi"))
    plane.sim.run(120.0)
    assert sorted(phase(plane, name) for name in ("a", "b", "c", "d")) == ["Failed", "Failed", "Running", "Running"]


def test_a_node_under_memory_pressure_rejects_best_effort_pods() -> None:
    plane = Plane(nodes=1)
    plane.create(takes("greedy", "8Gi"))
    plane.sim.run(30.0)
    assert phase(plane, "greedy") == "Failed"
    plane.create(a_pod("late", node_name="node-0"))
    plane.create(a_pod("asks", node_name="node-0", requests={"memory": "1Mi"}))
    plane.sim.run(5.0)
    late = plane.pod("late")
    assert (late.status.phase, late.status.reason) == ("Failed", "Evicted")
    assert late.status.message == "Pod was rejected: The node had condition: [MemoryPressure]. "
    assert phase(plane, "asks") == "Running"


def test_a_node_whose_pods_declare_no_usage_has_no_pressure() -> None:
    plane = Plane(nodes=1)
    plane.create(a_pod("p", node_name="node-0"))
    plane.sim.run(5.0)
    before = plane.node("node-0")
    plane.sim.run(100.0)
    assert plane.node("node-0") == before


def conditions(plane: Plane) -> dict[str, str]:
    return {one.type: one.status for one in plane.node("node-0").status.conditions if one.type.endswith("Pressure")}


def test_usage_of_system_processes_of_a_machine_counts_towards_its_pressure() -> None:
    plane = Plane(nodes=1, eviction_hard={"memory.available": "1Gi", "nodefs.available": "10%", "pid.available": "10%"})
    plane.create(a_pod("p", node_name="node-0"))
    plane.run_until_pod("p", lambda pod: pod.status.phase == "Running")
    loads = {
        "MemoryPressure": ContainerStats(memory_bytes=7300 << 20, processes=0),
        "DiskPressure": ContainerStats(disk_bytes=95 << 30, processes=0),
        "PIDPressure": ContainerStats(processes=32_000),
    }
    for condition_, load in loads.items():
        plane.kubelets["node-0"].tell(SetLoad(load))
        plane.sim.run(30.0)
        assert [one for one, status in conditions(plane).items() if status == "True"] == [condition_]
        plane.kubelets["node-0"].tell(SetLoad(ContainerStats(processes=0)))
        plane.sim.run(310.0)
        assert "True" not in conditions(plane).values()
    assert phase(plane, "p") == "Failed"
    told = {(one.type, one.reason, one.message) for one in plane.events("node-0")}
    assert ("Warning", "EvictionThresholdMet", "Attempting to reclaim memory") in told
    assert ("Warning", "EvictionThresholdMet", "Attempting to reclaim pids") in told
