"""In-place resize of running pods."""

import json

from msgspec.structs import replace

from kubeactors.api.core.v1 import Container, ContainerResizePolicy, Pod, ResourceRequirements
from tests.kubelet.plane import Plane, a_pod, condition

ON_MEMORY = (ContainerResizePolicy(resource_name="memory", restart_policy="RestartContainer"),)


def sized(cpu: str, memory: str = "64Mi") -> ResourceRequirements:
    sizes = {"cpu": cpu, "memory": memory}
    return ResourceRequirements(requests=sizes, limits=sizes)


def running(plane: Plane, name: str, cpu: str, policy: tuple[ContainerResizePolicy, ...] = ()) -> Pod:
    container = Container(name="c", image="nginx", resources=sized(cpu), resize_policy=policy)
    plane.create(a_pod(name, container, node_name="node-0"))
    return plane.run_until_pod(name, lambda pod: condition(pod, "Ready") == ("True", "", ""))


def resize(plane: Plane, name: str, resources: ResourceRequirements) -> None:
    pod = plane.pod(name)
    (container,) = pod.spec.containers
    spec = replace(pod.spec, containers=(replace(container, resources=resources),))
    plane.do(lambda: plane.client.update(replace(pod, spec=spec), subresource="resize"))
    plane.sim.run(3.0)


def has(plane: Plane, name: str) -> dict[str, str]:
    """Return the resources of the container, as the kubelet reports them."""
    (status,) = plane.pod(name).status.container_statuses
    assert status.resources is not None
    assert status.resources.requests == status.allocated_resources
    return status.resources.limits


def told(plane: Plane, name: str) -> list[tuple[str, str]]:
    return [(one.reason, one.message) for one in plane.events(name) if one.reason.startswith("Resize")]


def test_a_running_container_is_resized_in_place() -> None:
    plane = Plane(nodes=1)
    before = running(plane, "p", "100m")
    resize(plane, "p", sized("200m", "128Mi"))
    assert has(plane, "p") == {"cpu": "200m", "memory": "128Mi"}
    after = plane.pod("p")
    assert after.status.container_statuses[0].container_id == before.status.container_statuses[0].container_id
    assert (after.status.container_statuses[0].restart_count, condition(after, "PodResizePending")) == (0, None)
    (first, started), (second, completed) = told(plane, "p")
    assert (first, second) == ("ResizeStarted", "ResizeCompleted")
    prefix, _, summary = started.partition(": ")
    assert prefix == "Pod resize started"
    assert json.loads(summary)["containers"] == [
        {"name": "c", "resources": {part: {"cpu": "200m", "memory": "128Mi"} for part in ("limits", "requests")}}
    ]
    assert completed.startswith("Pod resize completed: ")


def test_a_container_with_resize_policy_restart_container_is_restarted() -> None:
    plane = Plane(nodes=1)
    running(plane, "p", "100m", ON_MEMORY)
    resize(plane, "p", sized("200m"))
    assert plane.pod("p").status.container_statuses[0].restart_count == 0
    resize(plane, "p", sized("200m", "128Mi"))
    plane.run_until_pod("p", lambda pod: condition(pod, "Ready") == ("True", "", ""))
    assert plane.pod("p").status.container_statuses[0].restart_count == 1
    assert has(plane, "p") == {"cpu": "200m", "memory": "128Mi"}


def test_a_resize_that_exceeds_the_capacity_of_the_node_is_infeasible() -> None:
    plane = Plane(nodes=1)
    running(plane, "p", "100m")
    resize(plane, "p", sized("1000"))
    found = condition(plane.pod("p"), "PodResizePending")
    assert found is not None
    assert found[:2] == ("True", "Infeasible")
    assert found[2].startswith("Node didn't have enough capacity: cpu, requested: 1000000, capacity: ")
    assert has(plane, "p")["cpu"] == "100m"
    assert [reason for reason, _ in told(plane, "p")] == ["ResizeInfeasible"]
    resize(plane, "p", sized("100m"))
    assert condition(plane.pod("p"), "PodResizePending") is None


def test_a_resize_is_deferred_for_resources_in_use_also_across_a_restart() -> None:
    plane = Plane(nodes=1)
    cpu = int(plane.node("node-0").status.allocatable["cpu"])
    running(plane, "other", f"{cpu - 1}")
    running(plane, "p", "500m")
    resize(plane, "p", sized("2"))
    found = condition(plane.pod("p"), "PodResizePending")
    assert found is not None
    why = f"Node didn't have enough resource: cpu, requested: 2000, used: {(cpu - 1) * 1000}, capacity: {cpu * 1000}"
    assert found == ("True", "Deferred", why)
    plane.power_off("node-0")
    plane.sim.run(1.0)
    plane.start_kubelet("node-0")
    plane.sim.run(5.0)
    assert (condition(plane.pod("p"), "PodResizePending"), has(plane, "p")["cpu"]) == (found, "500m")
    plane.delete_pod("other", grace_seconds=0)
    plane.sim.run(5.0)
    assert (condition(plane.pod("p"), "PodResizePending"), has(plane, "p")["cpu"]) == (None, "2")
