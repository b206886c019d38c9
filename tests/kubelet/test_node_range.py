"""A kubelet that waits for the pod CIDR of its node."""

from functools import partial

from kubeactors.api.core.v1 import Node
from kubeactors.client import EventSink
from kubeactors.kubelet import Kubelet, KubeletConfig
from kubeactors.kubelet.runtimes import SimulatedRuntime
from tests.kubelet.plane import Plane, a_pod


def ready(plane: Plane) -> tuple[str, str]:
    return next((one.status, one.reason) for one in plane.node("node-9").status.conditions if one.type == "Ready")


def test_a_node_without_a_pod_cidr_is_not_ready_and_starts_no_pods() -> None:
    plane = Plane()
    events = plane.sim.spawn(partial(EventSink, plane.client), name="sink")
    config = KubeletConfig(node_name="node-9", node_ip="172.16.0.9", pod_cidr="")
    runtime = SimulatedRuntime("")
    plane.sim.spawn(
        partial(Kubelet, client=plane.client, runtime=runtime, config=config, events=events), name="kubelet"
    )
    plane.create(a_pod("p", node_name="node-9"))
    plane.sim.run(20.0)
    assert (ready(plane), plane.pod("p").status.phase) == (("False", "KubeletNotReady"), "Pending")
    spec = {"podCIDR": "10.9.8.0/24", "podCIDRs": ["10.9.8.0/24"]}
    plane.do(lambda: plane.client.patch(Node, "node-9", {"spec": spec}))
    plane.sim.run(5.0)
    assert (ready(plane), plane.pod("p").status.pod_ip) == (("True", "KubeletReady"), "10.9.8.2")
