"""Eviction by a node that runs out of disk or process IDs, and of pods that exceed their storage limits."""

import pytest
from msgspec.structs import replace

from kubeactors.api.core.v1 import Container, Pod, PodSpec, ResourceRequirements
from kubeactors.api.core.v1.container import VolumeMount
from kubeactors.api.core.v1.volume import EmptyDirVolumeSource, Volume
from tests.kubelet.plane import Plane, a_pod

FILL = "i=0; while [ $i -lt 9 ]; do printf '%1024s' x >> FILE; i=$((i+1)); sleep 1; done; sleep 1000"


def takes(name: str, **declared: str) -> Pod:
    pod = a_pod(name, node_name="node-0", requests={"ephemeral-storage": "1Gi"})
    annotations = {f"simulated.kubeactors.io/{key}": text for key, text in declared.items()}
    return replace(pod, metadata=replace(pod.metadata, annotations=annotations))


def conditions(plane: Plane) -> dict[str, tuple[str, str]]:
    return {one.type: (one.status, one.reason) for one in plane.node("node-0").status.conditions}


def evicted(plane: Plane, name: str) -> str:
    status = plane.pod(name).status
    assert (status.phase, status.reason) == ("Failed", "Evicted")
    return status.message


def test_a_pod_that_fills_the_disk_is_evicted_and_disk_pressure_rejects_others() -> None:
    plane = Plane(nodes=1)  # of 100Gi; a tenth has to stay available
    plane.create(takes("modest", disk="512Mi"))
    plane.create(takes("greedy", disk="2Gi 30:91Gi"))
    plane.sim.run(45.0)
    assert evicted(plane, "greedy") == (
        "The node was low on resource: ephemeral-storage. Threshold quantity: 10Gi, available: 8704Mi. "
        "Container c was using 91Gi, request is 1Gi, has larger consumption of ephemeral-storage. "
    )
    assert plane.pod("modest").status.phase == "Running"
    assert conditions(plane)["DiskPressure"] == ("True", "KubeletHasDiskPressure")
    assert "NodeHasDiskPressure" in [one.reason for one in plane.events("node-0")]

    plane.create(takes("late"))
    plane.sim.run(5.0)
    assert evicted(plane, "late") == "Pod was rejected: The node had condition: [DiskPressure]. "
    plane.sim.run(310.0)
    assert conditions(plane)["DiskPressure"] == ("False", "KubeletHasNoDiskPressure")


def test_too_many_processes_evict_a_pod_only_where_that_is_configured() -> None:
    plane = Plane(nodes=1, eviction_hard={"pid.available": "5%"})
    plane.boot("node-1")
    for node in ("node-0", "node-1"):
        pod = takes(node.replace("node", "pod"), processes="1 20:32000")
        plane.create(replace(pod, spec=replace(pod.spec, node_name=node)))
    plane.sim.run(60.0)
    assert evicted(plane, "pod-0") == ("The node was low on resource: pids. Threshold quantity: 1638, available: 768. ")
    assert conditions(plane)["PIDPressure"] == ("True", "KubeletHasInsufficientPID")
    assert plane.pod("pod-1").status.phase == "Running"


@pytest.mark.parametrize(
    ("file", "size_limit", "limit", "message"),
    [
        ("/cache/f", "4Ki", "", 'Usage of EmptyDir volume "cache" exceeds the limit "4Ki". '),
        ("/cache/f", None, "4Ki", "Pod ephemeral local storage usage exceeds the total limit of containers 4Ki. "),
        ("/tmp/f", "4Ki", "4Ki", "Pod ephemeral local storage usage exceeds the total limit of containers 4Ki. "),
    ],
)
def test_a_pod_that_exceeds_its_ephemeral_storage_limit_is_evicted(
    file: str, size_limit: str | None, limit: str, message: str
) -> None:
    plane = Plane(nodes=1)
    container = Container(
        name="c",
        image="busybox",
        command=("sh", "-c", FILL.replace("FILE", file)),
        volume_mounts=(VolumeMount(name="cache", mount_path="/cache"),),
        resources=ResourceRequirements(limits={"ephemeral-storage": limit} if limit else {}),
    )
    volume = Volume(name="cache", empty_dir=EmptyDirVolumeSource(size_limit=size_limit))
    plane.create(a_pod("p", container, node_name="node-0", spec=PodSpec(volumes=(volume,))))
    plane.sim.run(25.0)
    assert evicted(plane, "p") == message
    assert conditions(plane)["DiskPressure"] == ("False", "KubeletHasNoDiskPressure")
