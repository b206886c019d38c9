"""Machines whose nodes get their pod ranges from the node IPAM controller."""

from ipaddress import ip_address, ip_network

from kubeactors import Cluster
from kubeactors.api.core.v1 import Node, Pod
from kubeactors.cluster.spec import QUICK, ClusterSpec, NodePool

PODS = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 4
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: example/web}]}
"""


async def test_nodes_wait_for_their_ranges_and_keep_them_over_a_loss_of_power() -> None:
    spec = ClusterSpec(
        nodes=NodePool(count=2, start_latency_seconds=0.0),
        timing=QUICK,
        cluster_cidr="10.244.0.0/16",
        allocate_node_cidrs=True,
    )
    async with Cluster(spec=spec) as cluster:
        await cluster.apply(PODS)
        await cluster.wait_for("deployment/web", "Available", timeout=30)
        nodes = {one.metadata.name: one for one in (await cluster.client.list(Node)).items}
        ranges = {name: one.spec.pod_cidr for name, one in nodes.items()}
        assert sorted(ranges.values()) == ["10.244.0.0/24", "10.244.1.0/24"]
        for pod in (await cluster.client.list(Pod, "default")).items:
            assert ip_address(pod.status.pod_ip) in ip_network(ranges[pod.spec.node_name])
        cluster.power_off(["node-1"])
        cluster.power_on(["node-1"])
        await cluster.wait_for("node/node-1", "Ready", timeout=30)
        assert (await cluster.client.get(Node, "node-1")).spec.pod_cidr == ranges["node-1"]
