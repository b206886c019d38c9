"""Devices in a whole cluster, with RBAC for every component."""

from kubeactors.api.core.v1 import Pod
from kubeactors.api.resource.v1 import ResourceClaim
from kubeactors.cluster import Cluster, NodePool
from tests.cluster.test_extenders import is_placed, until

GPUS = """
apiVersion: resource.k8s.io/v1
kind: DeviceClass
metadata: {name: gpu}
spec: {selectors: [{cel: {expression: 'device.driver == "gpu.example.com"'}}]}
---
apiVersion: resource.k8s.io/v1
kind: ResourceSlice
metadata: {name: node-2-gpus}
spec:
  driver: gpu.example.com
  nodeName: node-2
  pool: {name: node-2, generation: 1, resourceSliceCount: 1}
  devices: [{name: gpu-0, attributes: {model: {string: a100}}}]
---
apiVersion: resource.k8s.io/v1
kind: ResourceClaimTemplate
metadata: {name: one-gpu}
spec: {spec: {devices: {requests: [{name: gpu, exactly: {deviceClassName: gpu}}]}}}
---
apiVersion: v1
kind: Pod
metadata: {name: trainer}
spec:
  resourceClaims: [{name: gpu, resourceClaimTemplateName: one-gpu}]
  containers: [{name: c, image: example/trainer, resources: {claims: [{name: gpu}]}}]
"""


async def test_a_pod_runs_on_the_node_of_its_device_and_releases_it() -> None:
    async with Cluster(nodes=NodePool(count=2, start_latency_seconds=0.0)) as cluster:
        await cluster.apply(GPUS)
        assert (await until(cluster, "trainer", is_placed)).spec.node_name == "node-2"
        await cluster.wait_for("pod/trainer", "Ready")
        (claim,) = (await cluster.client.list(ResourceClaim, "default")).items
        assert [one.name for one in claim.status.reserved_for] == ["trainer"]
        async with cluster.watching(ResourceClaim, "default") as inbox:
            await cluster.client.delete(Pod, "trainer", "default")
            while (event := await inbox.next()) is not None and event.type != "DELETED":
                pass
